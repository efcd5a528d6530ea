"""Static interrupts: a thread stops at the border of a step, before or after named nodes, until somebody continues it.

A border has one stop, kept as an interrupt of kind "breakpoint" in a scope of the first task that is due there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Literal

from graphs.runtime.positions import Position, scope_of
from graphs.runtime.session import Session
from storage.ids import InterruptId, Namespace, Scope
from storage.interrupts import NewInterrupt

KIND = "breakpoint"

Breakpoints = Sequence[str] | Literal["*"]


def check(names: Breakpoints, nodes: Iterable[str]) -> Breakpoints:
    """Raises `ValueError` for a name that is no node."""
    known = sorted(nodes)
    for name in () if names == "*" else names:
        if name not in known:
            raise ValueError(f"{name!r} is no node to interrupt at; the nodes are {known!r}")
    return names


def border(ns: Namespace, position: Position) -> Scope:
    return Scope(f"{scope_of(ns, position.tasks[0])}/@breakpoint")


def stop_at(
    session: Session, ns: Namespace, position: Position, before: Breakpoints, after: Breakpoints
) -> list[NewInterrupt]:
    """The stop that this position's border asks for, as a list of at most one. The end of a graph is no border."""
    if not position.tasks:
        return []
    stops = {
        "before": [task.node for task in position.tasks if before == "*" or task.node in before],
        "after": [node for node in position.ran if after == "*" or node in after],
    }
    if not any(stops.values()):
        return []
    return [
        NewInterrupt(
            InterruptId(session.new_id()),
            session.thread_id,
            ns,
            border(ns, position),
            0,
            position.tasks[0].node,
            KIND,
            json.dumps(stops),
            digest="",
            requester=session.by,
        )
    ]
