"""A real database for each test, and a thread in it."""

from tests.runtime.conftest import config
from tests.support.database import clock, pytest_generate_tests, storage, template, url

__all__ = ["clock", "config", "pytest_generate_tests", "storage", "template", "url"]
