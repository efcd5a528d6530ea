"""A PostgreSQL of the tests' own: started when the first test asks for it, one for each process of pytest."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.left_out import missing
from tests.support.postgres_server import PASSWORD, USER, Server, programs

__all__ = ["PASSWORD", "USER", "Server", "programs"]

NewServer = Callable[..., Server]
NewDatabase = Callable[..., str]


@pytest.fixture(scope="session")
def new_postgres() -> Iterator[NewServer]:
    """Starts servers (see `Server`), and ends them after the last test. Most tests want `postgres_url`."""
    made: list[Server] = []

    def make(**options: Any) -> Server:
        made.append(Server(programs() or missing("postgres"), **options))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture(scope="session")
def postgres(new_postgres: NewServer) -> Server:
    """The server that all tests of this process share: nobody stops or freezes it."""
    return new_postgres()


@pytest.fixture
def new_postgres_url(postgres: Server) -> Iterator[NewDatabase]:
    """Makes databases, empty ones unless it is told of a template, that are there until the test has ended."""
    made: list[str] = []

    def make(template: str = "template0") -> str:
        made.append(postgres.create(template))
        return postgres.url(made[-1])

    yield make
    for name in made:
        postgres.drop(name)


@pytest.fixture
def postgres_url(new_postgres_url: NewDatabase) -> str:
    """Of an empty database, new for each test."""
    return new_postgres_url()


def mark(items: list[pytest.Item]) -> None:
    """Those that get to PostgreSQL through its fixtures are known by the marker; others carry it themselves."""
    for item in items:
        if {"postgres", "new_postgres"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.postgres)
