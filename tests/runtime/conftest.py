"""A real SQLite file for each test, and a thread in it."""

import pytest

from graphs.runtime.types import Config
from tests.support.database import clock, storage, template, url

__all__ = ["clock", "storage", "template", "url"]


@pytest.fixture
def config() -> Config:
    return {"configurable": {"thread_id": "t1"}}
