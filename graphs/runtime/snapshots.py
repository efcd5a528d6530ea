"""Reading a thread's state and history."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graphs.runtime import breakpoints, positions
from graphs.runtime.configs import checkpoint_of
from graphs.runtime.ledger import Finished, Ledger, finished, written
from graphs.runtime.positions import Position, scope_of
from graphs.runtime.program import Program
from graphs.runtime.seen import ROOT, Seen
from graphs.runtime.step import Task
from graphs.runtime.types import Config, Interrupt, PendingTask, StateSnapshot
from storage import Connection, Storage, checkpoints, threads
from storage.checkpoints import CheckpointRow
from storage.ids import CheckpointId, TaskId, ThreadId
from storage.interrupts import OPEN, InterruptRow

PAGE = 20
"""How many checkpoints of a history are read at a time."""


@dataclass(frozen=True)
class Snapshots:
    """The root graph's checkpoints of one thread, `checkpoint_id` when one of them is meant."""

    program: Program
    storage: Storage
    thread_id: ThreadId
    checkpoint_id: CheckpointId | None

    async def history(
        self, limit: int | None, before: Config | None, filter_: Mapping[str, Any] | None
    ) -> AsyncIterator[StateSnapshot]:
        cursor = checkpoint_of(before) if before else None
        left = limit
        while left is None or left > 0:
            page = await self.storage.read(lambda db, cursor=cursor: self._page(db, cursor))
            for row, snapshot in page:
                cursor = row.checkpoint_id
                metadata = snapshot.metadata or {}
                if all(metadata.get(key) == value for key, value in (filter_ or {}).items()):
                    yield snapshot
                    left = None if left is None else left - 1
                    if left == 0:
                        return
            if len(page) < PAGE:
                return

    def _page(self, db: Connection, before: CheckpointId | None) -> list[tuple[CheckpointRow, StateSnapshot]]:
        rows = checkpoints.history(db, self.thread_id, ROOT, limit=PAGE, before=before)
        found = [(row, positions.from_row(self.program.schema, row, checkpoints.values(db, row))) for row in rows]
        ledger = Ledger.load(db, [task.id for _, position in found for task in position.tasks])
        return [(row, self._snapshot(row, position, ledger)) for row, position in found]

    def get(self, db: Connection) -> StateSnapshot:
        """The thread now, or at `checkpoint_id`. A job."""
        if (recent := self._recent(db)) is not None:
            return recent
        found = positions.read(db, self.program.schema, self.thread_id, ROOT, self.checkpoint_id)
        if found is None:
            return StateSnapshot({}, (), self._config(self.checkpoint_id))
        row, position = found
        return self._snapshot(row, position, Ledger.load(db, [task.id for task in position.tasks]))

    def _recent(self, db: Connection) -> StateSnapshot | None:
        """The thread as a run of this process left it, if nothing was stored since: its values are not read again."""
        seen: Seen | None = self.storage.recent.look((self.program, self.thread_id))
        if self.checkpoint_id is not None or seen is None or seen.head is None:
            return None
        thread = threads.get(db, self.thread_id)
        if thread is None or (thread.version, thread.fence) != (seen.version, seen.fence):
            return None
        row = checkpoints.newest(db, self.thread_id, ROOT)
        return None if row is None else self._snapshot(row, positions.apart(seen.head), seen.ledger)

    def _snapshot(self, row: CheckpointRow, position: Position, ledger: Ledger) -> StateSnapshot:
        """A position with what is stored beyond it: the writes of its finished tasks, and what waits."""
        results = finished(self.program.schema, ledger, ROOT, position.tasks)
        writes = written(position.tasks, results)
        asked = [r for task in position.tasks for r in ledger.within(scope_of(ROOT, task)) if r.status in OPEN]
        return StateSnapshot(
            values=self.program.surface.values(self.program.schema.apply(position.values, writes)),
            next=tuple(task.node for task in position.tasks if task.id not in results),
            config=self._config(row.checkpoint_id),
            metadata={"source": row.source, "step": row.step, **position.metadata, "by": position.by}
            | {"ran": list(position.ran)},
            created_at=datetime.fromtimestamp(row.created_at, UTC),
            parent_config=self._config(row.parent_id) if row.parent_id else None,
            tasks=tuple(_pending(task, results, ledger) for task in position.tasks),
            interrupts=tuple(public(r) for r in asked if r.kind != breakpoints.KIND),
            breakpoints=tuple(public(r) for r in asked if r.kind == breakpoints.KIND),
        )

    def _config(self, checkpoint_id: CheckpointId | None) -> Config:
        if checkpoint_id is None:
            return {"configurable": {"thread_id": self.thread_id}}
        return {"configurable": {"thread_id": self.thread_id, "checkpoint_id": checkpoint_id}}


def public(row: InterruptRow) -> Interrupt:
    """A stored question as callers see it."""
    return Interrupt(row.payload, row.id, row.replaces, row.schema)


def _pending(task: Task, results: Mapping[TaskId, Finished], ledger: Ledger) -> PendingTask:
    scope = scope_of(ROOT, task)
    row = ledger.tasks.get(scope)
    result = {w.key: w.value for w in results[task.id].writes} if task.id in results else None
    asked = tuple(public(r) for r in ledger.within(scope) if r.status in OPEN and r.kind != breakpoints.KIND)
    return PendingTask(task.id, task.node, asked, result, row.error if row else None)
