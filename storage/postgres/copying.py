"""A PostgreSQL database that is copied from or to."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from storage import copying
from storage.copying import End
from storage.errors import CopyFailed, CopyRefused, NotOurDatabase
from storage.postgres.connections import Session, connect
from storage.postgres.opening import EVERYBODY, prepare, version_of
from storage.postgres.triggers import COPYING
from storage.sqlite.schema import Table, tables
from storage.urls import shown

AT_ONCE = 200
"""Rows in memory: some have megabytes."""

_SETTINGS = "set idle_in_transaction_session_timeout = '10min'"
"""While the other database works, this one waits: it may be long at a page of large rows, or at a slow disk."""


class PostgresEnd:
    """See `storage.copying.End`."""

    def __init__(self, connection: psycopg.Connection[Any], url: str, version: int) -> None:
        self.connection = connection
        self.db = Session(connection)
        self.version = version
        self.shown = repr(shown(url))

    def rows(self, table: Table) -> Iterator[Sequence[Any]]:
        with told(self.shown):
            cursor = self.connection.cursor("copied")  # the server keeps what was not fetched yet
            cursor.execute(table.select.encode())
        try:
            while True:
                with told(self.shown):
                    page = cursor.fetchmany(AT_ONCE)
                if not page:
                    return
                yield from page
        finally:
            if not self.connection.broken and self.connection.info.transaction_status.name == "INTRANS":
                cursor.close()

    def put(self, table: Table, rows: Iterable[Sequence[Any]]) -> None:
        statement = f"copy {table.name} ({table.listed}) from stdin".encode()
        with told(self.shown), self.connection.cursor() as cursor, cursor.copy(statement) as stream:
            for row in rows:
                stream.write_row(row)

    def last_number(self, table: Table) -> int:
        named = "select pg_get_serial_sequence(%s, %s)"
        with told(self.shown):
            (sequence,) = self._one(named.encode(), (table.name, table.numbered))
            (last,) = self._one(f"select case when is_called then last_value else 0 end from {sequence}".encode())
        return last

    def number_after(self, table: Table, last: int) -> None:
        sequence = "select setval(pg_get_serial_sequence(%s, %s), greatest(%s, 1), %s)"
        self.connection.execute(sequence.encode(), (table.name, table.numbered, last, last > 0))

    def _one(self, statement: bytes, values: Sequence[Any] = ()) -> Any:
        return self.connection.execute(statement, values).fetchone()


@contextmanager
def told(name: str) -> Generator[None]:
    """What the server does not do, as `CopyFailed` that says of which database."""
    try:
        yield
    except psycopg.Error as error:
        said = error.diag.message_primary or " ".join(str(error).split())
        raise CopyFailed(f"{name} cannot be used: {said}{'' if said.endswith(('.', '?')) else '.'}") from error


@contextmanager
def source(url: str, *, alone: bool) -> Generator[PostgresEnd]:
    """The database as it is at one moment; `alone`, as long as this is entered nobody else writes to it, or begins to
    work with it.

    Raises `NotOurDatabase` and `CopyFailed`.
    """
    with _connected(url) as db:
        version = version_of(db)
        end = PostgresEnd(db, url, version)
        if not version:
            raise NotOurDatabase(f"{end.shown} is empty: no bot has stored anything there.")
        if alone:
            _have_alone(end)
        db.execute("begin isolation level repeatable read, read only")
        names = ", ".join(each.name for each in tables(version))
        db.execute(f"lock table {names} in access share mode".encode())  # no migration changes them meanwhile
        if version_of(db) != version:
            raise CopyFailed(f"{end.shown} was brought to another version just now. Begin again.")
        yield end


@contextmanager
def target(url: str) -> Generator[PostgresEnd]:
    """The database, of this version and empty; nobody else stores anything there, or begins to work with it, as long as
    this is entered. What is put there stays when it is left, unless by an error: then it is as it was.

    Raises `NotOurDatabase`, `CopyRefused` and `CopyFailed`.
    """
    with _connected(url) as db:
        end = PostgresEnd(db, url, version_of(db))
        _have_alone(end)
        with _transaction(end):
            prepare(db)
            end.version = version_of(db)
            copying.refuse_if_at_work(end)
            copying.refuse_if_filled(end)
            db.execute(f"set local {COPYING} = 'on'".encode())
            yield end


@contextmanager
def _transaction(end: PostgresEnd) -> Generator[None]:
    db = end.connection
    db.execute("begin")
    try:
        yield
    except BaseException:
        if not db.broken:
            db.execute("rollback")
        raise
    try:
        db.execute("commit")
    except psycopg.Error as error:
        if not db.broken:
            raise
        raise CopyFailed(
            f"{end.shown} was lost while the end of the copy was stored there. Begin again: where it has rows already, "
            "it has all of them."
        ) from error


@contextmanager
def _connected(url: str) -> Generator[psycopg.Connection[Any]]:
    with told(repr(shown(url))):
        db = connect(url)
        try:
            db.execute(_SETTINGS.encode())
            yield db
        finally:
            db.close()


def _have_alone(end: PostgresEnd) -> None:
    """Until the connection is closed. Who is at work is asked before, since whoever stores something waits for whoever
    waits for this, and then again.
    """
    if end.version:
        copying.refuse_if_at_work(end)
    end.connection.execute("select pg_advisory_lock(%s)", (EVERYBODY,))
    if end.version:
        copying.refuse_if_at_work(end)


def refuse_same(source: End, url: str) -> None:
    """Raises `CopyRefused` where the URL names the source's own database, by whatever name: an advisory lock is one of
    a database's.
    """
    (pid,) = source.db.execute("select pg_backend_pid()").fetchone()
    with _connected(url) as db:
        found = db.execute(
            """select 1 from pg_locks where locktype = 'advisory' and objid = %s and pid = %s and granted
               and database = (select oid from pg_database where datname = current_database())""",
            (EVERYBODY, pid),
        ).fetchone()
    if found is not None:
        raise CopyRefused(
            f"{source.shown} and {shown(url)!r} are the same database. From one of its schemas to another go by way of "
            "a backup: signoff backup."
        )
