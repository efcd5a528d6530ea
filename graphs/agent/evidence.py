"""Whether what is on record bears out a decision: looked at when its call is about to run.

A row of a question says that it was answered, and anybody with the file can write that. So its answer counts only with
what the same transactions left beside it: the votes that its terms ask for, and the audit's rows of the proposal, of
each vote and of the decision, which stand in the hash chain.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphs.agent.proposals import BOUND, claim_key, terms_digest, terms_of
from graphs.approvals.terms import Terms
from graphs.runtime.asking import Answer, on_record
from graphs.runtime.effects import claim_of, idempotency_key
from storage import Connection, audit, claims, interrupts, votes
from storage.audit import AuditRow
from storage.claims import ClaimRow
from storage.ids import ThreadId
from storage.votes import VoteRow

UNDECIDED = "nobody's decision about it is on record"
CHANGED = "what is on record of this call was changed while it waited"
UNVOTED = "the votes that it needs are not on record"
BEGUN = "it is on record that this was begun, and what became of it is not: it may have run"


@dataclass(frozen=True)
class Evidence:
    """What is on record of one call: its claims in every life of the thread, the votes, and the audit's rows."""

    claims: Sequence[ClaimRow] = ()
    votes: Sequence[VoteRow] = ()
    recorded: Sequence[AuditRow] = ()

    def against(self, call_id: str, answer: Answer) -> str | None:
        """Why this answer to a question about the call does not count, as a clause; None when it does. A call that was
        begun, and whose end somebody is asked about or is on record, is past that. For a node.
        """
        claim = claim_of(claim_key(call_id))
        if claim is None:
            return _missing(answer, self.recorded, self.votes) or self._begun(call_id)
        return _missing(answer, self.recorded, self.votes) if claim.status in ("failed", "paused") else None

    def _begun(self, call_id: str) -> str | None:
        key = idempotency_key(claim_key(call_id))
        ran = (row for row in self.recorded if row.kind in ("run", "outcome"))
        return BEGUN if any(_facts(row).get("idempotency_key") == key for row in ran) else None


NOTHING = Evidence()


async def look(call_id: str) -> Evidence:
    """What is on record of the call. For a node."""

    def job(db: Connection, thread_id: ThreadId) -> Evidence:
        ids = [row.id for row in interrupts.of_calls(db, thread_id, [call_id])]
        begun = claims.of_keys(db, thread_id, [claim_key(call_id)])
        return Evidence(begun, votes.of(db, ids), audit.of_questions(db, ids)) if ids else Evidence(begun)

    return await on_record(job) or NOTHING


async def against(answer: Answer) -> str | None:
    """Why this answer does not count, as a clause; None when it does. For a node."""

    def job(db: Connection, thread_id: ThreadId) -> str | None:
        ids = [answer.interrupt_id]
        return _missing(answer, audit.of_questions(db, ids), votes.of(db, ids))

    return await on_record(job)


def _missing(answer: Answer, recorded: Iterable[AuditRow], cast: Iterable[VoteRow]) -> str | None:
    """Pure."""
    rows = [row for row in recorded if row.interrupt_id == answer.interrupt_id]
    proposal = next((row for row in rows if row.kind == "proposal"), None)
    decision = next((row for row in reversed(rows) if row.kind == "decision"), None)
    if decision is None or (decision.user, decision.at) != (answer.by, answer.at):
        return UNDECIDED
    verb, terms = answer.value["type"], terms_of(answer)
    if _facts(decision).get("decision") != verb:
        return UNDECIDED
    if proposal is None or not (_is_about(proposal, terms) and _is_about(decision, terms)):
        return CHANGED
    if _facts(proposal).get("terms_digest", terms_digest(terms)) != terms_digest(terms):
        return CHANGED
    # What a program answers for itself, which has no team, needs no votes.
    if verb == "approve" and decision.team is not None and _voters(answer, terms, rows, cast) < terms.quorum:
        return UNVOTED
    return None


def _is_about(row: AuditRow, terms: Terms) -> bool:
    facts = _facts(row)
    return all(facts.get(name) == getattr(terms, name) for name in BOUND)


def _voters(answer: Answer, terms: Terms, recorded: Iterable[AuditRow], cast: Iterable[VoteRow]) -> int:
    """How many people have voted for it, by both records."""
    audited = {(row.user, row.at) for row in recorded if row.kind == "vote"}
    votes_for = [each for each in cast if each.interrupt_id == answer.interrupt_id]
    voters = {each.user for each in votes_for if (each.user, each.at) in audited}
    return len(voters if terms.self_approval else voters - {terms.requester})


def _facts(row: AuditRow) -> Mapping[str, Any]:
    return json.loads(row.facts)
