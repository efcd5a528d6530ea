"""Connections to PostgreSQL: how they are set up, and what a job is given of one."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.string import StrDumperUnknown

from storage import dialect
from storage.errors import NotOurDatabase
from storage.parameters import Listed, Paired
from storage.urls import shown

DEFAULTS = {
    "connect_timeout": "5",
    "application_name": "signoff",
    # A server that is cut off, and says nothing, is given up after some ten seconds.
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""Of libpq's own options (https://www.postgresql.org/docs/current/libpq-connect.html), for those that a URL leaves
open.
"""

SETTINGS = (
    # A bot that stands still in the middle of a transaction keeps nobody else from a thread for longer than this.
    ("idle_in_transaction_session_timeout", "2s"),
    ("lock_timeout", "10s"),
    # How many rows a range of scopes holds is overestimated: in a large database the server would compile statements
    # that take less than a millisecond, which takes up to a quarter of a second.
    ("jit", "off"),
    # Whatever the role's is: numbers come back as they were stored. The audit's hashes are over them.
    ("extra_float_digits", "1"),
)
"""Of each session. None of them changes what a statement means."""

# It warns of what is still under way on a connection that is lost, which the error says that it raises.
logging.getLogger("psycopg").addFilter(lambda record: record.levelno >= logging.ERROR)

LASTING = (
    "certificate",
    "password authentication failed",
    "does not exist",
    "no pg_hba.conf entry",
    "no password supplied",
)
"""What a server says to whom it will never let in."""


def connect(url: str) -> psycopg.Connection[Any]:
    """A connection to the database at the URL, each of whose statements is a transaction until one is begun. Raises
    `psycopg.Error`, and `NotOurDatabase` for what is no such URL.
    """
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # which may quote a password
        raise NotOurDatabase(
            f"{shown(url)!r} is no URL as PostgreSQL has them: write what is special in a name or password as %…"
        ) from None
    left_open = {name: value for name, value in DEFAULTS.items() if name not in given}
    info = make_conninfo(url, **left_open, client_encoding="utf8")
    db = psycopg.connect(info, autocommit=True, row_factory=_rows, prepare_threshold=2)
    db.adapters.register_dumper(str, _Text)
    db.adapters.register_loader("numeric", _Number)
    db.execute("; ".join(f"set {name} = '{value}'" for name, value in SETTINGS).encode())
    return db


class Session:
    """What a job is given: `storage.jobs.Connection`. Statements are kept until somebody asks what one found or did, or
    the transaction is to end: then all are sent together, through its `pipeline`, and answered together. One that fails
    does so there.

    Nothing is sent before that, so that a process that is frozen does not leave the server waiting for the rest.
    Without a pipeline each is sent by itself.
    """

    def __init__(self, db: psycopg.Connection[Any], pipeline: psycopg.Pipeline | None = None) -> None:
        self._db = db
        self._pipeline = pipeline
        self._kept: list[Callable[[], object]] = []

    def execute(self, sql: str, parameters: Any = (), /) -> Found:
        cursor = self._db.cursor()
        self._kept.append(functools.partial(cursor.execute, _query(sql), _bound(sql, parameters)))
        return Found(cursor, self)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> None:
        rows = [_bound(sql, each) for each in parameters]
        if rows:  # of none psycopg says that there is nothing to execute
            self._kept.append(functools.partial(self._db.cursor().executemany, _query(sql), rows))

    def send(self) -> None:
        """Have all done that is kept, and wait for it."""
        kept, self._kept = self._kept, []
        for each in kept:
            each()
        if self._pipeline is not None and kept:
            # And not its end, after which libpq's flush has the server forget for how long we are idle.
            self._pipeline.sync()


class Found:
    """What a statement found or did."""

    def __init__(self, cursor: psycopg.Cursor[Any], session: Session) -> None:
        self._cursor = cursor
        self._session = session

    @property
    def rowcount(self) -> int:
        self._session.send()
        return self._cursor.rowcount

    def fetchone(self) -> Any:
        self._session.send()
        return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        self._session.send()
        return self._cursor.fetchall()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())


class Row(tuple[Any, ...]):
    """A row, whose columns are read by their names, or in their order."""

    places: dict[str, int]

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(self.places[key] if isinstance(key, str) else key)


@functools.lru_cache(maxsize=500)
def _kind(names: tuple[str, ...]) -> type[Row]:
    return type("Row", (Row,), {"places": {name: place for place, name in enumerate(names)}})


def _rows(cursor: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], Row]:
    described = cursor.description
    return _kind(tuple(column.name for column in described) if described is not None else ())


def _query(sql: str) -> bytes:
    return dialect.statement(sql).encode()


def _bound(sql: str, parameters: Any) -> Any:
    given = dialect.values(sql, parameters)
    if isinstance(given, dict):
        return {name: _value(value) for name, value in given.items()}
    return [_value(value) for value in given]


def _value(value: Any) -> Any:
    match value:
        case Listed():
            return value.texts
        case Paired():
            return [list(pair) for pair in value.texts.items()]
        case _:
            return value


class _Text(StrDumperUnknown):
    """A text. PostgreSQL has none with a NUL in it: the sign for one (U+2400) stands in its place, so that what
    somebody wrote is not lost.
    """

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", "\u2400") if "\0" in obj else obj)


class _Number(Loader):
    """What PostgreSQL adds up: whole numbers, as SQLite gives them."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdecimal() else float(text)
