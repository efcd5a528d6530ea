"""What is not begun once more unasked: a task in which the process ended each time that it was begun."""

from __future__ import annotations

from collections.abc import Iterable

from graphs.errors import CutShort
from graphs.runtime.ledger import Ledger
from graphs.runtime.positions import Position, scope_of
from graphs.runtime.program import Program
from graphs.runtime.seen import ROOT
from graphs.runtime.step import Task
from storage.ids import Scope, TaskId
from storage.tasks import TaskRow

_KIND = f"{CutShort.__name__}: "


def given_up(program: Program, ledger: Ledger, position: Position, cut_short: int) -> list[TaskRow]:
    """The tasks of a thread that a run would begin, and that may not be begun again after so many runs in a row were
    cut short in them: as failed ones.
    """
    rows: list[TaskRow] = []
    for task in position.tasks:
        starts = program.topology.nodes[task.node].starts
        scope = scope_of(ROOT, task)
        if starts is not None and cut_short >= starts and _would_begin(ledger, scope):
            rows.append(TaskRow(scope, "failed", error=f"{_KIND}{_why(task.node, cut_short)}"))
    return rows


def left_alone(ledger: Ledger, tasks: Iterable[Task], now: frozenset[Scope]) -> dict[TaskId, Exception]:
    """The tasks of the root graph that a run does not begin, by what they failed with: those given up `now`, and those
    given up before when this run is about an answer to another.
    """
    found: dict[TaskId, Exception] = {}
    for task in tasks:
        scope = scope_of(ROOT, task)
        row = ledger.tasks.get(scope)
        error = (row.error if row is not None and row.status == "failed" else None) or ""
        if error.startswith(_KIND) and (scope in now or ledger.has_news()):
            found[task.id] = CutShort(error.removeprefix(_KIND))
    return found


def _would_begin(ledger: Ledger, scope: Scope) -> bool:
    row = ledger.tasks.get(scope)
    if row is None or row.status == "failed":
        return True
    return row.status == "paused" and (bool(ledger.answered(scope)) or not ledger.waits(scope))


def _why(node: str, cut_short: int) -> str:
    return (
        f"the process ended {cut_short} times in a row in node {node!r}, so it was not begun again. It may have taken "
        "effect in part. Look in the log for what ends the process; trying again begins it anew."
    )
