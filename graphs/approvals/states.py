"""Where a tool call stands, derived from its rows, and what may follow what. Pure: no I/O, no clock.

proposed ─┬─ waiting ─┬─ approved ─┬─ running ─┬─ done
          │           │            │           ├─ failed
          │           │            │           └─ in doubt ── done | running   (it ran | run again)
          │           │            └─ stale | cancelled
          │           └─ rejected | responded | superseded (edited) | cancelled | expired
          │              | refused (nobody who may decide could be reached)
          ├─ running     (nobody has to be asked)
          └─ refused     (it cannot run: no such tool, no valid arguments, nobody who could approve)

Giving up leaves a call in doubt for good: nobody knows whether it took effect. Only its own late end, which is put on
record whenever it comes, still makes it done or failed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from graphs.approvals.decisions import Verb
from storage.claims import ClaimStatus
from storage.interrupts import InterruptStatus


class State(StrEnum):
    """Where a call stands: the one word for it, on the card, for the model, and on record."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    RESPONDED = "responded"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    STALE = "stale"
    REFUSED = "refused"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    IN_DOUBT = "in doubt"


_END: frozenset[State] = frozenset()

MOVES: Mapping[State, frozenset[State]] = {
    State.WAITING: frozenset(
        {State.APPROVED, State.REJECTED, State.RESPONDED, State.SUPERSEDED, State.CANCELLED, State.EXPIRED}
        | {State.REFUSED}
    ),
    State.APPROVED: frozenset({State.RUNNING, State.STALE, State.CANCELLED}),
    State.RUNNING: frozenset({State.DONE, State.FAILED, State.IN_DOUBT}),
    State.IN_DOUBT: frozenset({State.DONE, State.RUNNING, State.IN_DOUBT, State.FAILED}),
    State.REJECTED: _END,
    State.RESPONDED: _END,
    State.SUPERSEDED: _END,
    State.CANCELLED: _END,
    State.EXPIRED: _END,
    State.STALE: _END,
    State.REFUSED: _END,
    State.DONE: _END,
    State.FAILED: _END,
}

RefusalKind = Literal[
    "unknown tool", "invalid arguments", "unstorable arguments", "unreachable", "impossible", "stopped"
]


@dataclass(frozen=True)
class Refusal:
    """Why a call cannot run, and nobody was asked about it; `why` is a sentence for people, perhaps empty."""

    kind: RefusalKind
    why: str = ""


DoubtChoice = Literal["it_ran", "run_again", "give_up"]
"""What a person says of a call in doubt."""

_LEADS_TO: Mapping[Verb | DoubtChoice, State] = {
    "approve": State.APPROVED,
    "edit": State.SUPERSEDED,
    "reject": State.REJECTED,
    "respond": State.RESPONDED,
    "it_ran": State.DONE,
    "run_again": State.RUNNING,
    "give_up": State.IN_DOUBT,
}


def may_follow(state: State, decision: Verb | DoubtChoice) -> bool:
    """Whether a call that stands there can be decided so."""
    return _LEADS_TO[decision] in MOVES[state]


@dataclass(frozen=True)
class Facts:
    """What the rows of one approval say, or of a call that nobody was asked about (`question` is None).

    `decision` is the one that was stored with the question (or that nobody could be asked for one), `consumed` that it
    has reached its task, `replaced` that another approval took its place. `claim` is that of the call's effect, `ok`
    whether its end is a result (an effect that may be repeated is on record with its end only). `doubted`: a person is
    being asked whether it ran. `told`: the call has its tool message.
    """

    question: InterruptStatus | None = None
    decision: Verb | Literal["unreachable"] | None = None
    consumed: bool = False
    replaced: bool = False
    claim: ClaimStatus | None = None
    ok: bool = True
    doubted: bool = False
    told: bool = False


def derive(facts: Facts) -> State:
    """Where it stands, by what its rows say."""
    match facts:
        case Facts(question="waiting" | "reopened"):
            return State.WAITING
        case Facts(question="expired"):
            return State.EXPIRED
        case Facts(decision="reject"):
            return State.REJECTED
        case Facts(decision="respond"):
            return State.RESPONDED
        case Facts(decision="unreachable"):
            return State.REFUSED
        case Facts(decision="approve", replaced=True) | Facts(decision="approve", question="superseded"):
            return State.STALE
        case Facts(decision="edit") | Facts(question="superseded" | "answered", decision=None):
            return State.SUPERSEDED
        case Facts(claim=None):
            return _not_begun(facts)
        case _:
            return _begun(facts)


def _not_begun(facts: Facts) -> State:
    match facts.question:
        case None:
            return State.REFUSED if facts.told else State.RUNNING
        case "cancelled":
            return State.CANCELLED
        case _:
            return State.STALE if facts.consumed else State.APPROVED


def _begun(facts: Facts) -> State:
    """What became of a call that was let run."""
    match facts.claim:
        case _ if facts.doubted:
            return State.IN_DOUBT
        case "done":
            return State.DONE if facts.ok else State.FAILED
        case "failed":
            return State.FAILED
        case "claimed" | "paused" if facts.question != "cancelled":
            return State.RUNNING
        case _:  # one that is taken back in the middle, too
            return State.IN_DOUBT
