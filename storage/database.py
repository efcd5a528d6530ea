"""Opening the database, and the `Storage` that everything durable goes through."""

from __future__ import annotations

import asyncio
import copy
import logging
import os
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from storage import checkpoints, interrupts, owners, threads
from storage.blocking import EitherWay, either_way
from storage.changes import Changes
from storage.connections import BUSY_TIMEOUT, Connection, Job, JobConnection, Readers, connect
from storage.errors import DatabaseGone, NotOurDatabase, StorageError, is_fatal, is_passing, sqlite_code
from storage.events import Observer, Watched
from storage.files import OpenedFiles
from storage.ids import OwnerId, ThreadId, thread_id_text
from storage.interrupts import InterruptRow
from storage.opening import path_of, prepare
from storage.outage import Outage, pauses, unavailable
from storage.recent import Recent
from storage.writer import Writer

logger = logging.getLogger(__name__)

T = TypeVar("T")

READERS = 2

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    """32 lower-case hex digits, never given twice: milliseconds since 1970, then 80 random bits. What is made later
    sorts later, so that indices grow at their end and their pages are full.
    """
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


class Storage:
    """One open database: `read` and `write` take the queries of this package's rooms. `interrupts`, `delete_thread`,
    `prune` and `shrink` are awaited in an event loop, and in a script that has none they block.

    Two `open_storage` on one file in one process are two owners of threads.
    """

    def __init__(self, connection: JobConnection, path: Path | None, *, clock: Clock, ids: Callable[[], str]) -> None:
        self._path = path
        self.owner = OwnerId(new_id())
        self.clock = clock
        self.new_id = ids
        self.changes = Changes(path)
        self.outage = Outage()
        self._loop = asyncio.get_running_loop()
        self.gone: asyncio.Future[DatabaseGone] = self._loop.create_future()
        """Done once the database cannot be used any more: its file was deleted or replaced, or is damaged."""
        self._files: OpenedFiles | None = None
        self._connection = connection
        self.heartbeat = owners.Heartbeat(path, self.owner, look=self._look) if path is not None else None
        self._writer = Writer(
            connection, self.changes.commit_happened, self._first, outage=self.outage, on_loss=self._lose
        )
        self._readers = Readers(path, READERS) if path is not None else None
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
    def hops(self) -> int:
        """How often a job, or several in one transaction, was handed to a connection's thread so far."""
        return self._connection.hops + (self._readers.hops if self._readers is not None else 0)

    async def write(self, job: Job[T]) -> T:
        """Run `job(connection)` in a transaction; returns after the commit. What it raises undoes it alone.

        While the database is locked, or its disk full, this waits: `job` is run again, and what ran before it is not.
        Raises `DatabaseGone`.
        """
        self._check()
        if self.observer is not None:
            job = Watched(job, self.observer)
        try:
            return await self._writer.write(job, self._patience, keeps=self._keeps)
        except sqlite3.Error as error:
            self._check(error)
            raise

    async def read(self, job: Job[T]) -> T:
        """Run `job(connection)` on one consistent view, when that is possible, as in `write`. In memory the writer's
        connection is the only one.
        """
        self._check()
        if self._readers is None:
            return await self.write(job)
        return await self._read(self._readers, job)

    def impatient(self, seconds: float, *, keeps: bool = False) -> Storage:
        """The same storage for somebody who cannot wait until the database can be used again: after so many seconds
        `StorageUnavailable` is raised. What was to be stored is not stored then, or with `keeps` as soon as it can be.
        """
        hasty = copy.copy(self)
        hasty._patience, hasty._keeps = seconds, keeps
        return hasty

    def give_up(self, after: float = 0.0) -> None:
        """It is time to stop: from so many seconds on let nobody wait for a database that cannot be used now."""
        self._loop.call_later(after, self._writer.give_up)

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
        await self.write(lambda db: threads.delete(db, _id(thread_id)))

    adelete_thread = delete_thread

    @either_way
    async def prune(self, thread_id: str | int | UUID, keep: int) -> None:
        """Forget all but the newest `keep` snapshots of a thread; what waits stays. `keep` is at least 1."""
        if keep < 1:
            raise ValueError(f"keep={keep!r}: at least the newest snapshot stays; delete_thread removes the thread")
        await self.write(lambda db: checkpoints.prune(db, _id(thread_id), keep))

    @either_way
    async def shrink(self) -> None:
        """Give the space of what was deleted back to the file system. Writers wait meanwhile."""
        if self._path is not None:
            async with connect(self._path, new=False) as db:
                await db.run(_shrink)

    def watch_files(self) -> None:
        """From now on, with all of its files there, notice when one is deleted or replaced. `open_storage` does it."""
        if self._path is not None and self.heartbeat is not None:
            self._files = OpenedFiles(self._path)
            self.heartbeat.start()

    async def close(self) -> None:
        """Commit what is queued and give up all threads. `open_storage` does it."""
        if self.heartbeat is not None:
            await asyncio.to_thread(self.heartbeat.stop)
        self._writer.give_up()
        with suppress(StorageError, sqlite3.Error):  # where the row stays, it expires
            await self.write(lambda db: owners.unregister(db, self.owner))
        await self._writer.close()
        if self._readers is not None:
            await self._readers.close()
        await self.changes.close()

    async def _read(self, readers: Readers, job: Job[T]) -> T:
        deadline = None if self._patience is None else self._loop.time() + self._patience
        for pause in pauses():
            try:
                result = await readers.read(job)
            except (sqlite3.Error, OSError) as error:
                if is_fatal(error):
                    self._lose(error)
                self._check(error)
                if not is_passing(error) or getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY:
                    raise  # a job that writes where it may only read, too
                self.outage.failed("read", error)
                left = pause if deadline is None else min(pause, deadline - self._loop.time())
                if left <= 0:
                    raise unavailable(error) from error
                await self.outage.pause(left, error)
                self._check()
            else:
                self.outage.worked("read")
                return result
        raise AssertionError

    def _first(self, db: Connection) -> None:
        """At the beginning of each transaction."""
        if self._files is not None:
            self._files.check()
        if self.heartbeat is not None:
            self.heartbeat.beat(db)

    def _look(self) -> None:
        """On the heartbeat's thread."""
        if (lost := self._lost()) is not None:
            self._loop.call_soon_threadsafe(self._lose, lost)

    def _lost(self) -> DatabaseGone | None:
        """Why the files are no longer those that were opened; None while they are."""
        try:
            if self._files is not None:
                self._files.check()
        except DatabaseGone as error:
            return error
        except OSError as error:
            logger.debug("nobody can tell now whether the database is still there: %s", error)
        return None

    def _lose(self, error: BaseException) -> None:
        if self.gone.done():
            return
        gone = error if isinstance(error, DatabaseGone) else DatabaseGone(f"{str(self._path)!r} is damaged: {error}")
        self.gone.set_result(gone)
        self._writer.give_up()

    def _check(self, cause: Exception | None = None) -> None:
        """Raises `DatabaseGone` once it is. What could not be done may be how that shows first: a table is missing."""
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError(
                "this storage was opened in another event loop: open one with `async with open_storage(...)` in the "
                "loop that uses it, or call the blocking twins (`graph.invoke(...)`) where no loop runs"
            )
        if cause is not None and (lost := self._lost()) is not None:
            self._lose(lost)
        if self.gone.done():
            raise DatabaseGone(str(self.gone.result())) from cause


def open_storage(url: str, *, clock: Clock = utc_now, ids: Callable[[], str] = new_id) -> EitherWay[Storage]:
    """Open (and create, and migrate) the database at `url`: `sqlite:///relative.db`, `sqlite:////absolute.db`, or
    `sqlite://` in memory. `async with` it in an event loop, `with` it where there is none: then it is for the blocking
    twins (`graph.invoke`). `clock` and `ids` are handed in so that tests can hand in theirs.

    Raises `NotOurDatabase` for a file that is something else, `ValueError` for another kind of URL, and
    `StorageUnavailable` when another program keeps the file locked for `BUSY_TIMEOUT` seconds.
    """
    return EitherWay(_opened(url, clock, ids), "open_storage(...)")


@asynccontextmanager
async def _opened(url: str, clock: Clock, ids: Callable[[], str]) -> AsyncGenerator[Storage]:
    path = path_of(url)
    path = path.absolute() if path is not None else None  # wherever this process goes meanwhile
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(connect(path))
        try:
            await connection.run(lambda db: prepare(db, path))
        except sqlite3.DatabaseError as error:
            if sqlite_code(error) == sqlite3.SQLITE_BUSY:
                raise unavailable(error) from error
            if not is_fatal(error):
                raise
            raise NotOurDatabase(f"{str(path)!r} is damaged ({error}). Put a copy of it in its place.") from error
        storage = Storage(connection, path, clock=clock, ids=ids)
        await storage.impatient(BUSY_TIMEOUT).write(lambda db: owners.register(db, storage.owner))
        storage.watch_files()
        try:
            yield storage
        finally:
            await storage.close()


def _id(thread_id: str | int | UUID) -> ThreadId:
    """The id as rows hold it; "", which no thread has, of what can be none."""
    return thread_id_text(thread_id) or ThreadId("")


def _shrink(db: Connection) -> None:
    db.execute("vacuum")
    db.execute("pragma wal_checkpoint(truncate)")
