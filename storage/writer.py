"""The one writer: a bounded queue of jobs, and one transaction for all that are ready.

What several threads have ready shares one commit, so the cost of an fsync is shared. A caller hears of its job only
after the commit. A job that raises is rolled back alone.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from storage import states
from storage.connections import Connection, Job, JobConnection
from storage.errors import StorageClosed

T = TypeVar("T")

QUEUE_LIMIT = 1024
BATCH_LIMIT = 64


@dataclass
class _Entry:
    job: Job[Any]
    done: asyncio.Future[Any]


_JobResult = tuple[_Entry, Any, BaseException | None]


class Writer:
    """Runs jobs on one connection, several to a transaction. `on_commit` is called in the event loop; `first` runs at
    the beginning of each transaction.
    """

    def __init__(
        self,
        connection: JobConnection,
        on_commit: Callable[[], None],
        first: Callable[[Connection], None] | None = None,
    ) -> None:
        self._connection = connection
        self._on_commit = on_commit
        self._first = first
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(QUEUE_LIMIT)
        self._waiting: deque[_Entry] = deque()
        self._lock = threading.Lock()
        self._at_work = False
        self._closed = False

    async def write(self, job: Job[T]) -> T:
        """Run `job` in a transaction; its result, once that is committed. A cancelled caller does not undo it."""
        if self._closed:
            raise StorageClosed("the storage was closed; what still needs it has to end before open_storage does")
        await self._room.acquire()
        entry = _Entry(job, self._loop.create_future())
        with self._lock:
            self._waiting.append(entry)
            idle, self._at_work = not self._at_work, True
        if idle:  # whoever else is ready in this turn of the loop comes along
            self._loop.call_soon(self._connection.submit, self._work)
        return await entry.done

    async def close(self) -> None:
        """Take no more, and finish what is queued."""
        self._closed = True
        for _ in range(QUEUE_LIMIT):
            await self._room.acquire()

    def _work(self, db: Connection) -> None:
        """On the connection's thread: a transaction for what is waiting, until nothing is."""
        while True:
            with self._lock:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_LIMIT))]
                self._at_work = bool(batch)
            if not batch:
                return
            before = db.total_changes
            results = _commit(db, batch, self._first)
            self._loop.call_soon_threadsafe(self._tell, results, db.total_changes != before)

    def _tell(self, results: list[_JobResult], changed: bool) -> None:
        if changed:  # in memory, reads come this way too
            self._on_commit()
        for entry, result, error in results:
            self._room.release()
            if entry.done.cancelled():
                continue
            if error is None:
                entry.done.set_result(result)
            else:
                entry.done.set_exception(error)
                entry.done.exception()  # a caller that was cancelled does not ask for it


def _commit(db: Connection, batch: list[_Entry], first: Callable[[Connection], None] | None) -> list[_JobResult]:
    try:
        db.execute("begin immediate")
        if first is not None:
            first(db)
        alone = len(batch) == 1
        results = [(entry, *_attempt(db, entry.job, alone=alone)) for entry in batch]
        db.execute("commit")
        return results
    except sqlite3.Error as error:
        if db.in_transaction:
            db.execute("rollback")
        return [(entry, None, error) for entry in batch]


def _attempt(db: Connection, job: Job[Any], *, alone: bool) -> tuple[Any, BaseException | None]:
    """The job's result or its error, with what a failed one had written undone."""
    if not alone:
        db.execute("savepoint job")
    try:
        result = job(db)
    except Exception as error:  # noqa: BLE001 - whatever a job raises is its caller's, not the batch's
        db.execute("rollback" if alone else "rollback to job")
        db.execute("begin" if alone else "release job")
        return None, states.translated(error)
    if not alone:
        db.execute("release job")
    return result, None
