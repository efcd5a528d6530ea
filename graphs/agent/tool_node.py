"""The tool node: one task for each call that the model proposes.

It asks where a policy says so, runs the very arguments that were shown, and says what became of it in one sentence for
the model.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, assert_never

from graphs.agent import beforehand, evidence, tool_messages
from graphs.agent.arguments import Arguments
from graphs.agent.binding import change_since, under_old_rule
from graphs.agent.bounds import ANSWERED
from graphs.agent.call_record import ending, has_run, ran_before
from graphs.agent.effect import Effect
from graphs.agent.errors import InvalidArguments, UnknownTool, UnstorableArguments
from graphs.agent.evidence import Evidence
from graphs.agent.policy import is_code, replay_terms, required
from graphs.agent.proposals import APPROVAL, ProposedCall, as_asked, claim_key, may_it_run, named, terms_of
from graphs.agent.toolbox import Toolbox
from graphs.agent.tools import Tool
from graphs.approvals.decisions import Approve, Edit, Reject, Respond, parse_decision, why_unreachable
from graphs.approvals.states import Refusal
from graphs.approvals.terms import Terms
from graphs.errors import QuestionExpired
from graphs.models.transcript import tool_message
from graphs.runtime.asking import Answer, Question, ask, known_question, was_answered
from graphs.runtime.calling import awaitable
from graphs.runtime.effects import claim_of
from graphs.runtime.types import Runtime
from graphs.texts.log_ids import known
from storage.interrupts import InterruptRow

logger = logging.getLogger(__name__)

Unreachable = Callable[[Terms, str], Awaitable[str | None]]
"""Why no people there are can approve under these terms in the thread of this id, as a sentence; None when they can, or
nobody knows."""


@dataclass(frozen=True)
class CallNode:
    """Runs one proposed call to its tool message. `clock` gives aware times."""

    toolbox: Toolbox
    clock: Callable[[], datetime]
    unreachable: Unreachable | None = None

    async def __call__(self, call: ProposedCall, runtime: Runtime[Any]) -> dict[str, Any]:
        with known({"call": call["id"], "person": runtime.by}):
            ended = await self._outcome(call, runtime.by or "", runtime.thread_id or "")
        message = {**tool_message(call["id"], ended.told), "id": f"result:{call['id']}"}
        if ended.refusal is not None:
            message["refusal"] = asdict(ended.refusal)
        if was_answered():
            message[ANSWERED] = True
        return {"messages": [message]}

    async def _outcome(self, call: ProposedCall, requester: str, thread_id: str) -> _Ended:
        try:
            tool = self.toolbox[call["name"]]
            arguments = await _validated(tool, call["arguments"])
        except (UnknownTool, InvalidArguments, UnstorableArguments) as error:
            if error.__cause__ is not None:
                logger.warning("call %s of tool %r is refused: %s", call["id"], call["name"], error)
            return _unusable(call, error)
        terms = await _required(tool, arguments, requester, self.clock())
        known = known_question() is not None or not tool.repeatable
        on_file = await evidence.look(call["id"]) if known else evidence.NOTHING
        if not tool.repeatable and (before := ran_before(call["id"], on_file.claims)):
            call = {**call, "ran_before": before}
            terms = terms or await awaitable(replay_terms, bounded=False)(tool, arguments, requester=requester)
        proposal = _Proposal(call, tool, requester, self.clock, thread_id, self.unreachable, on_file)
        return await proposal.settle(arguments, terms)


@dataclass(frozen=True)
class _Ended:
    """How a call ended: what the model is told, and why it could not run where that is all that happened."""

    told: str
    refusal: Refusal | None = None


@dataclass(frozen=True)
class _Edited:
    """A call that a person made another one of: `answer` is theirs, `args` what they made of it."""

    answer: Answer
    by: str
    edit: Edit


@dataclass(frozen=True)
class _Proposal:
    """A call of a tool that there is, on its way to an end; which arguments run is for people to say."""

    call: ProposedCall
    tool: Tool[..., Any]
    requester: str
    clock: Callable[[], datetime]
    thread_id: str
    unreachable: Unreachable | None
    on_file: Evidence

    async def settle(self, arguments: Arguments, terms: Terms | None) -> _Ended:
        """Run these arguments if they may run, or what people made of them, and say what came of it; else what was
        decided instead. `terms` are those of the rule as it is now.
        """
        proposed, made, editors = arguments, arguments.shown, list[str]()
        replaces: str | None = None
        while isinstance(ended := await self._end(arguments, terms, replaces), _Edited):
            # What a person made of the call has a rule of its own, and a question of its own where that one asks.
            editors.append(ended.by)
            replaces = ended.answer.interrupt_id
            found = await self._reread(ended)
            if isinstance(found, _Ended):
                made, ended = {}, found
                break
            arguments, made = found, found.shown
            terms = await _required(self.tool, arguments, self.requester, self.clock())
        if not editors:
            return ended
        ran = has_run(claim_of(claim_key(self.call["id"])))
        return replace(ended, told=tool_messages.edited(editors, proposed.shown, made, ended.told, ran=ran))

    async def _end(self, arguments: Arguments, terms: Terms | None, replaces: str | None) -> _Ended | _Edited:
        """`replaces` is the question that an edit answered."""
        try:
            answer = await self._decision(arguments, terms, replaces)
        except QuestionExpired:
            return _Ended(tool_messages.expired())
        if isinstance(answer, _Ended):
            return answer
        if answer is None:
            return _Ended(await Effect(self.call, self.tool, arguments, self.requester).run())
        if (why := why_unreachable(answer.value)) is not None:
            return _Ended(tool_messages.unreached(why))
        by = named(answer.by, terms_of(answer).requester)
        match decision := parse_decision(answer.value):
            case Approve():
                effect = Effect(self.call, self.tool, arguments, self.requester, answer.interrupt_id)
                return _Ended(await effect.run())
            case Reject(message):
                return _Ended(tool_messages.rejected(by, message))
            case Respond(message):
                return _Ended(tool_messages.responded(by, message))
            case Edit():
                return _Edited(answer, by, decision)
            case _:
                assert_never(decision)

    async def _reread(self, edited: _Edited) -> Arguments | _Ended:
        """What a person made of the call; how it ended where that cannot run."""
        if edited.edit.name not in (self.tool.name, self.tool.wire_name):
            why = f"It names another tool, {edited.edit.name!r}."
        else:
            try:
                return await _validated(self.tool, edited.edit.args)
            except (InvalidArguments, UnstorableArguments) as error:
                why = str(error)
        return _Ended(tool_messages.useless_edit(edited.by, why), Refusal("invalid arguments", why))

    async def _decision(
        self, arguments: Arguments, terms: Terms | None, replaces: str | None
    ) -> Answer | _Ended | None:
        """The decision that stands on these arguments; None when nobody has to decide; how the call ended where it
        cannot work, or no people there are could approve it.

        An approval stands for the very call that was approved, under the rule that it was approved under: else it is
        asked anew, which is kept even if all is as before later. A decision that is no approval stands whatever became
        of the rule, and so does a question that was asked. A call that was begun is past all questions of leave.
        """
        is_begun = claim_of(claim_key(self.call["id"])) is not None
        why: str | None = None
        while True:
            asked = _asked_before()
            if asked is None and is_begun:
                return None
            if asked is None:
                return await self._first(arguments, terms, replaces, why)
            bound = terms or under_old_rule(asked, self.tool, arguments, self.clock())
            answer = ask(as_asked(asked) or await self._question(arguments, bound, replaces, why))
            if why_unreachable(answer.value):
                return answer
            unproven = self.on_file.against(self.call["id"], answer)
            if unproven is None and (is_begun or not isinstance(parse_decision(answer.value), Approve)):
                return answer
            after = _asked_before()
            if after is None or after.replaces != answer.interrupt_id:
                if unproven is not None:
                    self._warn(answer, unproven)
                elif said := await beforehand.impossible(self.tool, arguments):
                    return _impossible(said)
                new = await self._question(arguments, bound, replaces, why)
                why = unproven or change_since(asked, self.tool, arguments, terms, new)
                if why is None:
                    return answer
                terms = bound
            replaces = answer.interrupt_id

    async def _first(
        self, arguments: Arguments, terms: Terms | None, replaces: str | None, why: str | None
    ) -> Answer | _Ended | None:
        """As `_decision`, while nothing is asked: once there is a question, it waits for its answer."""
        if said := await beforehand.impossible(self.tool, arguments):
            return _impossible(said)
        if terms is None:
            return None
        if self.unreachable is not None and (lack := await self.unreachable(terms, self.thread_id)) is not None:
            return _Ended(tool_messages.unreachable(lack), Refusal("unreachable", lack))
        return ask(await self._question(arguments, terms, replaces, why))

    async def _question(self, arguments: Arguments, terms: Terms, replaces: str | None, why: str | None) -> Question:
        """Asks leave for these arguments, in the words that their tool has for them now."""
        words = await beforehand.words(self.tool, arguments)
        return may_it_run(self.call, self.tool, arguments, terms, words, replaces, why)

    def _warn(self, answer: Answer, why: str) -> None:
        logger.error(
            "thread %r: question %s about call %r of %r reads %r, but %s; nothing was run, and it is asked anew. "
            "Somebody may have written into the database: run signoff audit verify",
            *(self.thread_id, answer.interrupt_id, self.call["id"], self.tool.name, answer.value["type"], why),
        )


async def _validated(tool: Tool[..., Any], arguments: str | Mapping[str, object]) -> Arguments:
    """See `Tool.validate`. What checks them may be the tool's own code: it holds up nobody but this call."""
    return await awaitable(tool.validate, bounded=False)(arguments)


async def _required(tool: Tool[..., Any], arguments: Arguments, requester: str, now: datetime) -> Terms | None:
    """What the rule asks for. A `when` is somebody else's code: it holds up nobody but this call."""
    if not is_code(tool):
        return required(tool, arguments, requester=requester, now=now)
    return await awaitable(required, bounded=False)(tool, arguments, requester=requester, now=now)


def _asked_before() -> InterruptRow | None:
    """The approval that this task asked for before, if that is its next question again."""
    row = known_question()
    return row if row is not None and row.kind == APPROVAL else None


def _impossible(why: str) -> _Ended:
    return _Ended(tool_messages.impossible(why), Refusal("impossible", why))


def _unusable(call: ProposedCall, error: UnknownTool | InvalidArguments | UnstorableArguments) -> _Ended:
    """A call that cannot be run. It may have been begun while it could: then that is what became of it."""
    claim = claim_of(claim_key(call["id"]))
    if claim is not None:
        return _Ended(ending(claim))
    match error:
        case UnknownTool():
            return _Ended(tool_messages.unknown(error), Refusal("unknown tool"))
        case InvalidArguments():
            why = "; ".join(str(problem) for problem in error.problems)
            return _Ended(tool_messages.invalid(error), Refusal("invalid arguments", why))
        case UnstorableArguments():
            return _Ended(tool_messages.unstorable(error), Refusal("unstorable arguments"))
