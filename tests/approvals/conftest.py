"""A real SQLite file for each test, a clock that is set, and a till to be paid from."""

import pytest

from tests.agent.conftest import clock
from tests.approvals.till import Till
from tests.support.database import storage, template, url

__all__ = ["clock", "storage", "template", "url"]


@pytest.fixture
def till() -> Till:
    return Till()
