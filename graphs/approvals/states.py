"""Where an approval stands, and what may follow what. Pure: no I/O, no clock.

proposal ── waiting ─┬─ approved ─┬─ running ─┬─ done
                     │            │           ├─ failed
                     │            └─ stale    └─ in doubt ── done | running | failed   (it ran | run again | give up)
                     └─ rejected | responded | superseded (edited) | cancelled | expired
"""

from collections.abc import Mapping
from enum import StrEnum

from graphs.errors import GraphError


class State(StrEnum):
    """Where an approval stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    RESPONDED = "responded"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    IN_DOUBT = "in doubt"
    STALE = "stale"


_END: frozenset[State] = frozenset()

MOVES: Mapping[State, frozenset[State]] = {
    State.WAITING: frozenset(
        {State.APPROVED, State.REJECTED, State.RESPONDED, State.SUPERSEDED, State.CANCELLED, State.EXPIRED}
    ),
    State.APPROVED: frozenset({State.RUNNING, State.STALE}),
    State.RUNNING: frozenset({State.DONE, State.FAILED, State.IN_DOUBT}),
    State.IN_DOUBT: frozenset({State.DONE, State.RUNNING, State.FAILED}),
    State.REJECTED: _END,
    State.RESPONDED: _END,
    State.SUPERSEDED: _END,
    State.CANCELLED: _END,
    State.EXPIRED: _END,
    State.DONE: _END,
    State.FAILED: _END,
    State.STALE: _END,
}


class IllegalMove(GraphError):
    """An approval cannot go from this state to that one. Read it again: somebody else moved it first."""

    def __init__(self, start: State, end: State) -> None:
        self.start = start
        self.end = end
        allowed = ", ".join(sorted(MOVES[start])) or "nothing"
        super().__init__(
            f"an approval cannot go from {start.value!r} to {end.value!r}; after {start.value!r} comes {allowed}"
        )


def move(start: State, end: State) -> State:
    """`end`, if it may follow `start`. Raises IllegalMove."""
    if end not in MOVES[start]:
        raise IllegalMove(start, end)
    return end
