"""A real database for each test, and a thread in it."""

import pytest

from graphs.runtime.types import Config
from tests.support.database import clock, pytest_generate_tests, storage, template, url

__all__ = ["clock", "pytest_generate_tests", "storage", "template", "url"]


@pytest.fixture
def config() -> Config:
    return {"configurable": {"thread_id": "t1"}}
