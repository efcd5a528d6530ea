"""Looking at a database without taking part in it: no owner is registered, no thread taken, nothing migrated or stored.

For whoever checks an installation, also beside a bot at work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from storage.jobs import Connection
from storage.sqlite import looking as on_sqlite
from storage.urls import is_postgres, path_of

T = TypeVar("T")


def read(url: str, job: Callable[[Connection], T]) -> T:
    """What a job finds in the database at the URL, also beside a bot at work. Raises `NotOurDatabase`, also for one of
    an older version, which only a bot's start brings up to this one; `sqlite3.Error` or `OSError` for a file that is
    not there, or cannot be read; and `StorageUnavailable` where a server does not answer.
    """
    if is_postgres(url):
        from storage.postgres import looking as on_postgres

        return on_postgres.read(url, job)
    return on_sqlite.read(url, job)


def is_there(url: str) -> bool:
    """Whether there is a database of this version at the URL, other than one in memory. Raises as `read`."""
    if is_postgres(url):
        return read(url, lambda db: True)
    path = path_of(url)
    return path is not None and path.is_file()
