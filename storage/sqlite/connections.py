"""SQLite's connections, each with a thread of its own, on which jobs run whole."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Self, TypeVar, cast

import aiosqlite

from storage.errors import is_passing
from storage.jobs import Job
from storage.sqlite import files

Connection = sqlite3.Connection
"""What a job is given here. Rows come as `sqlite3.Row`."""

T = TypeVar("T")

BUSY_TIMEOUT = 30.0
"""Seconds that setting up a file waits for another process's transaction to end."""

ATTEMPT = 1.5
"""Seconds that a statement waits for that, in a database that is set up: then the attempt has failed, and whoever can
wait has another one made.
"""

LOOK = 0.005
"""Seconds that SQLite waits by itself for the writer's turn; then it is asked anew, until the attempt is over. By
itself it looks ever more rarely, ten times a second in the end, and beside one that stores without a pause finds it
taken each time.
"""


class JobConnection(aiosqlite.Connection):
    """One of SQLite's connections on its thread. aiosqlite has no public way to run a function there, so this uses its
    protected `_execute`, `_tx` and `_conn`: its minor version is pinned, and a test fails when they change.
    """

    hops = 0
    """How often something was handed to the thread: what a caller waits for, beside the disk."""
    _stopped: asyncio.Future[Any] | None = None

    async def run(self, job: Callable[[Connection], T]) -> T:
        """What `job(connection)` returns or raises. A cancelled caller does not stop it; the next one queues behind."""
        self.hops += 1
        return await cast("Callable[..., Awaitable[T]]", self._execute)(job, self._conn)  # pyright: ignore[reportUnknownMemberType]

    def submit(self, work: Callable[[Connection], None]) -> None:
        """Have `work(connection)` done, without an answer. It must not raise."""
        self.hops += 1
        queue = cast("SimpleQueue[tuple[None, Callable[[], None]]]", self._tx)  # pyright: ignore[reportUnknownMemberType]
        queue.put_nowait((None, lambda: work(self._conn)))

    def stop(self) -> asyncio.Future[Any] | None:
        self._stopped = super().stop()  # pyright: ignore[reportUnknownMemberType]
        return self._stopped

    async def __aenter__(self) -> Self:
        try:
            await self
        except BaseException:
            if self._stopped is not None:  # aiosqlite ends the thread of what could not be opened without waiting
                await self._stopped
            raise
        return self


def connect(path: Path | None, *setup: str, new: bool = True, timeout: float = BUSY_TIMEOUT) -> JobConnection:
    """A connection to the file, or to a database in memory of its own, after these statements; enter it to open it.

    With `new` a file that is not there is made. `timeout` is how many seconds a statement waits for another process's
    transaction.
    """
    return JobConnection(lambda: open_file(path, setup, new=new, timeout=timeout), iter_chunk_size=64)


def open_file(path: Path | None, setup: Sequence[str], *, new: bool, timeout: float) -> Connection:
    """What `connect` opens, for a thread that is there already."""
    if path is not None and new and not path.exists():
        files.create(path)
    name = ":memory:" if path is None else f"{path.absolute().as_uri()}?mode=rw"
    db = sqlite3.connect(name, timeout=timeout, isolation_level=None, cached_statements=512, uri=True)
    db.row_factory = sqlite3.Row
    db.create_function("seconds", 0, time.time)
    try:
        for statement in setup:
            db.execute(statement)
    except sqlite3.Error:
        db.close()
        raise
    return db


class Readers:
    """Up to `most` connections to read through, opened when they are first needed."""

    def __init__(self, path: Path, most: int) -> None:
        self._path = path
        self._room = asyncio.Semaphore(most)
        self._free: list[JobConnection] = []
        self._opened: list[JobConnection] = []

    async def read(self, job: Job[T]) -> T:
        """Run `job` on one consistent view, in one hop."""
        async with self._room:
            reader = await self._take()
            try:
                return await reader.run(lambda db: _at_one_moment(db, job))
            finally:
                if reader not in self._free:
                    self._free.append(reader)

    async def _take(self) -> JobConnection:
        if self._free:
            return self._free.pop()
        try:
            # A query in the wrong place fails instead of writing.
            reader = await connect(self._path, "pragma query_only = on", new=False, timeout=ATTEMPT).__aenter__()
        except (sqlite3.Error, OSError) as error:
            if not self._opened or not is_passing(error):
                raise
            return self._opened[0]  # which has another job before this one
        self._opened.append(reader)
        return reader

    @property
    def hops(self) -> int:
        return sum(reader.hops for reader in self._opened)

    async def close(self) -> None:
        """End them, whoever still reads first."""
        for reader in self._opened:
            await reader.close()


def _at_one_moment(db: Connection, job: Callable[[Connection], T]) -> T:
    db.execute("begin")
    try:
        return job(db)
    finally:
        if db.in_transaction:  # some errors have ended it
            db.execute("rollback")
