"""A real database for each test, and a thread in it."""

import pytest

from graphs.runtime.types import Config
from tests.support.database import clock, postgres_template, storage, template, url
from tests.support.engines import pytest_generate_tests

__all__ = ["clock", "postgres_template", "pytest_generate_tests", "storage", "template", "url"]


@pytest.fixture
def config() -> Config:
    return {"configurable": {"thread_id": "t1"}}
