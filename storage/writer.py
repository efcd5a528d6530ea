"""The one writer: a bounded queue of jobs, and one transaction for all that are ready.

What several threads have ready shares one commit, so the cost of an fsync is shared. A caller hears of its job only
after the commit. A job that raises is rolled back alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import aiosqlite

from storage import states
from storage.errors import StorageClosed

T = TypeVar("T")
Job = Callable[[aiosqlite.Connection], Awaitable[T]]

QUEUE_LIMIT = 1024
BATCH_LIMIT = 64


@dataclass
class _Entry:
    job: Job[Any]
    done: asyncio.Future[Any]


class Writer:
    """Runs jobs on one connection, several to a transaction."""

    def __init__(self, connection: aiosqlite.Connection, on_commit: Callable[[], None]) -> None:
        self._db = connection
        self._on_commit = on_commit
        self._queue: asyncio.Queue[_Entry | None] = asyncio.Queue(QUEUE_LIMIT)
        self._closed = False
        self._task = asyncio.create_task(self._run(), name="storage writer")

    async def write(self, job: Job[T]) -> T:
        """Run `job` in a transaction; its result, once that is committed. A cancelled caller does not undo it."""
        if self._closed:
            raise StorageClosed("the storage was closed; what still needs it has to end before open_storage does")
        entry = _Entry(job, asyncio.get_running_loop().create_future())
        entry.done.add_done_callback(lambda done: done.cancelled() or done.exception())
        await self._queue.put(entry)
        return await asyncio.shield(entry.done)

    async def close(self) -> None:
        """Finish what is queued, then stop."""
        self._closed = True
        await self._queue.put(None)
        await self._task

    async def _run(self) -> None:
        open_ = True
        while open_:
            batch: list[_Entry] = []
            entry = await self._queue.get()
            while entry is not None:
                batch.append(entry)
                if len(batch) == BATCH_LIMIT or self._queue.empty():
                    break
                entry = self._queue.get_nowait()
            open_ = entry is not None
            if batch:
                await self._commit(batch)

    async def _commit(self, batch: list[_Entry]) -> None:
        outcomes: list[tuple[asyncio.Future[Any], Any, BaseException | None]]
        before = self._db.total_changes
        try:
            await self._db.execute("begin immediate")
            alone = len(batch) == 1
            outcomes = [(entry.done, *await self._attempt(entry.job, alone=alone)) for entry in batch]
            await self._db.execute("commit")
        except aiosqlite.Error as error:
            if self._db.in_transaction:
                await self._db.execute("rollback")
            outcomes = [(entry.done, None, error) for entry in batch]
        if self._db.total_changes != before:  # in memory, reads come this way too
            self._on_commit()
        for done, result, error in outcomes:
            if error is None:
                done.set_result(result)
            else:
                done.set_exception(error)

    async def _attempt(self, job: Job[Any], *, alone: bool) -> tuple[Any, BaseException | None]:
        """The job's result or its error, with what a failed one had written undone."""
        if not alone:
            await self._db.execute("savepoint job")
        try:
            result = await job(self._db)
        except Exception as error:  # noqa: BLE001 - whatever a job raises is its caller's, not the batch's
            await self._db.execute("rollback" if alone else "rollback to job")
            if alone:
                await self._db.execute("begin")
            else:
                await self._db.execute("release job")
            return None, states.named(error)
        if not alone:
            await self._db.execute("release job")
        return result, None
