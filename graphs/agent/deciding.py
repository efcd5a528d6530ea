"""Taking a person's decision on a tool call: judged by `approvals.decide`, stored in one transaction, or refused.

Nothing runs here. Whoever owns the thread finds the stored answer and goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, assert_never

from graphs.agent.asking import APPROVAL, IN_DOUBT
from graphs.agent.tools import Toolbox
from graphs.approvals import Actor, Refused, StillWaiting, Terms, decide, may_decide
from graphs.decisions import Approve, Decision, Edit, Reject, Respond
from graphs.errors import AnswerError
from graphs.runtime import answers
from storage import Storage, interrupts
from storage.errors import AnswerRefused
from storage.ids import ThreadId
from storage.interrupts import InterruptRow

ATTEMPTS = 3
"""How often a decision is judged again because the question moved while it was judged."""

DoubtChoice = Literal["it_ran", "run_again", "give_up"]


@dataclass(frozen=True)
class Decided:
    """The decision stands; `row` is the question it was about, as it was judged."""

    row: InterruptRow


@dataclass(frozen=True)
class Desk:
    """Where decisions are handed in."""

    storage: Storage
    toolbox: Toolbox

    async def waiting(
        self, interrupt_id: str, thread_id: ThreadId, actor: Actor, verb: Literal["edit", "reject", "respond"]
    ) -> InterruptRow | Refused:
        """The question, if this person may make this decision about it now: asked before a form opens."""
        row = await self._find(interrupt_id, thread_id)
        if isinstance(row, Refused):
            return row
        permission = may_decide(terms_of(row), actor, verb)
        return permission if isinstance(permission, Refused) else row

    async def decide(
        self, interrupt_id: str, thread_id: ThreadId, actor: Actor, decision: Decision
    ) -> Decided | Refused:
        """Judge and store. An edit has to be valid: raises `InvalidArguments`."""
        if isinstance(decision, Edit):
            decision = Edit(decision.name, self.toolbox[decision.name].validate(decision.args).values)

        def judge(row: InterruptRow) -> dict[str, Any] | Refused:
            if row.kind != APPROVAL:
                return Refused("That button does not belong to this question.")
            outcome = decide(terms_of(row), (), actor, decision, self.storage.clock())
            if isinstance(outcome, StillWaiting):
                return Refused(f"This call needs {outcome.missing} more approvals, and votes are not counted yet.")
            return outcome if isinstance(outcome, Refused) else to_wire(decision)

        return await self._store(interrupt_id, thread_id, actor, judge)

    async def settle_doubt(
        self, interrupt_id: str, thread_id: ThreadId, actor: Actor, choice: DoubtChoice
    ) -> Decided | Refused:
        """What a person found out about a call that may have run."""

        def judge(row: InterruptRow) -> dict[str, Any] | Refused:
            if row.kind != IN_DOUBT:
                return Refused("That button does not belong to this question.")
            permission = may_decide(terms_of(row), actor, "approve")
            return permission if isinstance(permission, Refused) else {"type": choice}

        return await self._store(interrupt_id, thread_id, actor, judge)

    async def _store(
        self,
        interrupt_id: str,
        thread_id: ThreadId,
        actor: Actor,
        judge: Callable[[InterruptRow], dict[str, Any] | Refused],
    ) -> Decided | Refused:
        for _ in range(ATTEMPTS):
            row = await self._find(interrupt_id, thread_id)
            if isinstance(row, Refused):
                return row
            answer = judge(row)
            if isinstance(answer, Refused):
                return answer
            try:
                texts = await answers.checked(self.storage, thread_id, {row.id: answer})
                now = self.storage.now()
                await self.storage.write(
                    lambda db, row=row, texts=texts, now=now: interrupts.answer(
                        db, thread_id, texts, by=actor.user, now=now, version=row.version
                    )
                )
            except (AnswerRefused, AnswerError):
                continue
            return Decided(row)
        return Refused("Somebody else was deciding about this call at the same moment. Look at the card.")

    async def _find(self, interrupt_id: str, thread_id: ThreadId) -> InterruptRow | Refused:
        row = await self.storage.read(lambda db: interrupts.get(db, interrupt_id))
        if row is None or row.thread_id != thread_id or row.kind not in (APPROVAL, IN_DOUBT):
            return Refused("This button belongs to no question of this conversation.")
        if row.status != "waiting":
            return Refused(_what_became_of(row))
        if row.expires_at is not None and row.expires_at <= self.storage.now():
            return Refused("This question has expired; nobody can answer it any more.")
        return row


def terms_of(row: InterruptRow) -> Terms:
    """What the approval is bound to."""
    return Terms.model_validate(row.terms["terms"])


def to_wire(decision: Decision) -> dict[str, Any]:
    """A decision in the shape that `parse_decision` reads."""
    match decision:
        case Approve():
            return {"type": "approve"}
        case Edit(name, args):
            return {"type": "edit", "edited_action": {"name": name, "args": dict(args)}}
        case Reject(message):
            return {"type": "reject", "message": message}
        case Respond(message):
            return {"type": "respond", "message": message}
        case _:
            assert_never(decision)


_DONE = {
    "approve": "approved",
    "edit": "edited",
    "reject": "rejected",
    "respond": "answered",
    "it_ran": "settled",
    "run_again": "settled",
    "give_up": "given up",
}


def _what_became_of(row: InterruptRow) -> str:
    if row.status != "answered" or row.answer is None:
        return f"This question was {row.status}; it takes no answer any more."
    verb = _DONE[json.loads(row.answer)["type"]]
    by = f" by <@{row.answered_by}>" if row.answered_by else ""
    at = datetime.fromtimestamp(row.answered_at or 0, UTC)
    return f"This call was already {verb}{by} at {at:%H:%M} UTC."
