"""A real SQLite file for each test, a clock that is set, and a till to be paid from."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import Storage, open_storage
from tests.agent.conversing import Clock
from tests.approvals.till import Till


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'approvals.db'}"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def storage(url: str, clock: Clock) -> AsyncIterator[Storage]:
    async with open_storage(url, clock=clock) as storage:
        yield storage


@pytest.fixture
def till() -> Till:
    return Till()
