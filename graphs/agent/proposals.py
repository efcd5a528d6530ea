"""What is asked about a tool call, as it is stored: the payload that is shown, and what the answer is bound to."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, NotRequired, TypedDict

from graphs.agent.arguments import Arguments
from graphs.agent.beforehand import Words
from graphs.agent.policy import settling_terms
from graphs.agent.tools import Tool
from graphs.approvals.decisions import DECISION_SCHEMA
from graphs.approvals.terms import Terms
from graphs.errors import InDoubt
from graphs.runtime.asking import Answer, Question
from graphs.texts.canonical import digest
from storage.audit import LONGEST_ID
from storage.ids import Scope
from storage.interrupts import InterruptRow
from storage.scopes import is_within

APPROVAL = "tool_approval"
IN_DOUBT = "in_doubt"

IN_DOUBT_SCHEMA = {
    "type": "object",
    "properties": {"type": {"enum": ["it_ran", "run_again", "give_up"]}},
    "required": ["type"],
    "additionalProperties": False,
}


BOUND = ("tool", "args_digest", "schema_digest", "policy")
"""Of the terms, what the audit says of a question and of each decision about it."""


class ProposedCall(TypedDict):
    """A call as the model wrote it; `message_id` is the assistant message that it stands in.

    `ran_before` says that it had run when its thread was taken back in time, and what came of it then.
    """

    id: str
    name: str
    arguments: str
    message_id: str
    ran_before: NotRequired[str]


class BoundTerms(TypedDict):
    """What is stored beside a question's payload: the terms, and the very bytes that would run (as text).

    `why` says why the call is asked about anew, when it was approved and could not run on that. `since` tells which
    attempt a doubt is about: when it was begun, in Unix seconds.
    """

    terms: dict[str, Any]
    data: str
    message_id: str
    why: NotRequired[str]
    since: NotRequired[float]


def claim_key(call_id: str) -> str:
    """The key that a call's effect is claimed under."""
    return f"call:{call_id}"


def asked_within(row: InterruptRow, call_id: str) -> bool:
    """Whether the effect of this call asked the question: the tool's own code did, while it ran."""
    return is_within(Scope(row.scope.partition("/")[2]), Scope(claim_key(call_id)))


def may_it_run(
    call: ProposedCall,
    tool: Tool[..., Any],
    arguments: Arguments,
    terms: Terms,
    words: Words,
    replaces: str | None = None,
    why: str | None = None,
) -> Question:
    """Asks leave to run these arguments (LangChain's shapes), with a `title` and a `preview` where the tool has them.
    `replaces` is the question it takes the place of, `why` the reason when that one was approved.
    """
    payload = {
        "type": APPROVAL,
        "tool_call_id": call["id"],
        "name": tool.name,
        "args": arguments.shown,
        "description": "\n\n".join(filter(None, (call.get("ran_before"), tool.description))),
        **{name: said for name, said in asdict(words).items() if said is not None},
    }
    bound, about = _bound(call, arguments, terms), _about(call, APPROVAL, terms)
    if why is not None:
        bound["why"] = about["why"] = why
    return Question(
        payload,
        kind=APPROVAL,
        response_schema=dict(DECISION_SCHEMA),
        terms=bound,
        replaces=replaces,
        expires_at=terms.expires_at.timestamp() if terms.expires_at is not None else None,
        about=about,
    )


def as_asked(row: InterruptRow) -> Question | None:
    """A question exactly as it was put to people, so that its answer is found whatever has changed since; None when
    the row itself was changed.
    """
    question = Question(row.payload, kind=row.kind, response_schema=row.schema)
    return question if digest(question.text().encode()) == row.digest else None


def did_it_run(
    call: ProposedCall, tool: Tool[..., Any], arguments: Arguments, requester: str, doubt: InDoubt, number: int
) -> Question:
    """Asks what became of a call that was begun and never ended; the `number`-th time, from 0, for this call."""
    payload = {
        "type": IN_DOUBT,
        "tool_call_id": call["id"],
        "name": tool.name,
        "args": arguments.shown,
        "idempotency_key": doubt.idempotency_key,
        "attempt": number,
    }
    terms = settling_terms(tool, arguments, requester=requester)
    bound = _bound(call, arguments, terms)
    bound["since"] = doubt.since
    about = _about(call, IN_DOUBT, terms)
    return Question(payload, kind=IN_DOUBT, response_schema=IN_DOUBT_SCHEMA, terms=bound, about=about)


def terms_of(asked: InterruptRow | Answer) -> Terms:
    """What the question, or the one that this answers, is bound to."""
    return Terms.model_validate(asked.terms["terms"])


def terms_digest(terms: Terms) -> str:
    """SHA-256, in hex, of all that a question is bound to."""
    return digest(json.dumps(terms.model_dump(mode="json"), sort_keys=True).encode())


def named(user: str | None, requester: str) -> str:
    """Who decided, as the model may say it: ids mean nothing to it."""
    return "the person who asked" if user is not None and user == requester else "an approver"


def _about(call: ProposedCall, question: str, terms: Terms) -> dict[str, Any]:
    """What the audit says of a question: ids, digests, and the rule that asked."""
    bound = terms.model_dump(include={*BOUND, "rule"})
    said = {"call": call["id"][:LONGEST_ID], "message": call["message_id"], "question": question}
    return {**bound, "terms_digest": terms_digest(terms), **said}


def _bound(call: ProposedCall, arguments: Arguments, terms: Terms) -> BoundTerms:
    return {
        "terms": terms.model_dump(mode="json"),
        "data": arguments.data.decode(),
        "message_id": call["message_id"],
    }
