"""Static interrupts: a thread stops at the border of a step, before or after named nodes, until somebody continues it.

A border has one stop, kept as an interrupt of kind "breakpoint" in a scope of the first task that arrives there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Literal, cast

from graphs.runtime.ledger import Ledger
from graphs.runtime.positions import Position, scope_of
from graphs.runtime.session import Session
from graphs.runtime.step import Task
from storage.ids import InterruptId, Namespace, Scope, ThreadId
from storage.interrupts import InterruptRow, NewInterrupt

KIND = "breakpoint"

Breakpoints = Sequence[str] | Literal["*"]


def check(names: Breakpoints, nodes: Iterable[str]) -> Breakpoints:
    """Raises `ValueError` for a name that is no node."""
    known = sorted(nodes)
    if isinstance(names, str) and names != "*":
        raise ValueError(f"interrupt at a list of nodes, [{names!r}], or at every one, '*'; not at {names!r}")
    if not isinstance(cast(object, names), Iterable):
        raise TypeError(f"interrupt at a list of nodes, or at every one, '*'; not at {names!r}")
    for name in () if names == "*" else names:
        if name not in known:
            raise ValueError(f"{name!r} is no node to interrupt at; the nodes are {known!r}")
    return names


def stops(ledger: Ledger, ns: Namespace, position: Position) -> list[InterruptRow]:
    """The stops at this position's border, passed ones too."""
    if not ledger.asked:
        return []
    borders = {_border(ns, task) for task in position.tasks}
    return [row for scope, rows in ledger.asked.items() if scope in borders for row in rows.values()]


def stop_at(
    session: Session, ns: Namespace, position: Position, before: Breakpoints, after: Breakpoints
) -> list[NewInterrupt]:
    """The stop that this position's border asks for, as a list of at most one. The end of a graph is no border."""
    if not (position.tasks and (before or after)):
        return []
    due = [task.node for task in position.tasks if before == "*" or task.node in before]
    ran = [node for node in position.ran if after == "*" or node in after]
    if not (due or ran):
        return []
    return [stop(session.thread_id, session.new_id(), ns, position.tasks[0], due, ran, requester=session.by)]


def stop(
    thread_id: ThreadId,
    new_id: str,
    ns: Namespace,
    task: Task,
    before: Sequence[str],
    after: Sequence[str],
    *,
    requester: str | None,
    replaces: InterruptId | None = None,
) -> NewInterrupt:
    """A stop at the border where `task` is due, for these nodes."""
    payload = json.dumps({"before": before, "after": after})
    return NewInterrupt(
        InterruptId(new_id),
        thread_id,
        ns,
        _border(ns, task),
        0,
        task.node,
        KIND,
        payload,
        digest="",
        requester=requester,
        replaces=replaces,
    )


def _border(ns: Namespace, task: Task) -> Scope:
    return Scope(f"{scope_of(ns, task)}/@breakpoint")
