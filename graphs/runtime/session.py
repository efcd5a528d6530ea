"""One run of a thread, as all its graphs and tasks share it: the lease, what was asked and claimed before, the
streams.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from graphs.runtime.types import Config
from storage import Connection, Storage, checkpoints, claims, interrupts, tasks, threads
from storage.checkpoints import CheckpointRow, ValueChange
from storage.claims import ClaimRow
from storage.ids import InterruptId, Scope, TaskId, ThreadId
from storage.interrupts import InterruptRow, NewInterrupt
from storage.tasks import TaskRow
from storage.threads import Lease, ThreadStatus

Durability = Literal["sync", "exit"]
Emit = Callable[[str, Any], None]
"""Hands a chunk to the stream mode of that name."""


@dataclass
class Commit:
    """What one transaction of a run stores. With `release` it gives the thread back in that status."""

    checkpoint: tuple[CheckpointRow, list[ValueChange]] | None = None
    tasks: list[TaskRow] = field(default_factory=list[TaskRow])
    questions: list[NewInterrupt] = field(default_factory=list[NewInterrupt])
    consumed: list[InterruptId] = field(default_factory=list[InterruptId])
    reopened: list[Scope] = field(default_factory=list[Scope])
    cancelled: list[InterruptId] = field(default_factory=list[InterruptId])
    ended: list[Scope] = field(default_factory=list[Scope])
    release: ThreadStatus | None = None

    async def store(self, db: Connection, thread_id: ThreadId, now: float) -> None:
        if self.checkpoint is not None:
            await checkpoints.save(db, *self.checkpoint)
        if self.ended:
            await tasks.clear(db, self.ended)
        for row in self.tasks:
            await tasks.save(db, thread_id, row, now)
        if self.consumed:
            await interrupts.consume(db, self.consumed)
        for question in self.questions:
            await interrupts.ask(db, question, now)
        for scope in self.reopened:
            await interrupts.reopen(db, scope)
        if self.cancelled:
            await interrupts.cancel(db, thread_id, self.cancelled)


@dataclass
class Ledger:
    """What the tasks in flight asked, were answered, claimed and finished before: by scope."""

    asked: dict[Scope, dict[int, InterruptRow]] = field(default_factory=dict[Scope, dict[int, InterruptRow]])
    claims: dict[tuple[Scope, str], ClaimRow] = field(default_factory=dict[tuple[Scope, str], ClaimRow])
    tasks: dict[Scope, TaskRow] = field(default_factory=dict[Scope, TaskRow])

    @classmethod
    async def load(cls, db: Connection, roots: Iterable[TaskId]) -> Ledger:
        roots = list(roots)
        ledger = cls(tasks=await tasks.of_tasks(db, roots))
        for row in await interrupts.of_tasks(db, roots):
            ledger.asked.setdefault(row.scope, {})[row.ordinal] = row
        ledger.claims = {(row.scope, row.key): row for row in await claims.of_tasks(db, roots)}
        return ledger

    def within(self, scope: Scope) -> list[InterruptRow]:
        """The questions of a task and of everything in it."""
        inside = f"{scope}/"
        return [
            row
            for path, rows in self.asked.items()
            if path == scope or path.startswith(inside)
            for row in rows.values()
        ]

    def answered(self, scope: Scope) -> list[InterruptId]:
        """Answers that have not reached this task yet."""
        return [row.id for row in self.within(scope) if row.status == "answered" and not row.consumed]


@dataclass
class Session:
    """Everything a run shares. Without a checkpointer `storage` is None and nothing is stored."""

    thread_id: ThreadId
    storage: Storage | None
    lease: Lease | None
    new_id: Callable[[], str]
    config: Config
    context: Any
    by: str | None
    """Who gave the input that this run works on."""
    answered_by: str | None
    """Who resumed it."""
    emit: Emit
    stop: Callable[[], bool]
    durability: Durability
    released: bool = False
    flush: Callable[[], Awaitable[None]] | None = None
    roots: tuple[TaskId, ...] = ()
    ledger: Ledger = field(default_factory=Ledger)

    async def commit(self, commit: Commit) -> None:
        """Store it, fenced. A thread that was to wait is not given back, so not `released`, when an answer came in."""
        assert self.storage is not None
        assert self.lease is not None
        storage, lease = self.storage, self.lease
        self.released = await storage.write(lambda db: _store(db, commit, lease, storage.now()))
        if commit.tasks or commit.questions:
            await self.refresh()

    async def claim(self, row: ClaimRow) -> None:
        """Store a claim before its effect begins: only while the lease is held, and with the task it is for on disk."""
        if self.flush is not None:
            await self.flush()
        if self.storage is not None and self.lease is not None:
            storage, lease = self.storage, self.lease

            async def job(db: Connection) -> None:
                await threads.hold(db, lease, storage.now())
                await claims.put(db, row)

            await storage.write(job)
        self.ledger.claims[row.scope, row.key] = row

    async def settle(self, row: ClaimRow) -> None:
        """Store what became of a claim, also when the lease is lost: the effect has happened all the same."""
        if self.storage is not None:
            await self.storage.write(lambda db: claims.put(db, row))
        self.ledger.claims[row.scope, row.key] = row

    async def refresh(self) -> None:
        """Read again what the tasks in flight were answered."""
        if self.storage is not None:
            self.ledger = await self.storage.read(lambda db: Ledger.load(db, self.roots))

    async def news(self, scopes: Iterable[Scope]) -> None:
        """Return once an answer has come in for one of these tasks, or for something in it."""
        assert self.storage is not None
        while True:
            mark = await self.storage.changes.mark()
            rows = await self.storage.read(lambda db: interrupts.newly_answered(db, self.thread_id))
            if any(row.scope == scope or row.scope.startswith(f"{scope}/") for row in rows for scope in scopes):
                return
            await self.storage.changes.wait(mark, timeout=60)

    def now(self) -> float:
        return self.storage.now() if self.storage is not None else 0.0


async def _store(db: Connection, commit: Commit, lease: Lease, now: float) -> bool:
    await commit.store(db, lease.thread_id, now)
    release = commit.release
    if release == "waiting" and await interrupts.newly_answered(db, lease.thread_id):
        release = None
    await threads.hold(db, lease, now, release=release)
    return release is not None
