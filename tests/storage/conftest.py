"""A storage on a file, in memory and on PostgreSQL: what holds for one holds for the others."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import Storage, open_storage
from tests.support.database import postgres_template
from tests.support.engines import POSTGRES
from tests.support.postgres import NewDatabase

__all__ = ["postgres_template"]


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'storage.db'}"


@pytest.fixture
def server_url(new_postgres_url: NewDatabase, postgres_template: str) -> str:
    return new_postgres_url(postgres_template)


@pytest.fixture(params=["file", POSTGRES])
def shared_url(request: pytest.FixtureRequest) -> str:
    """Of a database that several processes can use."""
    return request.getfixturevalue("file_url" if request.param == "file" else "server_url")


@pytest.fixture(params=["file", POSTGRES])
def new_url(request: pytest.FixtureRequest) -> str:
    """Of a database in which nothing was set up yet."""
    return request.getfixturevalue("file_url" if request.param == "file" else "postgres_url")


@pytest.fixture
async def file_storage(file_url: str) -> AsyncIterator[Storage]:
    """For how SQLite does it: the plans of its queries."""
    async with open_storage(file_url) as storage:
        yield storage


@pytest.fixture(params=["file", "memory", POSTGRES])
def any_url(request: pytest.FixtureRequest) -> str:
    fixtures = {"file": "file_url", "postgres": "server_url"}
    return "sqlite://" if request.param == "memory" else request.getfixturevalue(fixtures[request.param])


@pytest.fixture
async def storage(any_url: str) -> AsyncIterator[Storage]:
    async with open_storage(any_url) as storage:
        yield storage
