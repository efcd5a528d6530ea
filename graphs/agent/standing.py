"""Where each approval of a thread stands, derived from its rows: its state, its votes, and what it led to. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graphs.agent.proposals import APPROVAL, IN_DOUBT, claim_key
from graphs.agent.results import read_result
from graphs.approvals.states import State
from graphs.approvals.terms import Terms, UserId, Vote
from storage.claims import ClaimRow
from storage.ids import InterruptId
from storage.interrupts import InterruptRow
from storage.votes import VoteRow


@dataclass(frozen=True)
class Standing:
    """One approval. `votes` are those that count, the first first, and `missing` how many more are needed.

    `why` says why it was asked anew, as a clause; `replaces` and `replaced_by` are the approvals before and after it.
    """

    row: InterruptRow
    terms: Terms
    state: State
    votes: tuple[Vote, ...]
    missing: int
    why: str | None
    replaces: InterruptId | None
    replaced_by: InterruptId | None


def standings(
    questions: Sequence[InterruptRow], claims: Iterable[ClaimRow], votes: Iterable[VoteRow]
) -> dict[InterruptId, Standing]:
    """The approvals among `questions`, by id, in their order. All three are of one thread."""
    after = {row.replaces: row.id for row in questions if row.replaces is not None}
    claimed = {(claim.scope, claim.key): claim for claim in claims}
    doubts = {row.scope: row for row in questions if row.kind == IN_DOUBT}
    cast: dict[InterruptId, list[VoteRow]] = {}
    for vote in votes:
        cast.setdefault(vote.interrupt_id, []).append(vote)
    found: dict[InterruptId, Standing] = {}
    for row in questions:
        if row.kind != APPROVAL:
            continue
        terms = Terms.model_validate(row.terms["terms"])
        claim = claimed.get((row.scope, claim_key(row.payload["tool_call_id"])))
        state = _state(row, claim, doubts.get(row.scope), replaced=row.id in after)
        counted = _counted(terms, cast.get(row.id, ()))
        missing = max(terms.quorum - len(counted), 0) if state is State.WAITING else 0
        why = row.terms.get("why")
        found[row.id] = Standing(row, terms, state, counted, missing, why, row.replaces, after.get(row.id))
    return found


def _state(row: InterruptRow, claim: ClaimRow | None, doubt: InterruptRow | None, *, replaced: bool) -> State:
    match row.status:
        case "waiting" | "reopened":
            return State.WAITING
        case "cancelled":
            return State.CANCELLED
        case "expired":
            return State.EXPIRED
        case "superseded" | "answered":
            decision = _decision(row)
    match decision:
        case "reject":
            return State.REJECTED
        case "respond":
            return State.RESPONDED
        case "approve" if replaced or row.status == "superseded":
            return State.STALE
        case "approve":
            return _running(row, claim, doubt)
        case _:
            return State.SUPERSEDED


def _running(row: InterruptRow, claim: ClaimRow | None, doubt: InterruptRow | None) -> State:
    """What became of a call that was approved, and that no other approval replaced; `doubt` is the last there was."""
    if claim is None:
        return State.STALE if row.consumed else State.APPROVED
    match claim.status:
        case "claimed" | "paused":
            return State.RUNNING
        case "in doubt":
            return State.FAILED if doubt is not None and _decision(doubt) == "give_up" else State.IN_DOUBT
        case "failed":
            return State.FAILED
        case "done":
            return State.DONE if isinstance(read_result(claim.result), str) else State.FAILED


def _decision(row: InterruptRow) -> str | None:
    answer: Any = None if row.answer is None else json.loads(row.answer)
    return answer["type"] if answer is not None else None


def _counted(terms: Terms, cast: Collection[VoteRow]) -> tuple[Vote, ...]:
    return tuple(
        Vote(UserId(vote.user), datetime.fromtimestamp(vote.at, UTC))
        for vote in cast
        if terms.self_approval or vote.user != terms.requester
    )
