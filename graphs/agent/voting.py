"""Storing what was judged of a question: votes, answers, edits, and what the audit says of them.

Each is one transaction that compares the version which was judged, so that of simultaneous decisions one stands.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from graphs.approvals.decisions import Approve, Edit, as_answer
from graphs.approvals.judge import Approved, StillWaiting
from graphs.approvals.terms import Actor
from storage import Connection, audit, interrupts, votes
from storage.ids import InterruptId
from storage.interrupts import InterruptRow, NewInterrupt
from storage.votes import VoteRow


@dataclass(frozen=True)
class Successor:
    """The approval that an edit asks for, and what the editor's vote makes of it: None when that does not count."""

    question: NewInterrupt
    voted: Approved | StillWaiting | None


@dataclass(frozen=True)
class Ballot:
    """One person before one question, as it was when it was judged. `at` is aware."""

    row: InterruptRow
    actor: Actor
    at: datetime

    def vote(self, db: Connection) -> None:
        """The approval counts, and more are needed. Raises `AnswerRefused` when the question moved meanwhile."""
        interrupts.judged(db, self.row.thread_id, self.row.id, self.row.version, self._now)
        self._cast(db, self.row.id, self.row.about, self.row.created_at)

    def approve(self, db: Connection) -> None:
        """This approval was the last that was needed. Raises `AnswerRefused`."""
        self.vote(db)  # first, because it compares the version: a double click casts no second vote
        self._answer(db, self.row.id, as_answer(Approve()), self.row.version + 1, {})

    def answer(self, db: Connection, answer: Mapping[str, Any], **facts: Any) -> None:
        """One voice settles the question. `facts` are for the audit. Raises `AnswerRefused`."""
        self._answer(db, self.row.id, answer, self.row.version, facts)

    def edit(self, db: Connection, edit: Edit, successor: Successor | None) -> None:
        """The call is another one now: `successor` asks about it, and the editor has voted. Raises `AnswerRefused`."""
        before = json.loads(self.row.terms["data"])
        changed = sorted(name for name in {*before, *edit.args} if before.get(name) != edit.args.get(name))
        new = successor.question if successor is not None else None
        self.answer(db, as_answer(edit), changed=changed, replaced_by=new.id if new is not None else None)
        if successor is None:
            return
        interrupts.ask(db, successor.question, self._now)
        if successor.voted is not None:
            about: Any = json.loads(successor.question.about or "null")
            self._cast(db, successor.question.id, about, self._now)
        if isinstance(successor.voted, Approved):
            self._answer(db, successor.question.id, as_answer(Approve()), None, {})

    @property
    def _now(self) -> float:
        return self.at.timestamp()

    def _answer(
        self,
        db: Connection,
        interrupt_id: InterruptId,
        answer: Mapping[str, Any],
        version: int | None,
        facts: Mapping[str, Any],
    ) -> None:
        texts = {interrupt_id: json.dumps(answer)}
        interrupts.answer(
            db,
            self.row.thread_id,
            texts,
            by=self.actor.user,
            now=self._now,
            version=version,
            team=self.actor.team,
            facts=facts,
        )

    def _cast(
        self, db: Connection, interrupt_id: InterruptId, about: Mapping[str, Any] | None, asked_at: float
    ) -> None:
        votes.cast(db, VoteRow(interrupt_id, self.actor.user, self.actor.team, self._now, _known_of(self.actor)))
        facts = {**(about or {}), **_known_of(self.actor), "took": round(self._now - asked_at, 3)}
        entry = audit.Entry(
            "vote", self._now, self.row.thread_id, interrupt_id, self.actor.team, self.actor.user, facts
        )
        audit.append(db, entry)


def _known_of(actor: Actor) -> dict[str, Any]:
    """Who somebody was when they voted: what decided whether the vote counts."""
    groups = None if actor.groups is None else sorted(actor.groups)
    return {"kind": actor.kind, "groups": groups, "in_channel": actor.in_channel}
