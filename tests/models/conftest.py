"""A real SQLite file for each test, and a clock that is set."""

import pytest

from tests.support.clock import Clock
from tests.support.database import storage, template, url

__all__ = ["storage", "template", "url"]


@pytest.fixture
def clock() -> Clock:
    return Clock()
