"""Looking at a database on a server without taking part in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg

from storage.errors import NotOurDatabase, StorageUnavailable
from storage.jobs import Connection
from storage.migrations import MIGRATIONS
from storage.postgres import transactions
from storage.postgres.connections import LASTING, connect
from storage.postgres.opening import check_server, version_of
from storage.postgres.transactions import Link
from storage.urls import shown

T = TypeVar("T")


@dataclass(frozen=True)
class ServerLook:
    """What was found. `version` is 0 for a schema that is empty; `newest` is what this program writes. `ahead` is how
    many seconds the server's clock is before ours.
    """

    where: str
    server: str
    version: int
    is_encrypted: bool
    is_local: bool
    free_connections: int
    ahead: float
    newest: int = len(MIGRATIONS)


def look(url: str) -> ServerLook:
    """What is at the URL. That it can be written is tried, and taken back.

    Raises `NotOurDatabase`, also where this user is not let in or may not write, and `StorageUnavailable`.
    """
    with _connected(url) as db:
        check_server(db)
        version = version_of(db)
        _try_to_write(db, version)
        now, free = db.execute(
            """select extract(epoch from clock_timestamp())::double precision,
                   current_setting('max_connections')::int - (select count(*) from pg_stat_activity)"""
        ).fetchone() or (0.0, 0)
        host = db.info.host
        return ServerLook(
            shown(url),
            db.info.parameter_status("server_version") or "",
            version,
            is_encrypted=db.pgconn.ssl_in_use,
            is_local=host.startswith("/") or host in ("", "localhost", "127.0.0.1", "::1"),
            free_connections=free,
            ahead=now - time.time(),
        )


def read(url: str, job: Callable[[Connection], T]) -> T:
    """What a job finds. Raises `NotOurDatabase`, also for an older version, and `StorageUnavailable`."""
    with _connected(url) as db:
        version = version_of(db)
        if version < len(MIGRATIONS):
            raise NotOurDatabase(
                f"{shown(url)!r} has version {version}, and this Signoff reads {len(MIGRATIONS)}: start the bot once."
            )
        return transactions.read(Link(db, ""), job)


@contextmanager
def _connected(url: str) -> Generator[psycopg.Connection[Any]]:
    try:
        with connect(url) as db:
            yield db
    except psycopg.Error as error:
        said = " ".join(str(error).split())
        if transactions.is_passing(error) and not any(each in said for each in LASTING):
            raise StorageUnavailable(f"{shown(url)!r} does not answer: {said}") from error
        raise NotOurDatabase(f"{shown(url)!r} cannot be used: {said}") from error


def _try_to_write(db: psycopg.Connection[Any], version: int) -> None:
    deed = "update audit_chain set id = id" if version else "create table signoff_can_write (id bigint)"
    with db.transaction(force_rollback=True):
        db.execute(deed.encode())
