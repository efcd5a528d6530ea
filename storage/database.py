"""Opening the database, and the `Storage` that everything durable goes through."""

from __future__ import annotations

import asyncio
import copy
import os
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from storage import checkpoints, interrupts, threads
from storage.blocking import EitherWay, either_way
from storage.changes import Changes
from storage.engine import Clock, Engine
from storage.errors import DatabaseGone
from storage.events import Observer, Watched
from storage.ids import OwnerId, ThreadId, thread_id_text
from storage.interrupts import InterruptRow
from storage.jobs import Job
from storage.outage import Outage
from storage.recent import Recent
from storage.urls import is_postgres

T = TypeVar("T")


def new_id() -> str:
    """32 lower-case hex digits, never given twice: milliseconds since 1970, then 80 random bits. What is made later
    sorts later, so that indices grow at their end and their pages are full.
    """
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


class Storage:
    """One open database: `read` and `write` take the queries of this package's rooms. `interrupts`, `delete_thread`,
    `prune` and `shrink` are awaited in an event loop, and in a script that has none they block.

    Two `open_storage` on one database in one process are two owners of threads.
    """

    def __init__(self, engine: Engine, owner: OwnerId, *, clock: Clock, ids: Callable[[], str]) -> None:
        self._engine = engine
        self.owner = owner
        self.clock = clock
        self.new_id = ids
        self._loop = asyncio.get_running_loop()
        self._patience: float | None = None
        self._keeps = False
        self.observer: Observer | None = None
        """Is told what the transactions of this storage did. Set it before `impatient` is asked for."""
        self.recent = Recent()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop in which it was opened, and can be used."""
        return self._loop

    def now(self) -> float:
        """The clock's time as rows hold it: Unix seconds."""
        return self.clock().timestamp()

    @property
    def changes(self) -> Changes:
        return self._engine.changes

    @property
    def outage(self) -> Outage:
        return self._engine.outage

    @property
    def gone(self) -> asyncio.Future[DatabaseGone]:
        """Done once the database cannot be used any more."""
        return self._engine.gone

    @property
    def hops(self) -> int:
        """How often a job, or several in one transaction, was handed to a connection's thread so far."""
        return self._engine.hops

    async def write(self, job: Job[T], of: str | None = None) -> T:
        """Run `job(connection)` in a transaction; returns after the commit. What it raises undoes it alone.

        `of` names the thread (or another thing) whose rows alone it changes. Jobs of the same follow each other, in the
        order in which they were asked for; a job of None has the database for itself. Several servers of one database
        can store much at once only as far as their jobs say so.

        While the database is locked, away, or its disk full, this waits: `job` is run again, and what ran before it is
        not. Raises `DatabaseGone`.
        """
        self._check()
        if self.observer is not None:
            job = Watched(job, self.observer)
        return await self._engine.write(job, of, self._patience, keeps=self._keeps)

    async def read(self, job: Job[T]) -> T:
        """Run `job(connection)` on one consistent view, when that is possible, as in `write`."""
        self._check()
        return await self._engine.read(job, self._patience)

    def impatient(self, seconds: float, *, keeps: bool = False) -> Storage:
        """The same storage for somebody who cannot wait until the database can be used again: after so many seconds
        `StorageUnavailable` is raised. What was to be stored is not stored then, or with `keeps` as soon as it can be.
        """
        hasty = copy.copy(self)
        hasty._patience, hasty._keeps = seconds, keeps
        return hasty

    def give_up(self, after: float = 0.0) -> None:
        """It is time to stop: from so many seconds on let nobody wait for a database that cannot be used now."""
        self._loop.call_later(after, self._engine.give_up)

    @either_way
    async def interrupts(
        self,
        *,
        status: str | None = "waiting",
        kind: str | None = None,
        thread_id: str | int | UUID | None = None,
        asked_before: datetime | None = None,
        expires_before: datetime | None = None,
        limit: int = 100,
    ) -> list[InterruptRow]:
        """Questions across threads, oldest first."""
        return await self.read(
            lambda db: interrupts.find(
                db,
                status=status,
                kind=kind,
                thread_id=None if thread_id is None else _id(thread_id),
                asked_before=asked_before and asked_before.timestamp(),
                expires_before=expires_before and expires_before.timestamp(),
                limit=limit,
            )
        )

    @either_way
    async def delete_thread(self, thread_id: str | int | UUID) -> None:
        """Remove everything of a thread. One that does not exist is no error."""
        await self.write(lambda db: threads.delete(db, _id(thread_id)))  # see `retention.delete`

    adelete_thread = delete_thread

    @either_way
    async def prune(self, thread_id: str | int | UUID, keep: int) -> None:
        """Forget all but the newest `keep` snapshots of a thread; what waits stays. `keep` is at least 1."""
        if keep < 1:
            raise ValueError(f"keep={keep!r}: at least the newest snapshot stays; delete_thread removes the thread")
        await self.write(lambda db: checkpoints.prune(db, _id(thread_id), keep), _id(thread_id))

    @either_way
    async def shrink(self) -> None:
        """Give the space of what was deleted back. On a file writers wait meanwhile."""
        await self._engine.shrink()

    def _check(self) -> None:
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError(
                "this storage was opened in another event loop: open one with `async with open_storage(...)` in the "
                "loop that uses it, or call the blocking twins (`graph.invoke(...)`) where no loop runs"
            )


def open_storage(url: str, *, clock: Clock | None = None, ids: Callable[[], str] = new_id) -> EitherWay[Storage]:
    """Open (and set up, and migrate) the database at `url`: `sqlite:///relative.db`, `sqlite:////absolute.db`,
    `sqlite://` in memory, or `postgresql://user@host/database` (with the extra `signoff[postgres]`). `async with` it in
    an event loop, `with` it where there is none: then it is for the blocking twins (`graph.invoke`). `clock` and `ids`
    are handed in so that tests can hand in theirs; without it the clock is the one that all who use the database share.

    Raises `NotOurDatabase` for a database that is something else, `ValueError` for another kind of URL, and
    `StorageUnavailable` when it cannot be used for half a minute.
    """
    return EitherWay(_opened(url, clock, ids), "open_storage(...)")


@asynccontextmanager
async def _opened(url: str, clock: Clock | None, ids: Callable[[], str]) -> AsyncGenerator[Storage]:
    owner = OwnerId(new_id())
    async with _engine(url, owner) as engine:
        yield Storage(engine, owner, clock=clock or engine.clock, ids=ids)


def _engine(url: str, owner: OwnerId) -> AbstractAsyncContextManager[Engine]:
    if is_postgres(url):
        from storage.postgres.engine import opened as on_postgres  # its driver is there only where it is used

        return on_postgres(url, owner)
    from storage.sqlite.engine import opened as on_sqlite

    return on_sqlite(url, owner)


def _id(thread_id: str | int | UUID) -> ThreadId:
    """The id as rows hold it; "", which no thread has, of what can be none."""
    return thread_id_text(thread_id) or ThreadId("")
