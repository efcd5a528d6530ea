"""Opening a database on a server: whether it is ours, and what is set up in it first."""

from __future__ import annotations

import hashlib
from typing import Any

import psycopg

from storage import dialect
from storage.errors import NotOurDatabase
from storage.migrations import MIGRATIONS
from storage.postgres.triggers import TABLES, TRIGGERS

OLDEST = 150000
"""The oldest server, as libpq counts versions: 15."""

EVERYBODY = 0x5369676E
"""The advisory lock that a job of its own thread shares, and one that needs the whole database has alone."""

_MARK = "signoff_schema"
"""The table that marks a schema as ours, with its version, and which triggers it has."""


def prepare(db: psycopg.Connection[Any]) -> None:
    """Check that the schema is ours, set it up, and bring it to this version; with any number of others at once.

    It is the first of the connection's `search_path`. Raises `NotOurDatabase`.
    """
    check_server(db)
    with db.transaction():
        db.execute("select pg_advisory_xact_lock(%s)", (EVERYBODY,))
        version = version_of(db)
        for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
            _migrate(db, number, statements)
        _make_triggers(db)
        db.execute(_SWEEP)


_SWEEP = """delete from commits where not exists (select 1 from owners where id = split_part(name, '/', 1))"""
"""The marks of those that are no more."""


def version_of(db: psycopg.Connection[Any]) -> int:
    """The schema's version, 0 for an empty one. Raises `NotOurDatabase`."""
    row = db.execute(
        """select current_schema(), to_regclass(%s) is not null, (select count(*) from pg_class
               where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f'))""",
        (_MARK,),
    ).fetchone()
    schema, is_ours, tables = row or (None, False, 0)
    where = f"schema {schema!r} of database {db.info.dbname!r}"
    if schema is None:
        raise NotOurDatabase(f"database {db.info.dbname!r} has no schema that this user's search_path names. Make one.")
    if not is_ours:
        if tables:
            raise NotOurDatabase(
                f"{where} belongs to another program. Point DATABASE_URL at a database of its own, or at another "
                "schema (?options=-csearch_path%3Dname)."
            )
        return 0
    (version,) = db.execute(f"select version from {_MARK}").fetchone() or (0,)
    if version > len(MIGRATIONS):
        raise NotOurDatabase(
            f"{where} was written by a newer Signoff (version {version}, this one knows {len(MIGRATIONS)}). "
            "Install the newer one."
        )
    return version


def check_server(db: psycopg.Connection[Any]) -> None:
    """Raises `NotOurDatabase` for a server that is too old, and for a database in another encoding."""
    if db.info.server_version < OLDEST:
        raise NotOurDatabase(
            f"the server is PostgreSQL {db.info.server_version // 10000}, and Signoff needs {OLDEST // 10000} or newer."
        )
    if (encoding := db.info.parameter_status("server_encoding")) != "UTF8":
        raise NotOurDatabase(f"database {db.info.dbname!r} is in {encoding}. Make one with the encoding UTF8.")


def _migrate(db: psycopg.Connection[Any], number: int, statements: tuple[str, ...]) -> None:
    if number == 1:
        db.execute(f"create table {_MARK} (version bigint not null, triggers text not null)".encode())
        db.execute(f"insert into {_MARK} values (0, '')".encode())
        for each in TABLES:
            db.execute(each.encode())
    for each in statements:
        if (made := dialect.definition(each)) is not None:
            db.execute(made.replace("%%", "%").encode())
    db.execute(f"update {_MARK} set version = {number}".encode())


def _make_triggers(db: psycopg.Connection[Any]) -> None:
    digest = hashlib.sha256("\n".join(TRIGGERS).encode()).hexdigest()
    if db.execute(f"select 1 from {_MARK} where triggers = %s".encode(), (digest,)).fetchone() is None:
        for each in TRIGGERS:
            db.execute(each.encode())
        db.execute(f"update {_MARK} set triggers = %s".encode(), (digest,))
