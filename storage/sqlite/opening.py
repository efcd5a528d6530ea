"""Opening a database file: whether it is ours, and what is set up in it first."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from storage.errors import NotOurDatabase
from storage.migrations import APPLICATION_ID, MIGRATIONS, migrate
from storage.sqlite import files
from storage.sqlite.connections import BUSY_TIMEOUT, LOOK, Connection
from storage.sqlite.guard import guard


def prepare(db: Connection, path: Path | None) -> None:
    """Check that the file is ours, set it up, and bring it to this version; with any number of others at once.

    Raises `NotOurDatabase`.
    """
    version = version_of(db, path)
    if path is not None:
        _use_wal(db)
    db.execute("pragma synchronous = full")  # a commit that was told is on the disk
    if version < len(MIGRATIONS):
        db.execute("begin immediate")
        migrate(db)  # looks at the version again: another process may have been first
        db.execute("commit")
    guard(db)
    db.execute(f"pragma busy_timeout = {round(1000 * LOOK)}")
    if path is not None:
        files.make_private(path)


def version_of(db: Connection, path: Path | None) -> int:
    """The file's version, 0 for an empty one. Raises `NotOurDatabase`."""
    try:
        db.execute("begin")  # one look: another process may be setting the file up right now
        mark, version, tables = (
            db.execute(sql).fetchone()[0]
            for sql in ("pragma application_id", "pragma user_version", "select count(*) from sqlite_master")
        )
        db.execute("rollback")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname != "SQLITE_NOTADB":
            raise
        raise NotOurDatabase(
            f"{str(path)!r} is no SQLite database ({error}). Point DATABASE_URL at another file."
        ) from None
    if mark != APPLICATION_ID and (tables or mark):
        raise NotOurDatabase(f"{str(path)!r} belongs to another program. Point DATABASE_URL at another file.")
    if version > len(MIGRATIONS):
        raise NotOurDatabase(
            f"{str(path)!r} was written by a newer Signoff (version {version}, this one knows {len(MIGRATIONS)}). "
            "Install the newer one."
        )
    return version


def _use_wal(db: Connection) -> None:
    """Readers and the writer do not wait for each other. Where another process switches at the same moment, SQLite says
    "locked" at once instead of waiting, so this waits.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            db.execute("pragma journal_mode = wal")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname not in ("SQLITE_BUSY", "SQLITE_LOCKED") or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
