"""A SQLite file that is copied from or to."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from storage import copying
from storage.errors import CopyFailed, CopyRefused, NotOurDatabase
from storage.migrations import MIGRATIONS, migrate
from storage.sqlite import files
from storage.sqlite.connections import BUSY_TIMEOUT, Connection, open_file
from storage.sqlite.opening import version_of
from storage.sqlite.schema import Table

AT_ONCE = 200
"""Rows in memory: some have megabytes."""

LOOKED_UP_EVERY = 100_000
"""Of SQLite's steps in one statement, after which Python may look for signals: Ctrl-C does not wait for its end."""


class SqliteEnd:
    """See `storage.copying.End`."""

    def __init__(self, db: Connection, path: Path, version: int) -> None:
        self.db = db
        self.version = version
        self.shown = repr(str(path))

    def rows(self, table: Table) -> Iterator[Sequence[Any]]:
        with told(self.shown):
            cursor = self.db.execute(table.select)
        while True:
            with told(self.shown):
                page = cursor.fetchmany(AT_ONCE)
            if not page:
                return
            yield from page

    def put(self, table: Table, rows: Iterable[Sequence[Any]]) -> None:
        with told(self.shown):
            places = ", ".join("?" * len(table.columns))
            self.db.executemany(f"insert into {table.name} ({table.listed}) values ({places})", rows)

    def last_number(self, table: Table) -> int:
        row = self.db.execute("select seq from sqlite_sequence where name = ?", (table.name,)).fetchone()
        return 0 if row is None else row[0]

    def number_after(self, table: Table, last: int) -> None:
        self.db.execute("delete from sqlite_sequence where name = ?", (table.name,))
        self.db.execute("insert into sqlite_sequence (name, seq) values (?, ?)", (table.name, last))


@contextmanager
def told(shown: str) -> Generator[None]:
    """What SQLite does not do, as `CopyFailed` that says of which file."""
    try:
        yield
    except sqlite3.Error as error:
        raise CopyFailed(f"{shown} cannot be used: {error}.") from error
    except OSError as error:
        raise CopyFailed(f"{shown} cannot be used: {error.strerror}.") from error


def there(path: Path | None) -> Path:
    """The file to copy from. Raises `CopyRefused` where there is none."""
    if path is None:
        raise CopyRefused("a database in memory is gone with its process: there is nothing to copy.")
    if not path.is_file():
        raise CopyRefused(f"there is no file {str(path)!r}.")
    return path.absolute()


@contextmanager
def source(path: Path, *, alone: bool) -> Generator[SqliteEnd]:
    """The file as it is at one moment; `alone`, as long as this is entered nobody else writes to it, or works with it.

    Raises `NotOurDatabase`, `CopyRefused` and `CopyFailed`.
    """
    with opened(path) as db:
        end = SqliteEnd(db, path, version_of(db, path))
        if not end.version:
            raise NotOurDatabase(f"{end.shown} is empty: no bot has stored anything there.")
        if alone:
            copying.refuse_if_at_work(end)  # who is at work may keep the lock
        db.execute("begin immediate" if alone else "begin")
        (end.version,) = db.execute("pragma user_version").fetchone()
        if alone:
            copying.refuse_if_at_work(end)
        yield end


def vacuum_into(path: Path, copy: Path) -> None:
    """Make an empty file a copy of this one as it is at one moment. Nobody waits meanwhile, and what was deleted from
    it is not in the copy. Raises `NotOurDatabase` and `CopyFailed`.
    """
    with opened(path) as db, told(f"{str(path)!r}, or {str(copy)!r},"):
        if not version_of(db, path):
            raise NotOurDatabase(f"{str(path)!r} is empty: no bot has stored anything there.")
        db.set_progress_handler(lambda: 0, LOOKED_UP_EVERY)
        try:
            db.execute("vacuum into ?", (str(copy),))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:  # what was raised by a signal in the handler
                raise KeyboardInterrupt from None
            raise


@contextmanager
def target(path: Path) -> Generator[SqliteEnd]:
    """The file, of this version and empty, which is made if it is not there; nobody else uses it as long as this is
    entered. What is put there stays when it is left, unless by an error.

    Raises `NotOurDatabase`, `CopyRefused` and `CopyFailed`.
    """
    if not path.parent.is_dir():
        raise CopyRefused(f"there is no folder {str(path.parent)!r}.")
    with told(repr(str(path))):
        is_new = _make(path)
    with opened(path, "pragma synchronous = full") as db:
        try:
            with filling(db, path) as end:
                yield end
        except BaseException:
            if is_new:
                with suppress(sqlite3.Error, OSError):
                    _remove_if_empty(db, path)
            raise


@contextmanager
def filling(db: Connection, path: Path, version: int = len(MIGRATIONS)) -> Generator[SqliteEnd]:
    """A transaction that has the file for itself, sets it up in this version, and ends with the block."""
    end = SqliteEnd(db, path, version_of(db, path))
    if end.version:
        copying.refuse_if_at_work(end)
    try:
        db.execute("begin exclusive")
        migrate(db, version)
        end.version = version
        copying.refuse_if_at_work(end)
        copying.refuse_if_filled(end)
        yield end
        db.execute("commit")
    except BaseException:
        if db.in_transaction:  # some errors have ended it
            with suppress(sqlite3.Error):
                db.execute("rollback")
        raise


@contextmanager
def without_triggers(db: Connection, path: Path, version: int) -> Generator[SqliteEnd]:
    """`filling`, where the file's triggers are put back in the end: what they refuse may be there already,
    and is copied as it is.
    """
    with filling(db, path, version) as target:
        made = db.execute("select name, sql from sqlite_master where type = 'trigger' order by rowid").fetchall()
        for name, _ in made:
            db.execute(f"drop trigger {name}")
        yield target
        for _, sql in made:
            db.execute(sql)


def look(path: Path) -> None:
    """Whether it is on the disk, and whole. Raises `CopyFailed`."""
    with opened(path) as db:
        flush(path)
        (found,) = db.execute("pragma integrity_check(1)").fetchone()
    if found != "ok":
        raise CopyFailed(f"{str(path)!r} was not stored as it was written: {found}.")


def flush(path: Path) -> None:
    """A file, or a folder's names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def opened(path: Path, *setup: str) -> Generator[Connection]:
    """The file, whatever is wrong with it as `CopyFailed`."""
    shown = repr(str(path))
    with told(shown), closing(open_file(path, setup, new=False, timeout=BUSY_TIMEOUT)) as db:
        yield db


def _make(path: Path) -> bool:
    """False where it is there."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, files.PRIVATE))
    except FileExistsError:
        return False
    return True


def _remove_if_empty(db: Connection, path: Path) -> None:
    db.execute("begin exclusive")  # takes back what an error has left that ended the transaction
    if path.stat().st_size < files.SMALLEST:
        path.unlink()
    db.execute("rollback")


def same(one: Path, other: Path) -> bool:
    """Whether they are one file, by whatever names."""
    try:
        return one.samefile(other)
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise
        return False
