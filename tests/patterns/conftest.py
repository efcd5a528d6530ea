"""A real SQLite file for each test, and a thread in it."""

from tests.runtime.conftest import config
from tests.support.database import clock, storage, template, url

__all__ = ["clock", "config", "storage", "template", "url"]
