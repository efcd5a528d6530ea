"""A real database for each test, a clock that is set, and a till to be paid from."""

import pytest

from tests.agent.conftest import clock
from tests.approvals.till import Till
from tests.support.database import pytest_generate_tests, storage, template, url

__all__ = ["clock", "pytest_generate_tests", "storage", "template", "url"]


@pytest.fixture
def till() -> Till:
    return Till()
