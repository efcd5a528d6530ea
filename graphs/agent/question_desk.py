"""Taking a person's answer to what a graph asks, and passing its stops: judged, then stored, or refused.

Nothing runs here. Whoever owns the thread finds the stored answer and goes on.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from graphs.agent.refusing import refuse
from graphs.approvals.judge import Allowed, Refused, may_decide
from graphs.approvals.terms import REQUESTER, Actor, Terms, UserId
from graphs.errors import AnswerError, InvalidAnswer, ThreadBusy
from graphs.runtime import breakpoints
from graphs.runtime.answers import checked
from graphs.runtime.asking import APPROVERS
from storage import Connection, Storage, audit, deadlines, interrupts
from storage.errors import AnswerRefused
from storage.ids import ThreadId
from storage.interrupts import OPEN, InterruptRow

logger = logging.getLogger(__name__)

QUESTION = "question"
STOP = breakpoints.KIND
KINDS = (QUESTION, STOP)
"""What a thread may wait for beside decisions on calls: what its graph or one of its tools asks, and static stops."""

Update = Callable[[Callable[[Connection], None]], Awaitable[object]]
"""Edits a state, with a job that is to run first in the transaction that stores the edit."""

NOT_THERE = Refused("This question is not there any more.")


CHANGED = "This changed meanwhile, and nothing was stored. Look at it as it is now, and try again."


def terms_of(row: InterruptRow) -> Terms:
    """Who may answer a question, or pass a stop."""
    stored: dict[str, list[str]] = row.terms or {}
    approvers = stored.get(APPROVERS) or [REQUESTER]
    return Terms(
        tool=row.node,
        args_digest=row.digest,
        schema_digest="",
        policy="",
        rule="",
        requester=UserId(row.requester or ""),
        approvers=tuple(approvers),
        quorum=1,
        self_approval=True,
        allow=("approve",),
        expires_at=None if row.expires_at is None else datetime.fromtimestamp(row.expires_at, UTC),
    )


@dataclass(frozen=True)
class QuestionDesk:
    """Where answers are handed in. A refusal is a sentence for the person, and changes nothing but the audit."""

    storage: Storage

    async def waiting(self, row: InterruptRow | None, thread_id: ThreadId, actor: Actor) -> InterruptRow | Refused:
        """The question, if this person may answer it now: asked before a form opens."""
        found = self._open(row, thread_id)
        if isinstance(found, Refused):
            return await self._refuse(row, thread_id, actor, found)
        permission = may_decide(terms_of(found), actor, "approve")
        if isinstance(permission, Allowed):
            return found
        return await self._refuse(row, thread_id, actor, permission)

    async def answer(
        self, row: InterruptRow | None, thread_id: ThreadId, actor: Actor, value: Any
    ) -> InterruptRow | Refused:
        """Store the answer. Raises `InvalidAnswer` when it does not fit the question's schema: it still waits then."""
        found = await self.waiting(row, thread_id, actor)
        if isinstance(found, Refused):
            return found
        now = self.storage.now()
        try:
            texts = (
                {found.id: "null"}
                if found.kind == STOP
                else await checked(self.storage, thread_id, {found.id: value}, [found])
            )

            def job(db: Connection) -> None:
                interrupts.answer(db, thread_id, texts, by=actor.user, now=now, version=found.version, team=actor.team)
                facts = {"node": found.node, "digest": found.digest, "took": round(now - found.created_at, 3)}
                audit.append(db, audit.Entry("decision", now, thread_id, found.id, actor.team, actor.user, facts))

            await self.storage.write(job, thread_id)
        except InvalidAnswer:
            raise
        except (AnswerRefused, AnswerError):
            moved = await self.storage.read(lambda db: interrupts.get(db, found.id))
            return await self._refuse(found, thread_id, actor, Refused(what_became_of(moved)))
        logger.info("thread %s: %s answered question %s", thread_id, actor.user, found.id)
        return found

    async def edit(
        self, row: InterruptRow | None, thread_id: ThreadId, actor: Actor, names: Sequence[str], update: Update
    ) -> InterruptRow | Refused:
        """Edit the state at a stop by `update`: these names of it. It is judged again, and put on record, in the very
        transaction that stores the edit.
        """
        found = await self.waiting(row, thread_id, actor)
        if isinstance(found, Refused):
            return found
        now = self.storage.now()

        def job(db: Connection) -> None:
            interrupts.judged(db, thread_id, found.id, found.version, now)
            facts = {"node": found.node, "edited": sorted(names)}
            audit.append(db, audit.Entry("decision", now, thread_id, found.id, actor.team, actor.user, facts))

        try:
            await update(job)
        except (AnswerRefused, ThreadBusy):
            moved = await self.storage.read(lambda db: interrupts.get(db, found.id))
            return await self._refuse(found, thread_id, actor, Refused(what_became_of(moved)))
        logger.info("thread %s: %s edited the state at stop %s", thread_id, actor.user, found.id)
        return found

    async def end_unreachable(self, row: InterruptRow) -> bool:
        """End a question whose approvers are out of reach, as one that nobody answered. False when it has moved on."""
        now = self.storage.now()

        def job(db: Connection) -> bool:
            ended = deadlines.end(db, row, now)
            if ended:
                facts = {"node": row.node, "digest": row.digest, "decision": "unreachable"}
                audit.append(db, audit.Entry("decision", now, row.thread_id, row.id, None, None, facts))
            return ended

        return await self.storage.write(job, row.thread_id)

    def _open(self, row: InterruptRow | None, thread_id: ThreadId) -> InterruptRow | Refused:
        if row is None or row.thread_id != thread_id or row.kind not in KINDS:
            return NOT_THERE
        if row.status not in OPEN or (row.expires_at is not None and row.expires_at <= self.storage.now()):
            return Refused(what_became_of(row))
        return row

    async def _refuse(self, row: InterruptRow | None, thread_id: ThreadId, actor: Actor, refused: Refused) -> Refused:
        return await refuse(self.storage, thread_id, "" if row is None else row.id, actor, refused)


def what_became_of(row: InterruptRow | None) -> str:
    """Why a question takes no answer, as a sentence."""
    if row is None:
        return NOT_THERE.reason
    if row.status == "answered":
        by = f" by <@{row.answered_by}>" if row.answered_by else ""
        return f"This was already answered{by}."
    if row.status in OPEN:
        return CHANGED
    if row.status == "superseded":
        return "This was replaced by another question. Answer that one."
    if row.status == "cancelled":
        return "This was cancelled. It takes no answer any more."
    if is_unreached(row):
        return "Nobody who may answer this could be reached, so it was not answered."
    return "The time to answer this is over."


def is_unreached(row: InterruptRow) -> bool:
    """Whether a question ended since nobody could be asked."""
    terms: dict[str, Any] = row.terms or {}
    return row.status == "expired" and terms.get(deadlines.UNREACHED) is True


def answer_in(row: InterruptRow) -> Any:
    """The answer that stands."""
    return None if row.answer is None else json.loads(row.answer)
