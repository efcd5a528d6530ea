"""Opening the database, and the `Storage` that everything durable goes through."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from storage import checkpoints, interrupts, owners, states, threads
from storage.changes import Changes
from storage.connections import BUSY_TIMEOUT, Connection, Job, JobConnection, Readers, connect
from storage.errors import NotOurDatabase
from storage.ids import OwnerId, ThreadId, thread_id_text
from storage.interrupts import InterruptRow
from storage.migrations import APPLICATION_ID, MIGRATIONS, migrate
from storage.recent import Recent
from storage.writer import Writer

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
    """One open database: `read` and `write` take the queries of this package's rooms.

    Two `open_storage` on one file in one process are two owners of threads.
    """

    def __init__(self, connection: JobConnection, path: Path | None, *, clock: Clock, ids: Callable[[], str]) -> None:
        self._path = path
        self.owner = OwnerId(new_id())
        self.clock = clock
        self.new_id = ids
        self.changes = Changes(connect(path) if path is not None else None)
        self._connection = connection
        self.heartbeat = owners.Heartbeat(path, self.owner) if path is not None else None
        beat = self.heartbeat.beat if self.heartbeat is not None else None
        self._writer = Writer(connection, self.changes.commit_happened, beat)
        self._readers = Readers(path, READERS) if path is not None else None
        self.recent = Recent()

    def now(self) -> float:
        """The clock's time as rows hold it: Unix seconds."""
        return self.clock().timestamp()

    @property
    def hops(self) -> int:
        """How often a job, or several in one transaction, was handed to a connection's thread so far."""
        return self._connection.hops + (self._readers.hops if self._readers is not None else 0)

    async def write(self, job: Job[T]) -> T:
        """Run `job(connection)` in a transaction; returns after the commit. What it raises undoes it alone."""
        return await self._writer.write(job)

    async def read(self, job: Job[T]) -> T:
        """Run `job(connection)` on one consistent view. In memory the writer's connection is the only one."""
        return await (self._writer.write(job) if self._readers is None else self._readers.read(job))

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

    async def delete_thread(self, thread_id: str | int | UUID) -> None:
        """Remove everything of a thread. One that does not exist is no error."""
        await self.write(lambda db: threads.delete(db, _id(thread_id)))

    async def prune(self, thread_id: str | int | UUID, keep: int) -> None:
        """Forget all but the newest `keep` snapshots of a thread; what waits stays. `keep` is at least 1."""
        if keep < 1:
            raise ValueError(f"keep={keep!r}: at least the newest snapshot stays; delete_thread removes the thread")
        await self.write(lambda db: checkpoints.prune(db, _id(thread_id), keep))

    async def shrink(self) -> None:
        """Give the space of what was deleted back to the file system. Writers wait meanwhile, up to `BUSY_TIMEOUT`."""
        if self._path is not None:
            async with connect(self._path) as db:
                await db.run(_shrink)

    async def close(self) -> None:
        """Commit what is queued and give up all threads. `open_storage` does it."""
        if self.heartbeat is not None:
            await asyncio.to_thread(self.heartbeat.stop)
        await self.write(lambda db: owners.unregister(db, self.owner))
        await self._writer.close()
        if self._readers is not None:
            await self._readers.close()
        await self.changes.close()


@asynccontextmanager
async def open_storage(url: str, *, clock: Clock = utc_now, ids: Callable[[], str] = new_id) -> AsyncGenerator[Storage]:
    """Open (and create, and migrate) the database at `url`: `sqlite:///relative.db`, `sqlite:////absolute.db`, or
    `sqlite://` in memory. `clock` and `ids` are handed in so that tests can hand in theirs.

    Raises `NotOurDatabase` for a file that is something else, `ValueError` for another kind of URL.
    """
    path = _path(url)
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(connect(path))
        await connection.run(lambda db: _prepare(db, path))
        storage = Storage(connection, path, clock=clock, ids=ids)
        await storage.write(lambda db: owners.register(db, storage.owner))
        if storage.heartbeat is not None:
            storage.heartbeat.start()
        try:
            yield storage
        finally:
            await storage.close()


def _id(thread_id: str | int | UUID) -> ThreadId:
    """The id as rows hold it; "", which no thread has, of what can be none."""
    return thread_id_text(thread_id) or ThreadId("")


def _path(url: str) -> Path | None:
    """The file that the URL names; None for the database in memory."""
    scheme, separator, rest = url.partition("://")
    if scheme != "sqlite" or not separator:
        raise ValueError(f"{url!r} is no database URL: expected sqlite:///file.db, or sqlite:// for one in memory")
    return Path(rest.removeprefix("/")) if rest.strip("/") else None


def _prepare(db: Connection, path: Path | None) -> None:
    """Check that the file is ours, set it up, and bring it to this version; with any number of others at once."""
    version = _check(db, path)
    if path is not None:
        _use_wal(db)
    db.execute("pragma synchronous = full")  # a commit that was told is on the disk
    if version < len(MIGRATIONS):
        db.execute("begin immediate")
        migrate(db)  # looks at the version again: another process may have been first
        db.execute("commit")
    states.guard(db)


def _check(db: Connection, path: Path | None) -> int:
    """The file's version. Raises `NotOurDatabase`."""
    try:
        db.execute("begin")  # one look: another process may be setting the file up right now
        mark, version, tables = (
            db.execute(sql).fetchone()[0]
            for sql in ("pragma application_id", "pragma user_version", "select count(*) from sqlite_master")
        )
        db.execute("rollback")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname != "SQLITE_NOTADB":
            raise
        raise NotOurDatabase(
            f"{str(path)!r} is no SQLite database ({error}). Point DATABASE_URL at another file."
        ) from None
    if mark != APPLICATION_ID and (tables or mark):
        raise NotOurDatabase(f"{str(path)!r} belongs to another program. Point DATABASE_URL at another file.")
    if version > len(MIGRATIONS):
        raise NotOurDatabase(
            f"{str(path)!r} was written by a newer Signoff (version {version}, this one knows {len(MIGRATIONS)}). "
            "Install the newer one."
        )
    return version


def _use_wal(db: Connection) -> None:
    """Readers and the writer do not wait for each other. Where another process switches at the same moment, SQLite says
    "locked" at once instead of waiting, so this waits.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            db.execute("pragma journal_mode = wal")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname not in ("SQLITE_BUSY", "SQLITE_LOCKED") or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _shrink(db: Connection) -> None:
    db.execute("vacuum")
    db.execute("pragma wal_checkpoint(truncate)")
