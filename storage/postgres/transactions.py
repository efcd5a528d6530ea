"""One job, one transaction: who waits for whom, what is tried again, and what became of a commit nobody heard of.

A job of a thread locks that thread, and shares the database with those of others; one that names none has the database
for itself. Locks are taken before anything is read, always in this order, so that no two wait for each other.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Generic, TypeVar

import psycopg
from psycopg import errors

from storage import states
from storage.errors import StatementFailed
from storage.jobs import Job
from storage.postgres.connections import LASTING, Session
from storage.postgres.opening import EVERYBODY

T = TypeVar("T")

CHANNEL = "signoff"
"""Where a commit is told to whoever listens."""

ATTEMPTS = 4
"""How often a job is run that got into another's way: once, and three times again."""

_IN_THE_WAY = (errors.SerializationFailure, errors.DeadlockDetected)

_PASSING = ("08", "53", "57P", "58", "55P03", "57014", "25006", "25P03", "25P04")
"""What may go well later (https://www.postgresql.org/docs/current/errcodes-appendix.html): no connection, no room, the
server stops or starts, a system error, a lock that was not had or a statement that was not done in time, a server that
only reads, or a transaction that lasted too long, as one does in which this process stood still.
"""


@dataclass(frozen=True)
class Done(Generic[T]):
    """What a job returned, and whether it changed anything."""

    result: T
    changed: bool


class NotDone(psycopg.OperationalError):
    """The connection was lost before anything was committed: nothing is left of the transaction."""


@dataclass(frozen=True)
class Link:
    """A connection, and the name under which its transactions leave their marks."""

    db: psycopg.Connection[Any]
    name: str


class CommitUnknown(Exception):
    """The connection was lost while a transaction was committed: it may have been. Then its `mark` is there."""

    def __init__(self, name: str, mark: str, done: Done[Any]) -> None:
        self.name, self.mark, self.done = name, mark, done


def store(link: Link, job: Job[T], of: str | None) -> Done[T]:
    """Run the job in a transaction, and tell everybody if it changed something. Raises what it raised, `CommitUnknown`,
    or `psycopg.Error` for what the server did not do: see `is_passing`.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _once(link, job, of)
        except _IN_THE_WAY:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError


def read(link: Link, job: Job[T]) -> T:
    """Run the job on one consistent view."""
    with _transaction(link.db, "begin isolation level repeatable read, read only") as session:
        return job(session)


def was_committed(link: Link, unknown: CommitUnknown) -> bool:
    """What became of a transaction whose end nobody heard of. Waits while its session is still at it; one that has not
    come to that point, since it waits for a lock, or the server has not read all of it, is never made from now on.

    The server's own word for it (`pg_xact_status`) is none after a crash: it may have given the number out again.
    """
    found = link.db.execute(_SETTLE, {"name": unknown.name, "mark": unknown.mark, "void": _VOID}).fetchone()
    return found is not None and found[0] == unknown.mark


_VOID = ""
"""The mark of a connection that was given up: no transaction of it can leave another."""

_SETTLE = """insert into commits values (%(name)s, %(void)s)
    on conflict (name) do update set mark = case commits.mark when %(mark)s then commits.mark else %(void)s end
    returning mark"""


def is_passing(error: BaseException) -> bool:
    """Whether what could not be done now may be done later, with nothing changed here."""
    if isinstance(error, OSError):
        return True
    if not isinstance(error, psycopg.Error):
        return False
    return _is_lost(error) or (error.sqlstate or "").startswith(_PASSING) or isinstance(error, _IN_THE_WAY)


def may_open_later(error: psycopg.Error) -> bool:
    """Whether a database that could not be opened may be later: not one that will never let us in."""
    return is_passing(error) and not any(each in str(error) for each in LASTING)


def _is_lost(error: psycopg.Error) -> bool:
    """Whether no server said it: the connection is not there, or is no more."""
    return error.sqlstate is None and isinstance(error, psycopg.OperationalError)


def _once(link: Link, job: Job[T], of: str | None) -> Done[T]:
    db, mark = link.db, secrets.token_hex(8)
    done: Done[T] | None = None
    try:
        with _transaction(db, "begin isolation level read committed", _locks(of)) as session:
            result = job(session)
            done = Done(result, changed=True)
            told = session.execute(_LAST_WORDS, (link.name, mark, CHANNEL))
    except NotDone as error:
        if done is not None:  # all was sent
            raise CommitUnknown(link.name, mark, done) from error
        raise
    return Done(result, changed=told.fetchone() is not None)


_LAST_WORDS = """with marked as (
        insert into commits select ?, ? where pg_current_xact_id_if_assigned() is not null
        on conflict (name) do update set mark = nullif(excluded.mark, case commits.mark when '' then excluded.mark end)
        returning name)
    select pg_notify(?, name) from marked"""
"""Of a transaction that changed something. Its mark tells whoever is cut off from its commit that it was made. Where
the connection was given up meanwhile it has none, which the table does not take.
"""


@contextmanager
def _transaction(db: psycopg.Connection[Any], *begin: str) -> Generator[Session]:
    """A transaction, which is committed at the end of the block. Raises `NotDone` where the connection was lost, and
    what the server did not do as `_translated`.
    """
    is_over = False
    try:
        with db.pipeline() as pipeline:
            session = Session(db, pipeline)
            for each in begin:
                session.execute(each)
            yield session
            session.execute("commit")
            session.send()
        is_over = True
    except psycopg.Error as error:
        if db.broken or _is_lost(error):
            db.close()  # whatever is still under way on it
            raise NotDone(str(error)) from error
        raise _translated(error) from error
    finally:
        if not is_over and not db.closed:
            db.execute("rollback")


def _locks(of: str | None) -> str:
    if of is None:
        return f"select pg_advisory_xact_lock({EVERYBODY})"
    name = int.from_bytes(blake2b(of.encode(errors="backslashreplace"), digest_size=8).digest(), signed=True)
    return f"select pg_advisory_xact_lock_shared({EVERYBODY}), pg_advisory_xact_lock({name})"


def _translated(error: psycopg.Error) -> Exception:
    """What somebody is told who knows no driver: a move against the tables, or a statement that cannot be done."""
    if is_passing(error):
        return error
    said = error.diag.message_primary or str(error)
    return states.refused(said) or StatementFailed(said)
