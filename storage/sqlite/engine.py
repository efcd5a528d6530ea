"""SQLite's engine: a writer, readers beside it, and a look at whether the file is still there."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

from storage import owners
from storage.changes import Changes
from storage.engine import Clock, utc_now
from storage.errors import DatabaseGone, NotOurDatabase, StorageError, is_fatal, is_passing, sqlite_code
from storage.ids import OwnerId
from storage.jobs import Job
from storage.outage import Outage, pauses, unavailable
from storage.sqlite.connections import BUSY_TIMEOUT, Connection, JobConnection, Readers, connect
from storage.sqlite.data_version import DataVersion
from storage.sqlite.files import OpenedFiles
from storage.sqlite.heartbeat import Heartbeat
from storage.sqlite.opening import prepare
from storage.sqlite.writer import Writer
from storage.urls import path_of

logger = logging.getLogger(__name__)

T = TypeVar("T")

READERS = 2


class SqliteEngine:
    """An `Engine` on one file, or on a database in memory, where the writer's connection is the only one."""

    def __init__(self, connection: JobConnection, path: Path | None, owner: OwnerId) -> None:
        self._path = path
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._versions = DataVersion(path) if path is not None else None
        self.changes = Changes() if self._versions is None else Changes(self._versions.now)
        self.outage = Outage()
        self.gone: asyncio.Future[DatabaseGone] = self._loop.create_future()
        """Its file was deleted or replaced, or is damaged."""
        self._files: OpenedFiles | None = None
        self.connection = connection
        self.heartbeat = Heartbeat(path, owner, look=self._look) if path is not None else None
        self.writer = Writer(
            connection, self.changes.commit_happened, self._first, outage=self.outage, on_loss=self._lose
        )
        self.readers = Readers(path, READERS) if path is not None else None

    @property
    def clock(self) -> Clock:
        """Whoever shares a file shares a machine, and so its clock."""
        return utc_now

    @property
    def hops(self) -> int:
        return self.connection.hops + (self.readers.hops if self.readers is not None else 0)

    async def write(self, job: Job[T], of: str | None, patience: float | None, *, keeps: bool) -> T:
        """There is one writer, whatever the job changes rows `of`."""
        self._check()
        try:
            return await self.writer.write(job, patience, keeps=keeps)
        except sqlite3.Error as error:
            self._check(error)
            raise

    async def read(self, job: Job[T], patience: float | None) -> T:
        self._check()
        if self.readers is None:
            return await self.write(job, None, patience, keeps=False)
        deadline = None if patience is None else self._loop.time() + patience
        for pause in pauses():
            try:
                result = await self.readers.read(job)
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

    def give_up(self) -> None:
        self.writer.give_up()

    async def shrink(self) -> None:
        """Writers wait meanwhile."""
        if self._path is not None:
            async with connect(self._path, new=False) as db:
                await db.run(_shrink)

    async def start(self) -> None:
        """Take part: as an owner of threads, and as one who notices when a file is deleted or replaced."""
        await self.write(lambda db: owners.register(db, self._owner), None, BUSY_TIMEOUT, keeps=False)
        if self._path is not None and self.heartbeat is not None:
            self._files = OpenedFiles(self._path)
            self.heartbeat.start()

    async def close(self) -> None:
        if self.heartbeat is not None:
            await asyncio.to_thread(self.heartbeat.stop)
        self.writer.give_up()
        with suppress(StorageError, sqlite3.Error):  # where the row stays, it expires
            await self.write(lambda db: owners.unregister(db, self._owner), None, None, keeps=False)
        await self.writer.close()
        if self.readers is not None:
            await self.readers.close()
        if self._versions is not None:
            await self._versions.close()

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
        self.writer.give_up()

    def _check(self, cause: Exception | None = None) -> None:
        """Raises `DatabaseGone` once it is. What could not be done may be how that shows first: a table is missing."""
        if cause is not None and (lost := self._lost()) is not None:
            self._lose(lost)
        if self.gone.done():
            raise DatabaseGone(str(self.gone.result())) from cause


@asynccontextmanager
async def opened(url: str, owner: OwnerId) -> AsyncGenerator[SqliteEngine]:
    """The engine of the file at the URL, which is made, and brought to this version."""
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
        engine = SqliteEngine(connection, path, owner)
        await engine.start()
        try:
            yield engine
        finally:
            await engine.close()


def _shrink(db: Connection) -> None:
    db.execute("vacuum")
    db.execute("pragma wal_checkpoint(truncate)")
