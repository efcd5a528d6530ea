"""A real database for each test, and a thread in it."""

from tests.runtime.conftest import config
from tests.support.database import clock, postgres_template, storage, template, url
from tests.support.engines import pytest_generate_tests

__all__ = ["clock", "config", "postgres_template", "pytest_generate_tests", "storage", "template", "url"]
