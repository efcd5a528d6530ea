"""A real database for each test: `open_storage` sets up a template once, and each test gets a copy of it. See `engines`
for which database.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage import Storage, open_storage
from storage.engine import Clock, utc_now
from tests.support.postgres import NewDatabase, Server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "empty.db"
    async with open_storage(f"sqlite:///{path}"):
        pass
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: Server) -> str:
    """The name of a database that is set up and empty."""
    name = postgres.create()

    async def set_up() -> None:
        async with open_storage(postgres.url(name)):
            pass

    asyncio.run(set_up())
    return name


@pytest.fixture
def url(database: str, request: pytest.FixtureRequest) -> str:
    """Of an empty database, new for each test."""
    if database == "postgres":
        new: NewDatabase = request.getfixturevalue("new_postgres_url")
        return new(request.getfixturevalue("postgres_template"))
    path: Path = request.getfixturevalue("tmp_path") / "test.db"
    shutil.copy(request.getfixturevalue("template"), path)  # with its mode
    return f"sqlite:///{path}"


@pytest.fixture
def clock() -> Clock:
    """The wall's. A room whose tests set the time has a fixture of this name of its own."""
    return utc_now


@pytest.fixture
async def storage(url: str, clock: Clock) -> AsyncIterator[Storage]:
    async with open_storage(url, clock=clock) as storage:
        yield storage
