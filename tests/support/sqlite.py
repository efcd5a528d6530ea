"""What only SQLite's engine has: for tests that look at its statements, its connections, its plans."""

import sqlite3

from storage import Connection, Storage
from storage.sqlite.connections import JobConnection
from storage.sqlite.engine import SqliteEngine


def engine_of(storage: Storage) -> SqliteEngine:
    engine = storage._engine  # pyright: ignore[reportPrivateUsage]
    assert isinstance(engine, SqliteEngine)
    return engine


def connections_of(storage: Storage) -> list[JobConnection]:
    """The writer's, and those of readers that are open."""
    engine = engine_of(storage)
    readers = engine.readers._opened if engine.readers is not None else []  # pyright: ignore[reportPrivateUsage]
    return [engine.connection, *readers]


def plain(db: Connection) -> sqlite3.Connection:
    """The connection that a job is given, as what it is here."""
    assert isinstance(db, sqlite3.Connection)
    return db
