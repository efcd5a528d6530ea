"""A real SQLite file for each test: `open_storage` sets up a template once, and each test gets a copy of it."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage import Storage, open_storage
from storage.engine import Clock, utc_now


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "empty.db"
    async with open_storage(f"sqlite:///{path}"):
        pass
    return path


@pytest.fixture
def url(tmp_path: Path, template: Path) -> str:
    """Of an empty database, new for each test."""
    path = tmp_path / "test.db"
    shutil.copy(template, path)  # with its mode
    return f"sqlite:///{path}"


@pytest.fixture
def clock() -> Clock:
    """The wall's. A room whose tests set the time has a fixture of this name of its own."""
    return utc_now


@pytest.fixture
async def storage(url: str, clock: Clock) -> AsyncIterator[Storage]:
    async with open_storage(url, clock=clock) as storage:
        yield storage
