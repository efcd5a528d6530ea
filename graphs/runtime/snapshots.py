"""Reading a thread's state and history."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graphs.runtime import breakpoints, positions, recorded
from graphs.runtime.ledger import Ledger, finished, written
from graphs.runtime.positions import Position, scope_of
from graphs.runtime.program import Program
from graphs.runtime.results import Ended, shown
from graphs.runtime.seen import Seen
from graphs.runtime.step import Task
from graphs.runtime.thread_graphs import ThreadGraph, program_of
from graphs.runtime.types import PULL, PUSH, UNSET, Config, Interrupt, PendingTask, StateSnapshot
from storage import Connection, Storage, checkpoints, threads
from storage.checkpoints import CheckpointRow
from storage.ids import CheckpointId, TaskId, ThreadId
from storage.interrupts import OPEN, InterruptRow
from storage.scopes import is_within

PAGE = 20
"""How many checkpoints of a history are read at a time."""


@dataclass(frozen=True)
class Snapshots:
    """The checkpoints of one thread's graph: the root, whose `program` this is, or the one named `name` within it."""

    program: Program
    storage: Storage
    thread_id: ThreadId
    name: str = ""

    async def history(
        self, limit: int | None, before: CheckpointId | None, filter_: Mapping[str, Any] | None
    ) -> AsyncIterator[StateSnapshot]:
        left, cursor = limit, before
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
        if (graph := self._graph(db)) is None:
            return []
        rows = checkpoints.history(db, self.thread_id, graph.ns, limit=PAGE, before=before)
        return list(zip(rows, _recorded(db, graph, rows, subgraphs=False), strict=True))

    def get(self, db: Connection, checkpoint_id: CheckpointId | None, *, subgraphs: bool = False) -> StateSnapshot:
        """The graph now, or as recorded at `checkpoint_id`; with `subgraphs` those called in its tasks too. A job."""
        graph = self._graph(db)
        if graph is None:
            return StateSnapshot({}, (), ThreadGraph(self.thread_id, None, name=self.name).config(checkpoint_id))
        if checkpoint_id is None:
            return self._recent(db, graph, subgraphs) or _live(db, graph, subgraphs)
        row = checkpoints.get(db, self.thread_id, checkpoint_id)
        if row is None or row.ns != graph.ns:
            return StateSnapshot({}, (), graph.config(checkpoint_id))
        return _recorded(db, graph, [row], subgraphs)[0]

    def _graph(self, db: Connection) -> ThreadGraph | None:
        return ThreadGraph(self.thread_id, self.program).named(db, self.name)

    def _recent(self, db: Connection, graph: ThreadGraph, subgraphs: bool) -> StateSnapshot | None:
        """The thread as a run of this process left it, if nothing was stored since: its values are not read again."""
        seen: Seen | None = self.storage.recent.look((self.program, self.thread_id))
        if self.name or seen is None or seen.head is None:
            return None
        thread = threads.get(db, self.thread_id)
        if thread is None or (thread.version, thread.fence) != (seen.version, seen.fence):
            return None
        row = checkpoints.newest(db, self.thread_id, graph.ns)
        return None if row is None else _as_it_is(db, graph, row, positions.apart(seen.head), seen.ledger, subgraphs)


def _live(db: Connection, graph: ThreadGraph, subgraphs: bool) -> StateSnapshot:
    found = positions.read(db, graph.schema, graph.thread_id, graph.ns)
    if found is None:
        return StateSnapshot({}, (), graph.config())
    row, position = found
    ledger = Ledger.load(db, recorded.roots(graph, position.tasks))
    return _as_it_is(db, graph, row, position, ledger, subgraphs)


def _as_it_is(
    db: Connection, graph: ThreadGraph, row: CheckpointRow, position: Position, ledger: Ledger, subgraphs: bool
) -> StateSnapshot:
    """A position with what is stored beyond it: the writes of its finished tasks, and what waits."""
    results = finished(graph.schema, ledger, graph.ns, position.tasks)
    # Without its code nobody knows how the writes of a graph are merged.
    writes = written(position.tasks, results) if graph.schema is not None else []
    values = graph.schema.apply(position.values, writes) if graph.schema is not None else position.values
    ends: dict[TaskId, Ended] = {}
    asked: list[InterruptRow] = []
    for task in position.tasks:
        scope = scope_of(graph.ns, task)
        ended = ledger.tasks.get(scope)
        error = ended.error if ended is not None and ended.status == "failed" else None
        ends[task.id] = Ended(results[task.id].writes if task.id in results else None, error)
        asked += [each for each in ledger.within(scope) if each.status in OPEN]
    due = tuple(task.node for task in position.tasks if task.id not in results)
    return _snapshot(db, graph, row, position, values, due, ends, asked, subgraphs)


def _recorded(
    db: Connection, graph: ThreadGraph, rows: Sequence[CheckpointRow], subgraphs: bool
) -> list[StateSnapshot]:
    """Positions as they were stored, with all that became of their tasks."""
    states = {row.checkpoint_id: checkpoints.values(db, row) for row in rows}
    found = [(row, positions.from_row(graph.schema, row, states[row.checkpoint_id])) for row in rows]
    record = recorded.read(db, graph, [position for _, position in found], states)
    return [
        _snapshot(
            db,
            graph,
            row,
            position,
            position.values,
            tuple(task.node for task in position.tasks),
            record.ends,
            [each for task in position.tasks for each in record.within(scope_of(graph.ns, task))],
            subgraphs,
        )
        for row, position in found
    ]


def _snapshot(
    db: Connection,
    graph: ThreadGraph,
    row: CheckpointRow,
    position: Position,
    values: Mapping[str, Any],
    due: tuple[str, ...],
    ends: Mapping[TaskId, Ended],
    asked: Collection[InterruptRow],
    subgraphs: bool,
) -> StateSnapshot:
    return StateSnapshot(
        values=graph.program.surface.values(values) if graph.program is not None else values,
        next=due,
        config=graph.config(row.checkpoint_id),
        metadata={"source": row.source, "step": row.step, **position.metadata, "by": position.by}
        | {"ran": list(position.ran)},
        created_at=datetime.fromtimestamp(row.created_at, UTC),
        parent_config=graph.config(row.parent_id) if row.parent_id else None,
        tasks=tuple(
            _task(db, graph, task, number, ends.get(task.id, Ended()), asked, subgraphs)
            for number, task in enumerate(position.tasks)
        ),
        interrupts=tuple(public(each) for each in asked if each.kind != breakpoints.KIND),
        breakpoints=tuple(public(each) for each in asked if each.kind == breakpoints.KIND),
    )


def _task(
    db: Connection,
    graph: ThreadGraph,
    task: Task,
    number: int,
    end: Ended,
    asked: Collection[InterruptRow],
    subgraphs: bool,
) -> PendingTask:
    within = [each for each in asked if is_within(each.scope, scope_of(graph.ns, task))]
    result = None if end.writes is None else shown(end.writes)
    if result and graph.program is not None:
        result = graph.program.surface.update(result)
    return PendingTask(
        task.id,
        task.node,
        (PULL, task.node) if task.arg is UNSET else (PUSH, number),
        end.error,
        tuple(public(each) for each in within if each.kind != breakpoints.KIND),
        _state(db, graph, task, within, subgraphs),
        result,
    )


def _state(
    db: Connection, graph: ThreadGraph, task: Task, asked: Collection[InterruptRow], subgraphs: bool
) -> Config | StateSnapshot | None:
    """The graph that was called in a task, or what names it; of several the one that asked, else the last."""
    if not subgraphs and program_of(graph.program, task.node) is None and all(each.ns == graph.ns for each in asked):
        return None
    called = graph.called_in(db, task)
    if not called:
        return None
    inner = next((each for each in called if any(question.ns == each.ns for question in asked)), called[-1])
    return _live(db, inner, subgraphs) if subgraphs else inner.config()


def public(row: InterruptRow) -> Interrupt:
    """A stored question as callers see it."""
    return Interrupt(row.payload, row.id, row.replaces, row.schema, answered=row.status == "answered")
