"""Looking at a database without taking part in it: no owner is registered, no thread taken, nothing migrated or stored.

For whoever checks an installation, also beside a bot at work.
"""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from storage.connections import ATTEMPT, Connection, open_file
from storage.files import open_to_others
from storage.migrations import MIGRATIONS
from storage.opening import path_of, version_of


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
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "no file can be made in this folder", str(folder))
