"""Opening the database: its connections, its pragmas, and the `Storage` that everything durable goes through."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import aiosqlite

from storage import checkpoints, interrupts, owners, states, threads
from storage.changes import Changes
from storage.errors import NotOurDatabase
from storage.ids import OwnerId, ThreadId
from storage.interrupts import InterruptRow
from storage.migrations import APPLICATION_ID, MIGRATIONS, fetch_one, migrate
from storage.recent import Recent
from storage.writer import Job, Writer

T = TypeVar("T")

READERS = 3
BUSY_TIMEOUT = 30.0
"""Seconds that a writer waits for another process's transaction to end."""

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    """32 lower-case hex digits, never given twice."""
    return uuid.uuid4().hex


class Storage:
    """One open database: `read` and `write` take the queries of this package's rooms.

    Two `open_storage` on one file in one process are two owners of threads.
    """

    def __init__(
        self,
        writer: aiosqlite.Connection,
        readers: list[aiosqlite.Connection],
        watcher: aiosqlite.Connection | None,
        *,
        path: Path | None,
        clock: Clock,
        ids: Callable[[], str],
    ) -> None:
        self._path = path
        self.owner = OwnerId(new_id())
        self.clock = clock
        self.new_id = ids
        self.changes = Changes(watcher)
        self._writer = Writer(writer, self.changes.commit_happened)
        self._readers: asyncio.Queue[aiosqlite.Connection] = asyncio.Queue()
        for reader in readers:
            self._readers.put_nowait(reader)
        self._in_memory = not readers
        self.recent = Recent()

    def now(self) -> float:
        """The clock's time as rows hold it: Unix seconds."""
        return self.clock().timestamp()

    async def write(self, job: Job[T]) -> T:
        """Run `job(connection)` in a transaction; returns after the commit. What it raises undoes it alone."""
        return await self._writer.write(job)

    async def read(self, job: Job[T]) -> T:
        """Run `job(connection)` on one consistent view. In memory the writer's connection is the only one."""
        if self._in_memory:
            return await self._writer.write(job)
        reader = await self._readers.get()
        try:
            await reader.execute("begin")
            return await job(reader)
        finally:
            await asyncio.shield(self._give_back(reader))

    async def _give_back(self, reader: aiosqlite.Connection) -> None:
        """Also for a caller that was cancelled, at whatever statement."""
        try:
            await reader.rollback()
        finally:
            self._readers.put_nowait(reader)

    async def interrupts(
        self,
        *,
        status: str | None = "waiting",
        kind: str | None = None,
        thread_id: str | None = None,
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
                thread_id=thread_id,
                asked_before=asked_before and asked_before.timestamp(),
                expires_before=expires_before and expires_before.timestamp(),
                limit=limit,
            )
        )

    async def delete_thread(self, thread_id: str) -> None:
        """Remove everything of a thread. One that does not exist is no error."""
        await self.write(lambda db: threads.delete(db, ThreadId(thread_id)))

    async def prune(self, thread_id: str, keep: int) -> None:
        """Forget all but the newest `keep` snapshots of a thread; what waits stays. `keep` is at least 1."""
        if keep < 1:
            raise ValueError(f"keep={keep!r}: at least the newest snapshot stays; delete_thread removes the thread")
        await self.write(lambda db: checkpoints.prune(db, ThreadId(thread_id), keep))

    async def shrink(self) -> None:
        """Give the space of what was deleted back to the file system. Writers wait meanwhile, up to `BUSY_TIMEOUT`."""
        if self._path is not None:
            async with _connect(self._path) as db:
                await db.execute("vacuum")
                await db.execute("pragma wal_checkpoint(truncate)")

    async def close(self) -> None:
        """Commit what is queued and give up all threads. `open_storage` does it."""
        await self.write(lambda db: owners.unregister(db, self.owner))
        await self._writer.close()
        for _ in range(0 if self._in_memory else READERS):
            await self._readers.get()  # whoever still reads, ends first


@asynccontextmanager
async def open_storage(url: str, *, clock: Clock = utc_now, ids: Callable[[], str] = new_id) -> AsyncGenerator[Storage]:
    """Open (and create, and migrate) the database at `url`: `sqlite:///relative.db`, `sqlite:////absolute.db`, or
    `sqlite://` in memory. `clock` and `ids` are handed in so that tests can hand in theirs.

    Raises `NotOurDatabase` for a file that is something else, `ValueError` for another kind of URL.
    """
    path = _path(url)
    async with AsyncExitStack() as stack:
        writer = await stack.enter_async_context(_connect(path))
        await _prepare(writer, path)
        readers: list[aiosqlite.Connection] = []
        watcher = None
        if path is not None:
            readers = [await stack.enter_async_context(_connect(path)) for _ in range(READERS)]
            for reader in readers:
                await reader.execute("pragma query_only = on")  # a query in the wrong place fails instead of writing
            watcher = await stack.enter_async_context(_connect(path))
        storage = Storage(writer, readers, watcher, path=path, clock=clock, ids=ids)
        await storage.write(lambda db: owners.register(db, storage.owner))
        heartbeat = owners.Heartbeat(path, storage.owner) if path is not None else None
        try:
            yield storage
        finally:
            if heartbeat is not None:
                await asyncio.to_thread(heartbeat.stop)
            await storage.close()


def _path(url: str) -> Path | None:
    """The file that the URL names; None for the database in memory."""
    scheme, separator, rest = url.partition("://")
    if scheme != "sqlite" or not separator:
        raise ValueError(f"{url!r} is no database URL: expected sqlite:///file.db, or sqlite:// for one in memory")
    return Path(rest.removeprefix("/")) if rest.strip("/") else None


def _connect(path: Path | None) -> aiosqlite.Connection:
    if path is not None and not path.exists():
        # The conversations in it are nobody else's business; SQLite gives its -wal and -shm files the same mode.
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    return aiosqlite.connect(path or ":memory:", timeout=BUSY_TIMEOUT, isolation_level=None)


async def _prepare(db: aiosqlite.Connection, path: Path | None) -> None:
    """Check that the file is ours, set it up, and bring it to this version."""
    try:
        await db.execute("begin")  # one look: another process may be setting the file up right now
        (mark,) = await fetch_one(db, "pragma application_id")
        (version,) = await fetch_one(db, "pragma user_version")
        (tables,) = await fetch_one(db, "select count(*) from sqlite_master")
        await db.execute("rollback")
    except aiosqlite.DatabaseError as error:
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
    await db.execute("pragma journal_mode = wal")  # readers and the writer do not wait for each other
    await db.execute("pragma synchronous = full")  # a commit that was told is on the disk
    await db.execute("begin immediate")
    await migrate(db)
    await db.execute("commit")
    await states.guard(db)
