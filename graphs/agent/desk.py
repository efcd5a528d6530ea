"""Taking a person's decision on a tool call: judged by `approvals.decide`, stored in one transaction, or refused.

Nothing runs here. Whoever owns the thread finds the stored answer and goes on.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from graphs.agent import beforehand
from graphs.agent.beforehand import Words
from graphs.agent.errors import InvalidArguments, Problem
from graphs.agent.policy import required
from graphs.agent.proposals import APPROVAL, IN_DOUBT, ProposedCall, may_it_run, terms_of
from graphs.agent.refusing import refuse
from graphs.agent.toolbox import Toolbox
from graphs.agent.voting import Ballot, Successor
from graphs.approvals.decisions import (
    Approve,
    Decision,
    Edit,
    Reject,
    Respond,
    Verb,
    as_answer,
    unreachable,
    why_unreachable,
)
from graphs.approvals.judge import (
    TIMED_OUT,
    Approved,
    Refused,
    Rejected,
    Responded,
    StillWaiting,
    Superseded,
    decide,
    may_decide,
)
from graphs.approvals.states import DoubtChoice, State, may_follow
from graphs.approvals.terms import Actor, UserId, Vote
from graphs.runtime.asking import Slot
from graphs.runtime.calling import awaitable
from graphs.texts.log_ids import known
from storage import Connection, Storage, interrupts, votes
from storage.errors import AnswerRefused
from storage.ids import InterruptId, ThreadId
from storage.interrupts import InterruptRow
from storage.votes import VoteRow

logger = logging.getLogger(__name__)

ATTEMPTS = 3
"""How often a decision is judged again because the question moved while it was judged."""

LOOKED_AT_WITHIN = 1.0
"""Seconds that a tool's check and preview of an edited call have: Slack waits three for the answer to a form."""


@dataclass(frozen=True)
class Decided:
    """It counts. `row` is the question it was about, as it was judged.

    `missing` more approvals are needed: with none the question is settled. `replaced_by` asks about the call that an
    edit made of it, where that has a rule of its own.
    """

    row: InterruptRow
    missing: int = 0
    replaced_by: InterruptId | None = None


@dataclass(frozen=True)
class Poll:
    """A question and the votes for it, as they were at one moment; no row where there is no such question."""

    row: InterruptRow | None
    votes: Sequence[VoteRow]


def read_poll(db: Connection, interrupt_id: str) -> Poll:
    """A job, so that whoever asks can read in one go what else they need to know."""
    return Poll(interrupts.get(db, interrupt_id), votes.of(db, [InterruptId(interrupt_id)]))


def asked_by_requester(db: Connection, thread_id: ThreadId, user: str) -> list[InterruptRow]:
    """The approvals of a thread that wait, and that this person asked for. A job."""
    waiting = interrupts.waiting_in(db, thread_id, APPROVAL)
    return [row for row in waiting if terms_of(row).requester == user]


Store = Callable[[Connection], None]


@dataclass(frozen=True)
class Desk:
    """Where decisions are handed in. A refusal is a sentence for the person, and changes nothing but the audit."""

    storage: Storage
    toolbox: Toolbox

    async def waiting(
        self,
        interrupt_id: str,
        thread_id: ThreadId,
        actor: Actor,
        verb: Literal["edit", "reject", "respond"],
        poll: Poll | None = None,
    ) -> InterruptRow | Refused:
        """The question, if this person may make this decision about it now: asked before a form opens."""
        found = await self._find(interrupt_id, thread_id, verb, poll)
        if isinstance(found, Refused):
            return await self._refuse(interrupt_id, thread_id, actor, found)
        row, _ = found
        permission = may_decide(terms_of(row), actor, verb)
        return await self._refuse(row.id, thread_id, actor, permission) if isinstance(permission, Refused) else row

    async def decide(
        self, interrupt_id: str, thread_id: ThreadId, actor: Actor, decision: Decision, poll: Poll | None = None
    ) -> Decided | Refused:
        """Judge and store. An edit has to be valid, and one that can work: raises `InvalidArguments`.

        `poll` is what was read already; it is read again only when it has moved on meanwhile.
        """
        poll = poll or await self.storage.read(lambda db: read_poll(db, interrupt_id))
        words = await self._words(poll, actor, decision) if isinstance(decision, Edit) else Words()

        def judge(row: InterruptRow, cast: Sequence[Vote]) -> tuple[Decided, Store] | Refused:
            now = self.storage.clock()
            ballot = Ballot(row, actor, now)
            match decide(terms_of(row), cast, actor, decision, now):
                case Refused() as refused:
                    return refused
                case StillWaiting(missing=missing):
                    return Decided(row, missing), ballot.vote
                case Approved():
                    return Decided(row), ballot.approve
                case Rejected(message):
                    return Decided(row), lambda db: ballot.answer(db, as_answer(Reject(message)))
                case Responded(message):
                    return Decided(row), lambda db: ballot.answer(db, as_answer(Respond(message)))
                case Superseded(args):
                    return self._edited(ballot, Edit(terms_of(row).tool, args), words)

        return await self._store(interrupt_id, thread_id, actor, decision.verb, judge, poll)

    async def settle_doubt(
        self, interrupt_id: str, thread_id: ThreadId, actor: Actor, choice: DoubtChoice, poll: Poll | None = None
    ) -> Decided | Refused:
        """What a person found out about a call that may have run."""

        def judge(row: InterruptRow, cast: Sequence[Vote]) -> tuple[Decided, Store] | Refused:
            permission = may_decide(terms_of(row), actor, "approve")
            if isinstance(permission, Refused):
                return permission
            ballot = Ballot(row, actor, self.storage.clock())
            return Decided(row), lambda db: ballot.answer(db, {"type": choice})

        return await self._store(interrupt_id, thread_id, actor, choice, judge, poll)

    async def withdraw(
        self, thread_id: ThreadId, actor: Actor, why: str, also: Callable[[Connection], None] | None = None
    ) -> int:
        """Reject what this person asked for and nobody has decided yet: how many calls that was. `why` is what the
        model and the card say. `also` is stored with it, where there was any.

        A requester may always take a call back, whatever may be decided about it.
        """

        def job(db: Connection) -> int:
            asked = asked_by_requester(db, thread_id, actor.user)
            mine = [row for row in asked if not _is_late(row, now.timestamp())]
            for row in mine:
                Ballot(row, actor, now).answer(db, as_answer(Reject(why)), withdrawn=True)
            if mine and also is not None:
                also(db)
            return len(mine)

        now = self.storage.clock()
        taken_back = await self.storage.write(job, thread_id) if actor.kind == "member" else 0
        if taken_back:
            logger.info("thread %s: %s took %d waiting calls back", thread_id, actor.user, taken_back)
        return taken_back

    async def end_unreachable(self, row: InterruptRow, why: str) -> bool:
        """End a question that waits for people out of reach; `why` is a sentence. False when it has moved on."""
        now = self.storage.now()
        answer = {row.id: json.dumps(unreachable(why))}
        try:
            await self.storage.write(
                lambda db: interrupts.answer(db, row.thread_id, answer, by=None, now=now, version=row.version),
                row.thread_id,
            )
        except AnswerRefused:
            return False
        return True

    async def _words(self, poll: Poll, actor: Actor, edit: Edit) -> Words:
        """The edited call as its card is to tell it. Raises `InvalidArguments` for one that cannot work. Code of the
        tool's own is asked, for somebody who may edit; it is asked again before the call runs.
        """
        tool = self.toolbox.find(edit.name)
        if tool is None or poll.row is None or isinstance(may_decide(terms_of(poll.row), actor, "edit"), Refused):
            return Words()
        edited = await awaitable(tool.validate, bounded=False)(edit.args)
        why, words = await asyncio.gather(
            beforehand.impossible(tool, edited, LOOKED_AT_WITHIN), beforehand.words(tool, edited, LOOKED_AT_WITHIN)
        )
        if why is not None and why != beforehand.NO_CHECK:
            raise InvalidArguments(tool.name, [Problem("", why)])
        return words

    def _edited(self, ballot: Ballot, edit: Edit, words: Words) -> tuple[Decided, Store] | Refused:
        """The edited call gets an approval of its own, which the editor votes for; none where no rule asks."""
        row, terms = ballot.row, terms_of(ballot.row)
        tool = self.toolbox.find(edit.name)
        if tool is None:
            return NO_TOOL
        edited = tool.validate(edit.args)
        edit = Edit(edit.name, edited.values)
        now_bound = required(tool, edited, requester=terms.requester, now=ballot.at)
        if now_bound is None:
            return Decided(row), lambda db: ballot.edit(db, edit, None)
        call: ProposedCall = {
            "id": row.payload["tool_call_id"],
            "name": tool.name,
            "arguments": "",
            "message_id": row.terms["message_id"],
        }
        question = may_it_run(call, tool, edited, now_bound, words)
        # What was shown above the arguments stays: it may say that the call has run before.
        question = replace(question, payload={**question.payload, "description": row.payload["description"]})
        slot = Slot(row.thread_id, row.ns, row.scope, row.ordinal + 1, row.node)
        new = question.stored(slot, InterruptId(self.storage.new_id()), row.requester, row.id)
        voted = decide(now_bound, (), ballot.actor, Approve(), ballot.at)
        successor = Successor(new, voted if isinstance(voted, Approved | StillWaiting) else None)
        missing = voted.missing if isinstance(voted, StillWaiting) else 0 if isinstance(voted, Approved) else None
        decided = Decided(row, now_bound.quorum if missing is None else missing, new.id)
        return decided, lambda db: ballot.edit(db, edit, successor)

    async def _store(
        self,
        interrupt_id: str,
        thread_id: ThreadId,
        actor: Actor,
        verb: Verb | DoubtChoice,
        judge: Callable[[InterruptRow, Sequence[Vote]], tuple[Decided, Store] | Refused],
        poll: Poll | None,
    ) -> Decided | Refused:
        for _ in range(ATTEMPTS):
            found = await self._find(interrupt_id, thread_id, verb, poll)
            poll = None
            if isinstance(found, Refused):
                judgement = found
            elif verb == "edit":  # the tool's own checks and its rule look at the arguments: they hold up nobody else
                judgement = await awaitable(judge, bounded=False)(*found)
            else:
                judgement = judge(*found)
            if isinstance(judgement, Refused):
                return await self._refuse(interrupt_id, thread_id, actor, judgement)
            decided, store = judgement
            try:
                await self.storage.write(store, thread_id)
            except AnswerRefused:
                continue
            left = f"{decided.missing} more needed" if decided.missing else "settled"
            with known({"thread": thread_id, "question": interrupt_id, "call": decided.row.payload["tool_call_id"]}):
                logger.info("thread %s: %s decided about question %s: %s", thread_id, actor.user, interrupt_id, left)
            return decided
        moved = Refused("Others are deciding about this call at this very moment. Look at the card, and try again.")
        return await self._refuse(interrupt_id, thread_id, actor, moved)

    async def _find(
        self, interrupt_id: str, thread_id: ThreadId, verb: Verb | DoubtChoice, poll: Poll | None
    ) -> tuple[InterruptRow, Sequence[Vote]] | Refused:
        """The question and the votes for it; it waits, and can be answered so."""
        poll = poll or await self.storage.read(lambda db: read_poll(db, interrupt_id))
        row = poll.row
        if row is None or row.thread_id != thread_id or row.kind not in _ASKED_IN:
            return Refused("This button belongs to no question of this conversation. Look for the newest card.")
        if not may_follow(_ASKED_IN[row.kind], verb):
            return Refused("That button does not belong to this question. Look at the card as it is now.")
        if row.status != "waiting":
            return Refused(_what_became_of(row))
        if _is_late(row, self.storage.now()):
            return Refused(TIMED_OUT)
        return row, [Vote(UserId(vote.user), datetime.fromtimestamp(vote.at, UTC)) for vote in poll.votes]

    async def _refuse(self, interrupt_id: str, thread_id: ThreadId, actor: Actor, refused: Refused) -> Refused:
        return await refuse(self.storage, thread_id, interrupt_id, actor, refused)


def _is_late(row: InterruptRow, now: float) -> bool:
    return row.expires_at is not None and row.expires_at <= now


NO_TOOL = Refused("What this call would use is not there any more, so it cannot be edited. You can still reject it.")

_ASKED_IN = {APPROVAL: State.WAITING, IN_DOUBT: State.IN_DOUBT}
"""Where a call stands while it is asked about."""

_DONE: dict[Verb | DoubtChoice, str] = {
    "approve": "approved",
    "edit": "edited",
    "reject": "rejected",
    "respond": "answered",
    "it_ran": "settled",
    "run_again": "settled",
    "give_up": "given up",
}


def _what_became_of(row: InterruptRow) -> str:
    if row.status == "expired":
        return TIMED_OUT
    if row.status != "answered" or row.answer is None:
        became = "replaced by another one" if row.status == "superseded" else row.status
        return f"This question was {became}; it takes no answer any more."
    given = json.loads(row.answer)
    if (why := why_unreachable(given)) is not None:
        return f"This question was withdrawn, because nobody who may decide could be reached. {why}"
    verb = _DONE[given["type"]]
    by = f" by <@{row.answered_by}>" if row.answered_by else ""
    at = datetime.fromtimestamp(row.answered_at or 0, UTC)
    return f"This call was already {verb}{by} at <!date^{int(row.answered_at or 0)}^{{time}}|{at:%H:%M} UTC>."
