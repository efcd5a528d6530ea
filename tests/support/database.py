"""A real database for each test: `open_storage` sets up a template once, and each test gets a copy of it.

It is SQLite's file, the reference. A test that carries the id of a row of docs/behaviour.md (`test_D3_…`) runs a
second time on PostgreSQL where its room's conftest has `pytest_generate_tests` from here; unless its mark `sqlite` says
that it is about the file itself. Of its parameters the first stand for all there, except with `--trials`: it costs
several times as much. All others run on the file alone.
"""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage import Storage, open_storage
from storage.engine import Clock, utc_now
from tests.support.postgres import NewDatabase, Server

ROW = re.compile(r"test_[A-Z]\d+_")
"""What the name of a test begins with that holds a row of docs/behaviour.md."""

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    about_the_file = any(metafunc.definition.iter_markers("sqlite"))
    if "database" in metafunc.fixturenames and ROW.match(metafunc.function.__name__) and not about_the_file:
        metafunc.parametrize("database", ["sqlite", POSTGRES], indirect=True)


def thin_out(items: list[pytest.Item]) -> None:
    """What runs on PostgreSQL a second time and more, with other parameters, belongs to the trials."""
    seen: set[str] = set()
    for item in items:
        if getattr(getattr(item, "callspec", None), "params", {}).get("database") == "postgres":
            name = item.nodeid.partition("[")[0]
            if name in seen:
                item.add_marker(pytest.mark.trial)
            seen.add(name)


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
def database(request: pytest.FixtureRequest) -> str:
    """Which of the two: "sqlite" or "postgres"."""
    return getattr(request, "param", "sqlite")


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
