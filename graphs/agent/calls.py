"""The tool node: one task for each call that the model proposes.

It asks where a policy says so, runs the very arguments that were shown, and says what became of it in one sentence for
the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, assert_never

from graphs.agent import outcomes
from graphs.agent.arguments import Arguments
from graphs.agent.asking import APPROVAL, ProposedCall, may_it_run, named, terms_of
from graphs.agent.effects import Effect
from graphs.agent.errors import InvalidArguments, UnknownTool, UnstorableArguments
from graphs.agent.policy import required
from graphs.agent.replays import ran_before, replay_terms
from graphs.agent.tools import Tool, Toolbox
from graphs.agent.transcript import tool_message
from graphs.approvals import Actor, Approved, Terms, UserId, decide
from graphs.decisions import Approve, Edit, Reject, Respond, parse_decision
from graphs.runtime.questions import Answer, ask, standing
from graphs.runtime.types import Runtime


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
        except UnstorableArguments as error:
            return outcomes.unstorable(error)
        terms = required(tool, arguments, requester=requester, now=self.clock())
        if not tool.repeatable and (before := await ran_before(call["id"])):
            call = {**call, "ran_before": before}
            terms = terms or replay_terms(tool, arguments, requester=requester)
        answer = _decision(call, tool, arguments, terms)
        if answer is None:
            return await Effect(call, tool, arguments, requester).run()
        return await _decided(call, tool, arguments, answer)


def _decision(
    call: ProposedCall, tool: Tool[..., Any], arguments: Arguments, terms: Terms | None, replaces: str | None = None
) -> Answer | None:
    """The decision that stands on these arguments; None when `terms`, the rule as it is now, needs none.

    An approval stands for the very call that was approved, under the rule that it was approved under: else it is asked
    anew. A decision that is no approval stands whatever became of the rule, and so does a question that was asked.
    """
    while (bound := terms or _asked_under()) is not None:
        answer = ask(may_it_run(call, tool, arguments, bound, replaces))
        if terms is None or _still_holds(answer, terms):
            return answer
        replaces = answer.interrupt_id
    return None


async def _decided(call: ProposedCall, tool: Tool[..., Any], arguments: Arguments, answer: Answer) -> str:
    requester = terms_of(answer).requester
    by = named(answer.by, requester)
    decision = parse_decision(answer.value)
    match decision:
        case Approve():
            return await Effect(call, tool, arguments, requester).run()
        case Reject(message):
            return outcomes.rejected(by, message)
        case Respond(message):
            return outcomes.responded(by, message)
        case Edit(name, args):
            if name != tool.name:
                return outcomes.useless_edit(by, f"It names another tool, {name!r}.")
            try:
                edited = tool.validate(args)
            except (InvalidArguments, UnstorableArguments) as error:
                return outcomes.useless_edit(by, str(error))
            return outcomes.edited(by, arguments.shown, edited.shown, await _edited(call, tool, edited, answer))
        case _:
            assert_never(decision)


async def _edited(call: ProposedCall, tool: Tool[..., Any], edited: Arguments, answer: Answer) -> str:
    """Run what a person made of the call, once its own rule is met; the editor's vote is cast for it."""
    requester = terms_of(answer).requester
    terms = required(tool, edited, requester=requester, now=datetime.fromtimestamp(answer.at, UTC))
    again: Answer | None = None
    if _asked_under() is not None or not (terms is None or _met_by_editor(terms, answer)):
        again = _decision(call, tool, edited, terms, replaces=answer.interrupt_id)
    if again is None:
        return await Effect(call, tool, edited, requester).run()
    return await _decided(call, tool, edited, again)


def _asked_under() -> Terms | None:
    """The terms that this call was asked under before, when its next question is that one again."""
    row = standing()
    return None if row is None or row.kind != APPROVAL else Terms.model_validate(row.terms["terms"])


def _still_holds(answer: Answer, now: Terms) -> bool:
    """Whether the decision counts under the rule of now. The deadline aside: the answer came before it."""
    if not isinstance(parse_decision(answer.value), Approve):
        return True
    return terms_of(answer).model_copy(update={"expires_at": None}) == now.model_copy(update={"expires_at": None})


def _met_by_editor(terms: Terms, answer: Answer) -> bool:
    """Whether the vote of the person who edited the call meets its rule. Groups cannot be looked up here."""
    if answer.by is None:
        return False
    editor = Actor(UserId(answer.by), team="", kind="member")
    return isinstance(decide(terms, (), editor, Approve(), datetime.fromtimestamp(answer.at, UTC)), Approved)
