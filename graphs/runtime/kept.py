"""Graphs that keep their state between calls: `compile(checkpointer=True)`, called inside a node of another graph.

A call of one is a nested call like any other. It begins on the state in which the last call at the same place ended.
The place is the path of node and graph names that leads to it. Which checkpoint that was is part of the root graph's
position, so that a fork finds what was kept then; what ended in the step in flight stands in the ledger until then.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from graphs.errors import GraphMisused
from graphs.runtime.calling import Paused
from graphs.runtime.frames import Frame
from graphs.runtime.ledger import Ledger, root_of
from graphs.runtime.positions import Position
from graphs.runtime.program import Program
from graphs.runtime.session import Session
from storage.ids import CheckpointId, Namespace, Scope
from storage.tasks import TaskRow

_MARK = "/@kept/"


@dataclass(frozen=True)
class _End:
    """Where the last call at a place ended in the step in flight. `by` is the task that called it."""

    scope: Scope
    checkpoint_id: CheckpointId
    by: Scope


@dataclass(frozen=True)
class Place:
    """Where a frame calls a graph that keeps its state."""

    session: Session
    name: str
    by: Scope

    @classmethod
    def of(cls, frame: Frame, program: Program) -> Place:
        """Graphs of one name in one node are told apart by the order in which they are first called there."""
        kept = frame.attempt.kept
        if program not in kept:
            kept.append(program)
        number = [each for each in kept if each.name == program.name].index(program)
        path = f"{frame.attempt.place}/{program.name}" + (f"#{number}" if number else "")
        return cls(frame.session, path, frame.attempt.scope)

    def last(self) -> CheckpointId | None:
        """The checkpoint at which the last call ended; None when there was none."""
        end = self._in_flight()
        return end.checkpoint_id if end is not None else _known(self.session.kept, self.name)

    def ended(self, begun_on: str | None, here: CheckpointId) -> tuple[list[TaskRow], list[Scope]]:
        """What is stored when a call that began on one has come to `here`: rows, and the scopes of those they
        replace. Raises `GraphMisused` when another task has called the graph meanwhile.
        """
        if self.last() == here:
            return [], []
        last = self._in_flight()
        if self.last() != begun_on and (last is None or last.by != self.by):
            raise self._misused()
        text = json.dumps({"checkpoint": here, "by": self.by})
        row = TaskRow(Scope(f"{root_of(self.by)}{_MARK}{self.name}"), "finished", targets=text)
        return [row], [last.scope] if last is not None and last.scope != row.scope else []

    @contextmanager
    def alone(self, ns: Namespace) -> Generator[None]:
        """Around a call. Raises `GraphMisused` for one beside another that has not ended, waiting ones too."""
        if self.session.in_use.get(self.name, ns) != ns:
            raise self._misused()
        self.session.in_use[self.name] = ns
        try:
            yield
        except Paused:
            raise
        except BaseException:
            del self.session.in_use[self.name]
            raise
        del self.session.in_use[self.name]

    def _in_flight(self) -> _End | None:
        due = {Scope(f"{task}{_MARK}{self.name}") for task in self.session.roots}
        return next((end for end in _ends(self.session.ledger) if end.scope in due), None)

    def _misused(self) -> GraphMisused:
        return GraphMisused(
            f"{self.name!r} is called twice at the same time, and keeps one state (checkpointer=True): call it once "
            "after the other, or compile a graph for each with a name of its own, compile(checkpointer=True, name=...)"
        )


def kept_after(position: Position, ledger: Ledger) -> Mapping[str, str]:
    """What is kept once the step in flight at this position of the root graph is over."""
    if not ledger.tasks:
        return position.kept
    tasks = {task.id for task in position.tasks}
    ends = [end for end in _ends(ledger) if root_of(end.scope) in tasks]
    return {**position.kept, **{end.scope.partition(_MARK)[2]: end.checkpoint_id for end in ends}}


def _ends(ledger: Ledger) -> list[_End]:
    found = [(row.scope, json.loads(row.targets or "{}")) for row in ledger.tasks.values() if _MARK in row.scope]
    return [_End(scope, CheckpointId(end["checkpoint"]), Scope(end["by"])) for scope, end in found]


def _known(kept: Mapping[str, str], name: str) -> CheckpointId | None:
    return CheckpointId(kept[name]) if name in kept else None
