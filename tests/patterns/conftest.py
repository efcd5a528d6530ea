"""A real SQLite file for each test, and a thread in it."""

from tests.runtime.conftest import config, storage, url

__all__ = ["config", "storage", "url"]
