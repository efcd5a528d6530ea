"""Looking at a database without taking part in it: no owner is registered, no thread taken, nothing migrated or stored.

For whoever checks an installation, also beside a bot at work.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from storage.errors import NotOurDatabase
from storage.migrations import MIGRATIONS
from storage.sqlite.connections import ATTEMPT, Connection, open_file
from storage.sqlite.files import open_to_others
from storage.sqlite.opening import version_of
from storage.urls import path_of

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds that a command waits for a file which is locked."""


@dataclass(frozen=True)
class Look:
    """What was found. `version` is None for a file that is not there yet; `newest` is what this program writes.
    `exposed` are the files that others may open, with their modes; `free` are bytes.
    """

    path: Path
    version: int | None
    exposed: list[tuple[Path, int]]
    free: int
    newest: int = len(MIGRATIONS)


def look(url: str) -> Look | None:
    """What is at the URL; None for a database in memory. That it can be written is tried, and taken back.

    Raises `NotOurDatabase`, and `sqlite3.Error` or `OSError` for one that cannot be read, written or made.
    """
    path = path_of(url)
    if path is None:
        return None
    path = path.absolute()
    version = _version(path) if path.exists() else _could_be_made(path)
    return Look(path, version, open_to_others(path), shutil.disk_usage(path.parent).free)


def read(url: str, job: Callable[[Connection], T]) -> T:
    """What a job finds in the file at the URL, also beside a bot at work. Raises `NotOurDatabase`, also for a file of
    an older version, which only a bot's start brings up to this one; and `sqlite3.Error` or `OSError` for a file that
    is not there, or cannot be read.
    """
    path = path_of(url)
    if path is None or not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no such file", url)
    with closing(open_file(path, ("pragma query_only = on",), new=False, timeout=PATIENCE)) as db:
        version = version_of(db, path)
        if version < len(MIGRATIONS):
            raise NotOurDatabase(
                f"{str(path)!r} has version {version}, and this Signoff reads {len(MIGRATIONS)}: start the bot once."
            )
        db.execute("begin")  # one look, whatever is stored meanwhile
        return job(db)


def _version(path: Path) -> int:
    with closing(open_file(path, (), new=False, timeout=ATTEMPT)) as db:
        version = version_of(db, path)
        _try_to_write(db)
    return version


def _try_to_write(db: Connection) -> None:
    # "begin immediate" is not enough: of a file that may only be read SQLite makes that a mere "begin".
    db.execute("begin immediate")
    try:
        version = db.execute("pragma user_version").fetchone()[0]
        db.execute(f"pragma user_version = {version}")
    finally:
        if db.in_transaction:  # some errors have ended it
            db.execute("rollback")


def _could_be_made(path: Path) -> None:
    """Raises `OSError` where the folder takes no file."""
    folder = path.parent
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(folder))
    try:
        with tempfile.TemporaryFile(dir=folder):  # without a name, where the file system has such
            pass
    except OSError as error:
        said = f"no file can be made in this folder ({error.strerror})"
        raise OSError(error.errno, said, str(folder)) from error
