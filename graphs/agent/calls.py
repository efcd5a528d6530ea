"""The tool node: one task for each call that the model proposes.

It asks where a policy says so, runs the very arguments that were shown, through a claim, and says what became of it in
one sentence for the model.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypedDict, assert_never

from graphs.agent import outcomes
from graphs.agent.arguments import Arguments
from graphs.agent.errors import InvalidArguments, ToolTimedOut, UnknownTool
from graphs.agent.policy import required, settling_terms
from graphs.agent.results import result_text
from graphs.agent.tools import Tool, Toolbox
from graphs.agent.transcript import tool_message
from graphs.approvals import Actor, Approved, Terms, UserId, decide
from graphs.decisions import DECISION_SCHEMA, Approve, Decision, Edit, Reject, Respond, parse_decision
from graphs.errors import InDoubt
from graphs.runtime.questions import Answer, Question, ask, idempotency_key, perform, standing
from graphs.runtime.types import Runtime

logger = logging.getLogger(__name__)

APPROVAL = "tool_approval"
IN_DOUBT = "in_doubt"

IN_DOUBT_SCHEMA = {
    "type": "object",
    "properties": {"type": {"enum": ["it_ran", "run_again", "give_up"]}},
    "required": ["type"],
    "additionalProperties": False,
}


class ProposedCall(TypedDict):
    """A call as the model wrote it; `message_id` is the assistant message that it stands in."""

    id: str
    name: str
    arguments: str
    message_id: str


class BoundTerms(TypedDict):
    """What is stored beside an approval's payload: the terms, and the very bytes that would run (as text)."""

    terms: dict[str, Any]
    data: str
    message_id: str


def claim_key(call_id: str) -> str:
    """The key that a call's effect is claimed under."""
    return f"call:{call_id}"


@dataclass(frozen=True)
class CallNode:
    """Runs one proposed call to its tool message. `clock` gives aware times."""

    toolbox: Toolbox
    clock: Callable[[], datetime]

    async def __call__(self, call: ProposedCall, runtime: Runtime[Any]) -> dict[str, Any]:
        content = await self._outcome(call, runtime.by or "")
        return {"messages": [{**tool_message(call["id"], content), "id": f"result:{call['id']}"}]}

    async def _outcome(self, call: ProposedCall, requester: str) -> str:
        try:
            tool = self.toolbox[call["name"]]
            arguments = tool.validate(call["arguments"])
        except UnknownTool as error:
            return outcomes.unknown(error)
        except InvalidArguments as error:
            return outcomes.invalid(error)
        terms = required(tool, arguments, requester=requester, now=self.clock())
        while (bound := terms or _asked_under()) is not None:
            answer = ask(_question(call, tool, arguments, bound))
            if terms is None or _still_holds(answer, terms):
                return await self._decided(call, tool, arguments, answer, parse_decision(answer.value))
        return await self._run(call, tool, arguments, requester)

    async def _decided(
        self, call: ProposedCall, tool: Tool[..., Any], arguments: Arguments, answer: Answer, decision: Decision
    ) -> str:
        requester = _terms(answer).requester
        by = _named(answer.by, requester)
        match decision:
            case Approve():
                return await self._run(call, tool, arguments, requester)
            case Reject(message):
                return outcomes.rejected(by, message)
            case Respond(message):
                return outcomes.responded(by, message)
            case Edit(args=args):
                edited = tool.validate(args)
                result = await self._edited(call, tool, edited, answer)
                return outcomes.edited(by, arguments.shown, edited.shown, result)
            case _:
                assert_never(decision)

    async def _edited(self, call: ProposedCall, tool: Tool[..., Any], edited: Arguments, answer: Answer) -> str:
        """Run what a person made of the call, once its own rule is met; the editor's vote is cast for it."""
        requester = _terms(answer).requester
        terms = required(tool, edited, requester=requester, now=datetime.fromtimestamp(answer.at, UTC))
        if terms is None or _met_by_editor(terms, answer):
            return await self._run(call, tool, edited, requester)
        again = ask(_question(call, tool, edited, terms, replaces=answer.interrupt_id))
        return await self._decided(call, tool, edited, again, parse_decision(again.value))

    async def _run(self, call: ProposedCall, tool: Tool[..., Any], arguments: Arguments, requester: str) -> str:
        """The result's text, or what went wrong. Claimed before it begins, unless running it twice does no harm."""
        key = claim_key(call["id"])

        async def effect() -> str:
            return result_text(await tool.call(arguments, idempotency_key=idempotency_key(key)))

        try:
            return await perform(key, effect, repeatable=tool.repeatable)
        except InDoubt as doubt:
            return await self._in_doubt(call, tool, arguments, requester, doubt, effect)
        except ToolTimedOut as error:
            return outcomes.timed_out(error.seconds)
        except Exception as error:
            logger.exception("tool %r failed (call %s)", tool.name, call["id"])
            return outcomes.failed(str(error) or type(error).__name__)

    async def _in_doubt(
        self,
        call: ProposedCall,
        tool: Tool[..., Any],
        arguments: Arguments,
        requester: str,
        doubt: InDoubt,
        effect: Callable[[], Any],
    ) -> str:
        """Nobody knows whether it ran: a person looks and says. An answer counts for the attempt that it was about."""
        for attempt in itertools.count():
            answer = ask(_doubt_question(call, tool, arguments, requester, doubt, attempt))
            choice: Literal["it_ran", "run_again", "give_up"] = answer.value["type"]
            if choice == "it_ran":
                by = _named(answer.by, requester)
                return await perform(doubt.key, lambda by=by: outcomes.was_done(by), repeatable=False, again=True)
            if choice == "give_up":
                return outcomes.in_doubt()
            if doubt.since <= answer.at:
                break
        return await perform(doubt.key, effect, repeatable=False, again=True)


def _question(
    call: ProposedCall, tool: Tool[..., Any], arguments: Arguments, terms: Terms, replaces: str | None = None
) -> Question:
    payload = {
        "type": APPROVAL,
        "tool_call_id": call["id"],
        "name": tool.name,
        "args": arguments.shown,
        "description": tool.description,
    }
    bound: BoundTerms = {
        "terms": terms.model_dump(mode="json"),
        "data": arguments.data.decode(),
        "message_id": call["message_id"],
    }
    return Question(
        payload,
        kind=APPROVAL,
        response_schema=dict(DECISION_SCHEMA),
        terms=bound,
        replaces=replaces,
        expires_at=terms.expires_at.timestamp() if terms.expires_at is not None else None,
    )


def _doubt_question(
    call: ProposedCall, tool: Tool[..., Any], arguments: Arguments, requester: str, doubt: InDoubt, attempt: int
) -> Question:
    payload = {
        "type": IN_DOUBT,
        "tool_call_id": call["id"],
        "name": call["name"],
        "args": arguments.shown,
        "idempotency_key": doubt.idempotency_key,
        "attempt": attempt,
    }
    bound: BoundTerms = {
        "terms": settling_terms(tool, arguments, requester=requester).model_dump(mode="json"),
        "data": arguments.data.decode(),
        "message_id": call["message_id"],
    }
    return Question(payload, kind=IN_DOUBT, response_schema=IN_DOUBT_SCHEMA, terms=bound)


def _asked_under() -> Terms | None:
    """The terms that this call was asked under before its rule began to let it pass: what was decided then stands."""
    row = standing()
    return None if row is None or row.kind != APPROVAL else Terms.model_validate(row.terms["terms"])


def _named(user: str | None, requester: str) -> str:
    """Who decided, as the model may say it: ids mean nothing to it."""
    return "the person who asked" if user is not None and user == requester else "an approver"


def _terms(answer: Answer) -> Terms:
    return Terms.model_validate(answer.terms["terms"])


def _still_holds(answer: Answer, now: Terms) -> bool:
    """Whether the call that was approved is the one that would run, under the same rule (the deadline aside)."""
    return _terms(answer).model_copy(update={"expires_at": None}) == now.model_copy(update={"expires_at": None})


def _met_by_editor(terms: Terms, answer: Answer) -> bool:
    """Whether the vote of the person who edited the call meets its rule. Groups cannot be looked up here."""
    if answer.by is None:
        return False
    editor = Actor(UserId(answer.by), team="", kind="member")
    return isinstance(decide(terms, (), editor, Approve(), datetime.fromtimestamp(answer.at, UTC)), Approved)
