"""The one writer: a bounded queue of jobs, and one transaction for all that are ready.

What several threads have ready shares one commit, so the cost of an fsync is shared. A caller hears of its job only
after the commit. A job that raises is rolled back alone. What cannot be stored now (a lock, a full disk) is tried
again, in its order: what comes later may build on it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from storage import events
from storage.errors import StorageClosed, StorageError, is_fatal, is_passing, sqlite_code
from storage.jobs import Job
from storage.outage import Outage, pauses, unavailable
from storage.sqlite.connections import ATTEMPT, Connection, JobConnection
from storage.sqlite.guard import translated

T = TypeVar("T")

QUEUE_LIMIT = 1024
BATCH_LIMIT = 64


@dataclass(eq=False)
class _Entry:
    """A job that waits for its commit, until `deadline` (the loop's time); None: for as long as it takes."""

    job: Job[Any]
    done: asyncio.Future[Any]
    deadline: float | None


_JobResult = tuple[_Entry, Any, BaseException | None]


class _Undone(Exception):
    """The whole transaction was rolled back, for this reason."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Writer:
    """Runs jobs on one connection, several to a transaction. `on_commit` is called in the event loop; `first` runs at
    the beginning of each transaction; `on_loss` hears that the database cannot be used any more.
    """

    def __init__(
        self,
        connection: JobConnection,
        on_commit: Callable[[], None],
        first: Callable[[Connection], None] | None = None,
        *,
        outage: Outage | None = None,
        on_loss: Callable[[BaseException], None] = lambda error: None,
    ) -> None:
        self._connection = connection
        self._on_commit = on_commit
        self._first = first
        self._outage = Outage() if outage is None else outage
        self._on_loss = on_loss
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(QUEUE_LIMIT)
        self._waiting: deque[_Entry] = deque()
        self._lock = threading.Lock()
        self._at_work = False
        self._closed = False
        self._pauses: Iterator[float] | None = None
        self._again: asyncio.TimerHandle | None = None

    async def write(self, job: Job[T], patience: float | None = None, *, keeps: bool = False) -> T:
        """Run `job` in a transaction; its result, once that is committed. A cancelled caller does not undo it.

        With `patience`, raises `StorageUnavailable` when so many seconds have passed and nothing can be stored now;
        then it is not stored, or with `keeps` only later. However long it takes, a writer that has much to do is no
        reason.
        """
        if self._closed:
            raise StorageClosed("the storage was closed; what still needs it has to end before open_storage does")
        await self._enter(patience)
        deadline = None if patience is None or keeps else self._loop.time() + patience
        entry = _Entry(job, self._loop.create_future(), deadline)
        with self._lock:
            self._waiting.append(entry)
            idle, self._at_work = not self._at_work, True
        if idle:  # whoever else is ready in this turn of the loop comes along
            self._loop.call_soon(self._connection.submit, self._work)
        if patience is not None:
            self._try_now()
            while not entry.done.done():
                await asyncio.wait([entry.done], timeout=patience)
                if self._outage.is_on and not entry.done.done():
                    if keeps:
                        raise unavailable()
                    self._withdraw(entry)
        return await entry.done

    def give_up(self) -> None:
        """Try what waits once more, now, and nothing again: what cannot be stored then has failed."""
        self._outage.give_up()
        self._try_now()

    async def close(self) -> None:
        """Take no more, and finish what is queued."""
        self._closed = True
        for _ in range(QUEUE_LIMIT):
            await self._room.acquire()
        if self._again is not None:
            self._again.cancel()

    async def _enter(self, patience: float | None) -> None:
        while True:
            try:
                async with asyncio.timeout(patience):
                    await self._room.acquire()
            except TimeoutError:
                if self._outage.is_on:
                    raise unavailable() from None
            else:
                return

    def _withdraw(self, entry: _Entry) -> None:
        """Take back what is still queued. What is being stored at this moment is told when it is, or is not."""
        with self._lock:
            queued = entry in self._waiting
            if queued:
                self._waiting.remove(entry)
        if queued:
            self._tell([(entry, None, unavailable())])

    def _work(self, db: Connection, probe: bool = False) -> None:
        """On the connection's thread: a transaction for what is waiting, until nothing is. `probe`: one also when
        nothing is, to see whether one can be.
        """
        while True:
            with self._lock:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_LIMIT))]
                self._at_work = bool(batch) or probe
            if not (batch or probe):
                return
            probe = False
            before = db.total_changes
            results: list[_JobResult]
            try:
                results = _commit(db, batch, self._first)
            except _Undone as undone:
                if is_passing(undone.error):
                    with self._lock:
                        self._waiting.extendleft(reversed(batch))
                    self._loop.call_soon_threadsafe(self._failed, undone.error)
                    return
                results = [(entry, None, undone.error) for entry in batch]
            self._loop.call_soon_threadsafe(self._ended, results, db.total_changes != before)

    def _failed(self, error: BaseException) -> None:
        """Nothing could be stored: whoever can wait no longer hears of it, and the others' turn comes again."""
        self._outage.failed("store", error)
        now = self._loop.time()
        with self._lock:
            queued = list(self._waiting)
            over = [each for each in queued if self._outage.is_given_up or (each.deadline and each.deadline <= now)]
            gone = set(map(id, over))
            self._waiting = deque(each for each in queued if id(each) not in gone)
        self._tell([(entry, None, unavailable(error)) for entry in over])
        self._pauses = self._pauses or pauses()
        if not self._closed or self._waiting:
            self._again = self._loop.call_later(next(self._pauses), self._try_again)

    def _try_now(self) -> None:
        """End the pause before the next attempt, if there is one."""
        if self._again is not None:
            self._again.cancel()
            self._try_again()

    def _try_again(self) -> None:
        self._again = None
        self._connection.submit(lambda db: self._work(db, probe=True))

    def _ended(self, results: list[_JobResult], changed: bool) -> None:
        """A transaction came to its end."""
        self._pauses = None
        self._outage.worked("store")
        if changed:  # in memory, reads come this way too
            self._on_commit()
        self._tell(results)

    def _tell(self, results: list[_JobResult]) -> None:
        for entry, result, error in results:
            self._room.release()
            if error is not None and is_fatal(error):
                self._on_loss(error)
            if error is None:  # whether anybody still waits for it or not
                events.tell(entry.job, self._loop)
            if entry.done.cancelled():
                continue
            if error is None:
                entry.done.set_result(result)
            else:
                entry.done.set_exception(error)
                entry.done.exception()  # a caller that was cancelled does not ask for it


def _commit(db: Connection, batch: list[_Entry], first: Callable[[Connection], None] | None) -> list[_JobResult]:
    """One transaction. Raises `_Undone`."""
    try:
        _take_turn(db)
        if first is not None:
            first(db)
        alone = len(batch) == 1
        results = [(entry, *_attempt(db, entry.job, alone=alone)) for entry in batch]
        db.execute("commit")
    except (sqlite3.Error, OSError, StorageError, _Undone) as error:
        if db.in_transaction:
            with suppress(sqlite3.Error):  # it is undone all the same
                db.execute("rollback")
        raise error if isinstance(error, _Undone) else _Undone(error) from error
    return results


def _take_turn(db: Connection) -> None:
    deadline = time.monotonic() + ATTEMPT
    while True:
        try:
            db.execute("begin immediate")
        except sqlite3.OperationalError as error:
            if sqlite_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        else:
            return


def _attempt(db: Connection, job: Job[Any], *, alone: bool) -> tuple[Any, BaseException | None]:
    """The job's result or its error, with what a failed one had written undone. Raises `_Undone` where that cannot be
    undone alone: SQLite gives up the whole transaction after some errors; or where it may go well the next time.
    """
    if not alone:
        db.execute("savepoint job")
    try:
        result = job(db)
    except Exception as error:
        if is_passing(error) or not db.in_transaction:
            raise _Undone(error) from error
        db.execute("rollback" if alone else "rollback to job")
        db.execute("begin" if alone else "release job")
        return None, translated(error)
    if not alone:
        db.execute("release job")
    return result, None
