"""A real SQLite file for each test, and a thread in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graphs.runtime.types import Config
from storage import Storage, open_storage


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'runtime.db'}"


@pytest.fixture
async def storage(url: str) -> AsyncIterator[Storage]:
    async with open_storage(url) as storage:
        yield storage


@pytest.fixture
def config() -> Config:
    return {"configurable": {"thread_id": "t1"}}
