"""A real database for each test, a clock that is set, and a till to be paid from."""

import pytest

from tests.agent.conftest import clock
from tests.approvals.till import Till
from tests.support.database import postgres_template, storage, template, url
from tests.support.engines import pytest_generate_tests

__all__ = ["clock", "postgres_template", "pytest_generate_tests", "storage", "template", "url"]


@pytest.fixture
def till() -> Till:
    return Till()
