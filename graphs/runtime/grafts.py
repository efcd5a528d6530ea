"""Going back to a checkpoint of a graph within a thread: the thread is forked where that graph was called, and what the
graph held at the checkpoint is put where the new call of it will look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphs.errors import NotWaiting
from graphs.runtime import positions
from graphs.runtime.positions import Position, scope_of
from graphs.runtime.step import Task, dump_tasks, load_tasks, renewed
from graphs.runtime.thread_graphs import ThreadGraph
from storage import Connection, checkpoints
from storage.checkpoints import CheckpointRow, ValueChange
from storage.ids import CheckpointId, Namespace, TaskId

Rows = Sequence[tuple[CheckpointRow, list[ValueChange]]]


@dataclass(frozen=True)
class Graft:
    """`root` is the fork of the thread, not stored yet, as a change of `base`; `rows` are the checkpoints of the graphs
    within it, the last of them that of `graph`.
    """

    root: Position
    base: Position
    rows: Rows
    graph: ThreadGraph


def waits(db: Connection, graph: ThreadGraph) -> bool:
    """Whether the tasks that called a graph are all due now."""
    newest = [(checkpoints.newest(db, graph.thread_id, outer.ns), task) for outer, task in graph.called_by]
    return all(row is not None and task.id in {each.id for each in load_tasks(row.tasks)} for row, task in newest)


@dataclass(frozen=True)
class Grafter:
    """A job that makes a graft, and stores nothing."""

    db: Connection
    new_id: Callable[[], str]
    now: float
    metadata: Mapping[str, Any]

    def graft(self, graph: ThreadGraph, last: Callable[[Namespace], tuple[CheckpointRow, list[ValueChange]]]) -> Graft:
        """Fork the thread of a graph that was called in it; `last` gives that graph's checkpoint, in its namespace
        there.
        """
        (outermost, first), *_ = graph.called_by
        assert outermost.program is not None
        found = self._where_due(outermost, first)
        base = positions.from_row(outermost.program.schema, found, checkpoints.values(self.db, found))
        tasks, ids = self._renewed(base.tasks)
        root = base.follow(
            CheckpointId(self.new_id()), source="fork", step=base.step, tasks=tasks, metadata=dict(self.metadata)
        )
        rows: list[tuple[CheckpointRow, list[ValueChange]]] = []
        forked = ThreadGraph(graph.thread_id, outermost.program)
        inward = [*(outer for outer, _ in graph.called_by[1:]), graph]
        for (outer, task), inner in zip(graph.called_by, inward, strict=True):
            if outer is not outermost:
                row, ids = self.again(self._where_due(outer, task), forked.ns)
                rows.append((row, []))
            new = replace(task, id=ids[task.id])
            calls = outer.called_in(self.db, task)
            number = [each.ns for each in calls].index(inner.ns)
            # What this task had called before gives again what it gave.
            ended = [checkpoints.newest(self.db, graph.thread_id, each.ns) for each in calls[:number]]
            rows += [(self.again(row, _moved(row.ns, outer, task, forked, new))[0], []) for row in ended if row]
            forked = forked.calls(new, inner.program, _moved(inner.ns, outer, task, forked, new), number)
        return Graft(root, base, [*rows, last(forked.ns)], forked)

    def again(self, row: CheckpointRow, ns: Namespace) -> tuple[CheckpointRow, dict[TaskId, TaskId]]:
        """A checkpoint in another namespace, its tasks as new work, and their new ids; its values stay where they are
        stored.
        """
        tasks, ids = self._renewed(load_tasks(row.tasks))
        changes: dict[str, Any] = {"parent_id": None, "source": "fork", "results": None, "created_at": self.now}
        new = replace(row, checkpoint_id=CheckpointId(self.new_id()), ns=ns, tasks=dump_tasks(tasks), **changes)
        return new, ids

    def _renewed(self, tasks: Sequence[Task]) -> tuple[tuple[Task, ...], dict[TaskId, TaskId]]:
        new = renewed(tasks, self.new_id)
        return new, {old.id: each.id for old, each in zip(tasks, new, strict=True)}

    def _where_due(self, graph: ThreadGraph, task: Task) -> CheckpointRow:
        row = checkpoints.newest_with(self.db, graph.thread_id, graph.ns, task.id)
        if row is None:
            raise NotWaiting(f"the checkpoint where node {task.node!r} called that graph is not kept any more")
        return row


def _moved(ns: Namespace, outer: ThreadGraph, task: Task, forked: ThreadGraph, new: Task) -> Namespace:
    """The namespace in the fork of what `task` called."""
    return Namespace(f"{scope_of(forked.ns, new)}{ns.removeprefix(scope_of(outer.ns, task))}")
