"""Everything known of a tool call, from rows: what was asked and decided, who voted, whether it ran, what came of it.

The model's transcript (rule C5), the cards, and the check of calls that run a second time (rule S5) are derived from
these records. A thread that was taken back in time can go through a call again, as another task: that is another life
of the call, with rows of its own. A record is of the newest; what the claims of all lives say is kept beside it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from graphs.agent import tool_messages
from graphs.agent.errors import AgentError
from graphs.agent.proposals import APPROVAL, IN_DOUBT, claim_key, named
from graphs.agent.results import Failure, read_result, told
from graphs.agent.toolbox import Toolbox
from graphs.approvals.states import Facts, State, derive
from graphs.runtime.asking import on_record
from graphs.runtime.effects import idempotency_key
from storage import Connection, claims, interrupts, votes
from storage.claims import ClaimRow
from storage.ids import InterruptId, Scope, ThreadId
from storage.interrupts import InterruptRow
from storage.votes import VoteRow


@dataclass(frozen=True)
class CallRecord:
    """One call, by the rows of every life it had, the oldest first."""

    questions: Sequence[InterruptRow] = ()
    claims: Sequence[ClaimRow] = ()
    votes: Sequence[VoteRow] = ()

    @cached_property
    def asked(self) -> list[InterruptRow]:
        """The approvals that were asked for."""
        return [row for row in self.questions if row.kind == APPROVAL and row.scope == self._scope]

    @cached_property
    def approval(self) -> InterruptRow | None:
        """The newest approval that was asked for."""
        return self.asked[-1] if self.asked else None

    @cached_property
    def doubt(self) -> InterruptRow | None:
        """The newest question whether it ran."""
        rows = [row for row in self.questions if row.kind == IN_DOUBT and row.scope == self._scope]
        return rows[-1] if rows else None

    @cached_property
    def claim(self) -> ClaimRow | None:
        """That its effect was begun, or its end."""
        return next((row for row in reversed(self.claims) if row.scope == self._scope), None)

    @cached_property
    def edit(self) -> InterruptRow | None:
        """The newest approval that was answered with other arguments."""
        return next((row for row in reversed(self.asked) if decision_of(row) == "edit"), None)

    @property
    def ran(self) -> bool:
        """Whether its effect ran, and came to a result."""
        return has_run(self.claim)

    @cached_property
    def result(self) -> str | Failure:
        """What its effect came to; empty while that is not known."""
        claim = self.claim
        return read_result(claim.result) if claim is not None and claim.status == "done" else ""

    def state(self, *, has_tool_message: bool = False) -> State:
        """Where the call stands: with its newest approval, or past all questions of leave."""
        last = self.approval
        if last is None or (decision_of(last) == "edit" and last.status in ("answered", "cancelled")):
            # What was edited under no rule that asks runs without another question.
            question = last.status if last is not None and last.status == "cancelled" else None
            over = has_tool_message or (last is not None and last.consumed)
            return derive(self._facts(question=question, told=over))
        return self.state_of(last)

    def votes_for(self, row: InterruptRow) -> list[VoteRow]:
        """Who has approved this approval, in the order in which they did."""
        return [vote for vote in self.votes if vote.interrupt_id == row.id]

    def state_of(self, row: InterruptRow) -> State:
        """Where one of its approvals stands."""
        replaced = any(later.replaces == row.id for later in self.asked)
        decision: Any = decision_of(row)
        return derive(self._facts(question=row.status, decision=decision, consumed=row.consumed, replaced=replaced))

    @cached_property
    def _scope(self) -> Scope | None:
        """The task that is the newest life."""
        begun = [(row.claimed_at, row.scope) for row in self.claims]
        asked = [(row.created_at, row.scope) for row in self.questions]
        return max(reversed([*begun, *asked]), key=lambda each: each[0])[1] if begun or asked else None

    def _facts(self, **of_the_question: Any) -> Facts:
        doubted = self.doubt is not None and self.doubt.status == "waiting"
        claim = self.claim.status if self.claim is not None else None
        return Facts(**of_the_question, claim=claim, ok=isinstance(self.result, str), doubted=doubted)


NOTHING = CallRecord()
"""The record of a call that nothing is on record of."""


def read(db: Connection, thread_id: ThreadId, call_ids: Collection[str]) -> dict[str, CallRecord]:
    """The records of those of these calls that something is on record of, by call id. A job."""
    questions = interrupts.of_calls(db, thread_id, call_ids)
    begun = claims.of_keys(db, thread_id, map(claim_key, call_ids))
    return records(questions, begun, votes.of(db, [row.id for row in questions]))


def records(
    questions: Iterable[InterruptRow], claims: Iterable[ClaimRow], votes: Iterable[VoteRow]
) -> dict[str, CallRecord]:
    """The rows of one thread, by the call that they are about; others are left out. Pure."""
    cast: dict[InterruptId, list[VoteRow]] = {}
    for vote in votes:
        cast.setdefault(vote.interrupt_id, []).append(vote)
    found: dict[str, tuple[list[InterruptRow], list[ClaimRow], list[VoteRow]]] = {}
    for row in questions:
        if row.kind in (APPROVAL, IN_DOUBT):
            asked, _, voted = found.setdefault(row.payload["tool_call_id"], ([], [], []))
            asked.append(row)
            voted += cast.get(row.id, ())
    prefix = claim_key("")
    for claim in claims:
        if claim.key.startswith(prefix):
            found.setdefault(claim.key.removeprefix(prefix), ([], [], []))[1].append(claim)
    return {call_id: CallRecord(*rows) for call_id, rows in found.items()}


def decision_of(row: InterruptRow) -> str | None:
    """What an approval, or a doubt, was answered with, in one word; None while it is not."""
    return answer_of(row).get("type")


def answer_of(row: InterruptRow | None) -> Mapping[str, Any]:
    """The answer as it is stored; empty while there is none."""
    return json.loads(row.answer) if row is not None and row.answer is not None else {}


async def outcomes_on_record(call_ids: Sequence[str], toolbox: Toolbox) -> dict[str, str]:
    """What the model is told of each of these calls, which have no tool message (rule C5), by call id. For a node."""
    if not call_ids:
        return {}
    found = await on_record(lambda db, thread_id: read(db, thread_id, call_ids)) or {}
    return {call_id: outcome(found.get(call_id, NOTHING), toolbox) for call_id in call_ids}


def outcome(record: CallRecord, toolbox: Toolbox) -> str:
    """What became of a call, in words for the model."""
    said = ending(record.claim) if record.claim is not None else _undone(record)
    edits = [row for row in record.asked if row.status == "answered" and decision_of(row) == "edit"]
    if edits:
        made = _shown(toolbox, **answer_of(edits[-1])["edited_action"])
        by = [_by(row) for row in edits]
        said = tool_messages.edited(by, edits[0].payload["args"], made, said, ran=record.ran)
    if record.claim is None and record.claims:
        return f"{said} {_ran_before(record.claims[-1])}"
    return said


def has_run(claim: ClaimRow | None) -> bool:
    """Whether an effect ran, and came to a result."""
    return claim is not None and claim.status == "done" and isinstance(read_result(claim.result), str)


def ending(claim: ClaimRow) -> str:
    """What became of a call that was begun, in words for the model."""
    match claim.status:
        case "done":
            return told(read_result(claim.result))
        case "failed":
            return tool_messages.failed(claim.error or "")
        case "claimed" | "in doubt" | "paused":
            return tool_messages.in_doubt()


def _undone(record: CallRecord) -> str:
    """What became of a call that nothing was claimed for."""
    row = record.approval
    if row is None:
        return tool_messages.lost()
    message = answer_of(row).get("message", "")
    match record.state():
        case State.REJECTED:
            return tool_messages.rejected(_by(row), message)
        case State.RESPONDED:
            return tool_messages.responded(_by(row), message)
        case State.EXPIRED:
            return tool_messages.expired()
        case State.REFUSED if message:
            return tool_messages.unreached(message)
        case State.WAITING | State.CANCELLED | State.SUPERSEDED:
            return tool_messages.cancelled()
        case _:
            return tool_messages.lost()


def ran_before(call_id: str, claims: Iterable[ClaimRow]) -> str | None:
    """When this call ran in an earlier life of the thread and what came of it, in a sentence; None when it did not
    (rule S5). `claims` are those of all its lives. For a node.
    """
    now = idempotency_key(claim_key(call_id))
    earlier = [claim for claim in claims if claim.idempotency_key != now]
    return _ran_before(earlier[-1]) if earlier else None


def _ran_before(claim: ClaimRow) -> str:
    began = datetime.fromtimestamp(claim.claimed_at, UTC).isoformat(sep=" ", timespec="seconds")
    match CallRecord(claims=[claim]).state():
        case State.DONE | State.FAILED:
            return f"This call ran before, on {began}: {ending(claim)}"
        case _:
            return f"This call was begun before, on {began}; nobody knows whether it took effect."


def _by(row: InterruptRow) -> str:
    return named(row.answered_by, row.terms["terms"]["requester"])


def _shown(toolbox: Toolbox, name: str, args: Any) -> dict[str, Any]:
    """An edit's arguments with their secrets masked; none when they cannot be read any more."""
    try:
        return toolbox[name].validate(args).shown
    except AgentError:
        return {}
