"""What is on record of the tasks of checkpoints, long after they ended: what they asked, and what they came to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphs.runtime.ledger import Ledger, finished, root_of
from graphs.runtime.positions import Position, scope_of
from graphs.runtime.results import Ended, ends, load_results
from graphs.runtime.step import Task
from graphs.runtime.thread_graphs import ThreadGraph
from storage import Connection, checkpoints, interrupts, tasks
from storage.ids import CheckpointId, Scope, TaskId
from storage.interrupts import InterruptRow
from storage.scopes import is_within


@dataclass(frozen=True)
class Record:
    """Of some tasks: the questions, in the order in which they were asked, and how each task ended."""

    asked: Sequence[InterruptRow]
    ends: Mapping[TaskId, Ended]

    def within(self, scope: Scope) -> list[InterruptRow]:
        """The questions of a task and of everything in it."""
        return [row for row in self.asked if is_within(row.scope, scope)]


def roots(graph: ThreadGraph, due: Iterable[Task]) -> list[TaskId]:
    """The tasks of the root graph that these are, or are in."""
    return list(dict.fromkeys(root_of(scope_of(graph.ns, task)) for task in due))


def read(
    db: Connection,
    graph: ThreadGraph,
    found: Sequence[Position],
    states: Mapping[CheckpointId, Mapping[str, Any]],
) -> Record:
    """What is on record of the tasks of these positions. `states` are values that were read already."""
    due = {position.checkpoint_id: position.tasks for position in found if position.tasks}
    if not due:
        return Record([], {})
    every = [task for tasks_ in due.values() for task in tasks_]
    of = roots(graph, every)
    ledger = Ledger(tasks=tasks.of_tasks(db, of))
    record = ends(ledger, graph.ns, every, finished(graph.schema, ledger, graph.ns, every))
    for row in checkpoints.followers(db, graph.thread_id, graph.ns, due):
        if row.parent_id is not None and row.results is not None:
            state = states.get(row.checkpoint_id) or checkpoints.values(db, row)
            record |= load_results(graph.schema, row.results, due[row.parent_id], state)
    return Record(interrupts.recorded(db, of), record)
