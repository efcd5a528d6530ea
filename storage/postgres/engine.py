"""PostgreSQL's engine: threads that write, threads that read, and a pulse."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

import psycopg

from storage import events, owners
from storage.changes import Changes
from storage.engine import Clock
from storage.errors import DatabaseGone, NotOurDatabase, StorageClosed, StorageError
from storage.ids import OwnerId
from storage.jobs import Connection, Job
from storage.outage import Outage, pauses, unavailable
from storage.postgres import transactions
from storage.postgres.connections import connect
from storage.postgres.opening import prepare
from storage.postgres.pulse import LOOK_UNHEARD, Pulse, ServerClock
from storage.postgres.threads import ConnectedThreads, Links
from storage.postgres.transactions import CommitUnknown, Done, Link
from storage.urls import shown

logger = logging.getLogger(__name__)

T = TypeVar("T")

WRITERS, READERS = 6, 3
CONNECTIONS = WRITERS + READERS + 1
"""Of one bot, at most: each is opened when it is first needed, and one is the pulse's. It gets by with two."""

QUEUE_LIMIT = 1024

OPENED_WITHIN = 30.0
"""Seconds for which a server that does not answer is tried at the start."""


@dataclass(eq=False)
class _Entry(Generic[T]):
    """A job that waits for its commit. Once it `began` it cannot be withdrawn."""

    job: Job[T]
    of: str | None
    lock: threading.Lock = field(default_factory=threading.Lock)
    began: bool = False
    withdrawn: bool = False

    def store(self, link: Link) -> Done[T]:
        try:
            return transactions.store(link, self._run, self.of)
        except (psycopg.Error, CommitUnknown):
            self.began = False  # nothing of it is left, or nobody knows: it is not run again for somebody who has gone
            raise

    def _run(self, db: Connection) -> T:
        with self.lock:
            if self.withdrawn:
                raise unavailable()
            self.began = True
        return self.job(db)

    def withdraw(self) -> bool:
        """Whether it will not be run."""
        with self.lock:
            self.withdrawn = not self.began
        return self.withdrawn


class PostgresEngine:
    """An `Engine` on a server's database, which any number of processes use, on any number of machines."""

    def __init__(self, url: str, owner: OwnerId, clock: ServerClock) -> None:
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._clock = clock
        self._pulse = Pulse(url, owner, clock, self._heard)
        self.changes = Changes(poll=LOOK_UNHEARD, look_after=self._pulse.look_after)
        self.outage = Outage()
        self.gone: asyncio.Future[DatabaseGone] = self._loop.create_future()
        self._links = Links(url, owner)
        self.writers = ConnectedThreads(self._links, WRITERS, "writer")
        self.readers = ConnectedThreads(self._links, READERS, "reader")
        self._room = asyncio.Semaphore(QUEUE_LIMIT)
        self._turns: dict[str, _Turns] = {}
        self._at_work: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def clock(self) -> Clock:
        """The server's, so that those of the machines may differ."""
        return self._clock

    @property
    def hops(self) -> int:
        return self.writers.hops + self.readers.hops

    async def write(self, job: Job[T], of: str | None, patience: float | None, *, keeps: bool) -> T:
        """Jobs `of` the same wait here for each other, in their order, and not each on a connection."""
        if self._closed:
            raise StorageClosed("the storage was closed; what still needs it has to end before open_storage does")
        entry = _Entry(job, of)
        work = asyncio.create_task(self._stored(entry))
        self._at_work.add(work)
        work.add_done_callback(self._ended)
        if patience is not None:
            while not work.done():
                await asyncio.wait([work], timeout=patience)
                if self.outage.is_on and not work.done() and (keeps or entry.withdraw()):
                    raise unavailable()
        return await asyncio.shield(work)

    async def read(self, job: Job[T], patience: float | None) -> T:
        deadline = None if patience is None else self._loop.time() + patience
        return await self._until_done(self.readers, partial(transactions.read, job=job), "read", deadline)

    def give_up(self) -> None:
        self.outage.give_up()

    async def shrink(self) -> None:
        """Nothing: the server gives back what it can by itself (autovacuum)."""

    async def start(self) -> None:
        await self.write(lambda db: owners.register(db, self._owner), self._owner, OPENED_WITHIN, keeps=False)
        await asyncio.to_thread(self._pulse.start)

    async def close(self) -> None:
        await asyncio.to_thread(self._pulse.stop)
        self.give_up()
        with suppress(StorageError, psycopg.Error):  # where the row stays, it expires
            await self.write(lambda db: owners.unregister(db, self._owner), self._owner, None, keeps=False)
        self._closed = True
        while self._at_work:
            await asyncio.wait(self._at_work)
        await self.writers.close()
        await self.readers.close()
        self._links.close()

    async def _stored(self, entry: _Entry[T]) -> T:
        async with self._room, self._turn(entry.of):
            try:
                done = await self._until_done(self.writers, entry.store, "store")
            except CommitUnknown as unknown:
                done = await self._after(unknown, entry)
        if done.changed:
            self.changes.commit_happened()
        events.tell(entry.job, self._loop)
        return done.result

    async def _after(self, unknown: CommitUnknown, entry: _Entry[T]) -> Done[T]:
        """What a job came to whose commit nobody heard of: it is done again if it was not made."""
        while True:
            was_committed = partial(transactions.was_committed, unknown=unknown)
            if await self._until_done(self.writers, was_committed, "store"):
                return unknown.done
            try:
                return await self._until_done(self.writers, entry.store, "store")
            except CommitUnknown as again:
                unknown = again

    async def _until_done(
        self, threads: ConnectedThreads, work: Callable[[Link], T], deed: Any, deadline: float | None = None
    ) -> T:
        for pause in pauses():
            asked = threads.run(work)
            await asyncio.wait([asked])
            error = asked.exception()
            if error is None or not transactions.is_passing(error):
                self._answered()
                return asked.result()
            self.outage.failed(deed, error)
            left = pause if deadline is None else min(pause, deadline - self._loop.time())
            if left <= 0:
                raise unavailable(error) from error
            await self.outage.pause(left, error)
        raise AssertionError

    def _answered(self) -> None:
        """It is one server that stores and that is read from."""
        self.outage.worked("store")
        self.outage.worked("read")

    @asynccontextmanager
    async def _turn(self, of: str | None) -> AsyncGenerator[None]:
        if of is None:
            yield
            return
        turns = self._turns.setdefault(of, _Turns())
        turns.waiting += 1
        try:
            async with turns.lock:
                yield
        finally:
            turns.waiting -= 1
            if not turns.waiting:
                del self._turns[of]

    def _ended(self, work: asyncio.Task[Any]) -> None:
        self._at_work.discard(work)
        if not work.cancelled():
            work.exception()  # a caller that was cancelled does not ask for it

    def _heard(self) -> None:
        """On the thread of the pulse."""
        with suppress(RuntimeError):  # the loop was closed meanwhile
            self._loop.call_soon_threadsafe(self.changes.commit_happened)


@dataclass
class _Turns:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


@asynccontextmanager
async def opened(url: str, owner: OwnerId) -> AsyncGenerator[PostgresEngine]:
    """The engine of the database at the URL, which is set up, and brought to this version."""
    clock = ServerClock()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + OPENED_WITHIN
    for pause in pauses():
        try:
            await asyncio.to_thread(_prepare, url, clock)
            break
        except psycopg.Error as error:
            where = shown(url)
            if not transactions.may_open_later(error):
                raise NotOurDatabase(f"{where!r} cannot be used: {error}") from error
            if loop.time() + pause > deadline:
                raise unavailable(error) from error
            logger.warning("%r does not answer yet: %s", where, error)
            await asyncio.sleep(pause)
    engine = PostgresEngine(url, owner, clock)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


def _prepare(url: str, clock: ServerClock) -> None:
    with connect(url) as db:
        prepare(db)
        clock.ask(db)
