"""Error handlers: what runs in a node's place when it failed after its retries.

That the node failed is stored before its handler begins, so that after a restart the handler is begun again and not
the node. What a handler asks and begins is counted apart from what the node did.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graphs.errors import EarlierError, InDoubt, InterruptMisused, InvalidAnswer, QuestionChanged, ThreadBusy
from graphs.runtime.ledger import Ledger, effect_scope, failed_scope, load_writes
from graphs.runtime.positions import scope_of
from graphs.runtime.program import Program
from graphs.runtime.state import Write
from graphs.runtime.step import Task
from storage.ids import Namespace, Scope, TaskId
from storage.tasks import TaskRow

NEVER_HANDLED = (InDoubt, InterruptMisused, InvalidAnswer, QuestionChanged, ThreadBusy)
"""What is about a question, or the run itself: no node's failure. What is in doubt a person has to look at."""


@dataclass(frozen=True, slots=True)
class Handling:
    """What a handler is for: the error of its node, and what the node had written where it was a router that raised."""

    error: Exception
    writes: list[Write]


def handles(program: Program, task: Task, error: Exception) -> bool:
    """Whether the task's node has a handler that is asked about this error."""
    return program.topology.nodes[task.node].handler is not None and not isinstance(error, NEVER_HANDLED)


def handler_scope(scope: Scope) -> Scope:
    """Where what the handler of a task asks and claims is kept."""
    return effect_scope(scope, "@handler")


def failed_row(row: TaskRow) -> TaskRow:
    """That a task's node has failed and its handler is to run, from how the task ended."""
    return TaskRow(failed_scope(row.scope), "failed", row.writes, row.targets, row.error)


def unhandled(program: Program, ledger: Ledger, ns: Namespace, tasks: Iterable[Task]) -> dict[TaskId, Handling]:
    """The tasks of a step whose handlers had begun, or were to, when their thread was left."""
    found: dict[TaskId, Handling] = {}
    for task in tasks:
        node = program.topology.nodes.get(task.node)
        row = ledger.tasks.get(failed_scope(scope_of(ns, task)))
        if row is not None and node is not None and node.handler is not None:
            error = EarlierError.recorded(row.error or "")
            found[task.id] = Handling(error, load_writes(program.schema, task, row))
    return found
