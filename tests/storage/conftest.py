"""A storage on a file and in memory: what holds for one holds for the other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage import Storage, open_storage


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'storage.db'}"


@pytest.fixture(params=["file", "memory"])
async def storage(request: pytest.FixtureRequest, file_url: str) -> AsyncIterator[Storage]:
    async with open_storage(file_url if request.param == "file" else "sqlite://") as storage:
        yield storage
