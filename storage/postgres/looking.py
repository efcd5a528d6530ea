"""Looking at a database on a server without taking part in it: no owner is registered, nothing migrated or stored."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict

from storage.errors import NotOurDatabase, StorageUnavailable
from storage.jobs import Connection
from storage.migrations import MIGRATIONS
from storage.postgres import transactions
from storage.postgres.connections import connect
from storage.postgres.opening import check_server, version_of
from storage.postgres.transactions import Link
from storage.urls import shown

T = TypeVar("T")


@dataclass(frozen=True)
class ServerLook:
    """What was found. `version` is 0 for a schema that is empty; `newest` is what this program writes. `protocol` is
    TLS's, "" without; `is_local` means that the way does not leave this machine, and `may_be_clear` that the URL asks
    for no TLS. `room` is how many connections bots may have in all, and `bots` are those at work. `ahead` is how many
    seconds the server's clock is before ours.
    """

    where: str
    server: str
    version: int
    protocol: str
    is_local: bool
    may_be_clear: bool
    room: int
    bots: int
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
        return ServerLook(
            shown(url),
            db.info.parameter_status("server_version") or "",
            version,
            protocol=_one(db, "select version from pg_stat_ssl where pid = pg_backend_pid() and ssl") or "",
            is_local=_is_local(db.info.hostaddr),
            may_be_clear=conninfo_to_dict(url).get("sslmode") == "disable",
            room=_one(db, _ROOM),
            bots=_one(db, "select count(*) from owners where expires_at > seconds()") if version else 0,
            ahead=_ahead(db),
        )


def read(url: str, job: Callable[[Connection], T]) -> T:
    """What a job finds. Raises `NotOurDatabase`, also for an older version, and `StorageUnavailable`."""
    with _connected(url) as db:
        version = version_of(db)
        if version < len(MIGRATIONS):
            found = f"has version {version}" if version else "is empty"
            raise NotOurDatabase(
                f"{shown(url)!r} {found}, and this Signoff reads version {len(MIGRATIONS)}: start the bot once."
            )
        return transactions.read(Link(db, ""), job)


@contextmanager
def _connected(url: str) -> Generator[psycopg.Connection[Any]]:
    try:
        with connect(url) as db:
            yield db
    except psycopg.Error as error:
        said = " ".join(str(error).split())
        if transactions.may_open_later(error):
            raise StorageUnavailable(f"{shown(url)!r} cannot be used now: {said}") from error
        raise NotOurDatabase(f"{shown(url)!r} cannot be used: {said}") from error


def _try_to_write(db: psycopg.Connection[Any], version: int) -> None:
    """A table, as a migration makes one; and a row, as bots do."""
    with db.transaction(force_rollback=True):
        db.execute("create table signoff_can_write (id bigint)")
        if version:
            db.execute("insert into commits values ('signoff doctor', '')")


_ROOM = """with said as (
        select current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint
                - coalesce(nullif(current_setting('reserved_connections', true), ''), '0')::bigint as server,
            (select coalesce(sum(numbackends), 0) from pg_stat_database)
                - (select count(*) from pg_stat_activity
                    where application_name = current_setting('application_name')) as others)
    select least(server - others, nullif(rolconnlimit, -1), nullif(datconnlimit, -1))::bigint
    from said, pg_roles, pg_database where rolname = current_user and datname = current_database()"""
"""What the server, this user and this database are limited to, without what others than bots have of it."""


def _is_local(address: str) -> bool:
    """Whether it is "", of a socket of this machine, or of its loopback."""
    return not address or ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _ahead(db: psycopg.Connection[Any]) -> float:
    before = time.time()
    said = _one(db, "select extract(epoch from clock_timestamp())::double precision")
    return said - (before + time.time()) / 2


def _one(db: psycopg.Connection[Any], sql: str) -> Any:
    row = db.execute(sql.encode()).fetchone()
    return row[0] if row is not None else None
