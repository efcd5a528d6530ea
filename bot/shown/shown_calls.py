"""The tool calls of a conversation as a person sees them: what is on record of them, in the words of a card. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bot.forms.forms import Form
from bot.shown import arguments, naming, tenses
from bot.shown.arguments import Written
from bot.shown.labels import Labels
from bot.shown.text import fitted, one_line
from graphs.agent import call_record
from graphs.agent.call_record import NOTHING, CallRecord, answer_of, decision_of
from graphs.agent.canonical import MASK, read_json
from graphs.agent.errors import AgentError
from graphs.agent.tools import Tool, Toolbox
from graphs.agent.transcript import call_ids
from graphs.approvals.states import Refusal, State
from storage import Connection
from storage.ids import ThreadId
from storage.interrupts import InterruptRow

ARGUMENTS_LIMIT = 7000
"""Characters of a call's arguments on its card."""

LINE_LIMIT = 300
"""Characters of them where a call is one line."""

NAME_LIMIT = 200
"""Characters of a tool's name, or of a call's title."""


@dataclass(frozen=True)
class ShownCall:
    """One proposed call. `args` is what the model proposed, `edited` what took its place; both may be shown as they
    are. `tool` is None when there is none of that name. `named` is how the tool itself titles what would run, `beside`
    what the model wrote beside its calls. Times are Unix seconds.
    """

    message_id: str
    name: str
    tool: Tool[..., Any] | None
    args: Mapping[str, Any]
    edited: Mapping[str, Any]
    record: CallRecord
    tool_message: str | None
    refusal: Refusal | None = None
    """Why it could not run and nobody was asked, where that is what became of it."""
    passed_over: bool = False
    """Whether the conversation went on without waiting for what becomes of it."""
    named: str | None = None
    beside: str = ""

    @property
    def description(self) -> str:
        """What the tool does, where its calls have no title that says so."""
        return self.tool.description if self.tool is not None and self.tool.title is None else ""

    @property
    def destructive(self) -> bool:
        return self.tool is not None and self.tool.destructive

    @property
    def preview(self) -> str:
        """What whoever decides needs to know beside the arguments, in the tool's words; perhaps empty."""
        return self.asked.payload.get("preview", "") if self.asked is not None else ""

    @property
    def rule(self) -> str:
        """Why it asks, in a few words."""
        return self._terms.get("rule", "")

    @property
    def ran_before(self) -> str:
        """When it ran in an earlier life of the thread and what came of it, in a sentence; empty when it did not."""
        said = self.asked.payload.get("description", "") if self.asked is not None else ""
        told, _, rest = said.rpartition("\n\n")
        return told if self.tool is not None and rest == self.tool.description else ""

    @property
    def gated(self) -> bool:
        return self.tool is not None and self.tool.approval is not None

    @property
    def uneditable(self) -> str | None:
        """Why no form can edit it, as a sentence; None when one can."""
        if self.tool is None:
            return "There is no such tool."
        values = self.asked.payload["args"] if self.asked is not None else self.args
        form = Form(self.tool.parameters, values)
        if form.unsupported is None and form.unseen and not self.arguments.is_whole:
            return f"It would run what is shown whole neither here nor in a form: {', '.join(form.unseen)}."
        return form.unsupported and f"There is nothing that a form could edit. {form.unsupported}"

    @property
    def function(self) -> str:
        """Its tool's name, which a model may have made up, in one line: for small print."""
        return fitted(one_line(self.name), NAME_LIMIT) or "(no name)"

    @cached_property
    def title(self) -> str:
        """What would run, or ran, in a line that can be decided on alone."""
        if self.named:
            return fitted(one_line(self.named), NAME_LIMIT)
        return naming.headline(self.name, self.edited or self.args)

    @property
    def first_line(self) -> str:
        """The title as a question, where it reads as what is to be done."""
        return tenses.asked(self.title)

    @property
    def labels(self) -> Labels:
        """Of its tool's arguments."""
        return Labels.of(self.tool.parameters.get("properties", {}) if self.tool is not None else None)

    @cached_property
    def arguments(self) -> Written:
        """What would run, in writing; for an edited call what was proposed and what took its place."""
        return arguments.written(self.args, self.edited, ARGUMENTS_LIMIT, self.labels)

    def arguments_in_line(self, limit: int) -> str:
        """What would run, or ran, in one line of about `limit` characters."""
        return arguments.in_line(self.edited or self.args, limit, self.labels)

    @cached_property
    def state(self) -> State:
        return self.record.state(has_tool_message=self.tool_message is not None or self.passed_over)

    @property
    def asked(self) -> InterruptRow | None:
        """Its newest approval, if it was asked for."""
        return self.record.approval

    @property
    def doubt(self) -> InterruptRow | None:
        """The question whether it ran, if there was one."""
        return self.record.doubt

    @property
    def question(self) -> InterruptRow | None:
        """What was asked about it last."""
        return self.doubt or self.asked

    @property
    def waits(self) -> bool:
        return self.question is not None and self.question.status == "waiting"

    @property
    def under_way(self) -> bool:
        """Whether something more will become of it: a person is asked, or it runs, or is about to."""
        return self.waits or self.state in (State.APPROVED, State.RUNNING)

    @property
    def interrupt_id(self) -> str:
        return self.question.id if self.question is not None else ""

    @property
    def _terms(self) -> Mapping[str, Any]:
        return self.question.terms["terms"] if self.question is not None else {}

    @property
    def allow(self) -> Collection[str]:
        return self._terms.get("allow", ()) if self.doubt is None else ()

    @property
    def self_approval(self) -> bool:
        return self._terms.get("self_approval", True)

    @property
    def approvers(self) -> Sequence[str]:
        return self._terms.get("approvers", ())

    @property
    def quorum(self) -> int:
        return self._terms.get("quorum", 1)

    @property
    def requester(self) -> str:
        return self._terms.get("requester", "")

    @property
    def why(self) -> str | None:
        """Why it was asked anew, as a clause; None when it was not."""
        return self.asked.terms.get("why") if self.asked is not None else None

    @property
    def votes(self) -> Sequence[str]:
        """Who has approved it so far."""
        return [vote.user for vote in self.record.votes_for(self.asked)] if self.asked is not None else []

    @property
    def decision(self) -> str | None:
        return answer_of(self.asked).get("type")

    @property
    def reason(self) -> str:
        return answer_of(self.asked).get("message", "")

    @property
    def decided_by(self) -> str | None:
        return self.asked.answered_by if self.asked is not None else None

    @property
    def decided_at(self) -> float | None:
        return self.asked.answered_at if self.asked is not None else None

    @property
    def edited_by(self) -> str | None:
        return self.record.edit.answered_by if self.record.edit is not None else None

    @property
    def edited_at(self) -> float | None:
        return self.record.edit.answered_at if self.record.edit is not None else None

    @property
    def expires_at(self) -> float | None:
        return self.asked.expires_at if self.asked is not None else None

    @property
    def asked_at(self) -> float | None:
        return self.record.asked[0].created_at if self.record.asked else None

    @property
    def settled(self) -> str | None:
        """What a person said of it while it was in doubt: `it_ran`, `run_again`, `give_up`."""
        return decision_of(self.doubt) if self.doubt is not None else None

    @property
    def idempotency_key(self) -> str:
        return self.doubt.payload["idempotency_key"] if self.doubt is not None else ""

    @property
    def result(self) -> str:
        """What came of it, in the tool's own words; what the model was told of a call that came to nothing."""
        claim, result = self.record.claim, self.record.result
        if claim is not None and claim.status == "done":
            return result if isinstance(result, str) else result["failed"]
        if claim is not None and claim.status == "failed":
            return (claim.error or "").partition(": ")[2]
        return self.tool_message or ""


def revision(calls: Sequence[ShownCall]) -> str:
    """Tells which calls a card shows as waiting: "Approve All" decides those and no others."""
    waiting = sorted(call.interrupt_id for call in calls if call.waits)
    return hashlib.sha256(" ".join(waiting).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class ShownCalls:
    """What is on record of a thread's calls, by call id, as a card shows it."""

    toolbox: Toolbox
    records: Mapping[str, CallRecord]

    def calls(
        self, message: Mapping[str, Any], results: Mapping[str, Mapping[str, Any]], *, is_last: bool = True
    ) -> list[ShownCall]:
        """The calls of an assistant message; `results` are the tool messages by call id. It `is_last` until somebody
        says something after it.
        """
        by_id = {call["id"]: call for call in message.get("tool_calls") or ()}
        return [self._call(message, by_id[id_], results.get(id_, {}), not is_last) for id_ in call_ids(message)]

    def _call(
        self, message: Mapping[str, Any], proposed: Mapping[str, Any], result: Mapping[str, Any], passed_over: bool
    ) -> ShownCall:
        name = proposed["function"]["name"]
        tool = self.toolbox[name] if name in list(self.toolbox) else None
        record = self.records.get(proposed["id"], NOTHING)
        values = _read(proposed["function"]["arguments"])
        # Once it has ended its check has run, and came to an end; what may end the process is not begun here.
        is_checked = "content" in result or record.doubt is not None
        args = record.asked[0].payload["args"] if record.asked else _shown(tool, values, checked=is_checked)
        if tool is not None:
            args = in_order(args, tool.parameters)
        edited = _shown(tool, answer_of(record.edit)["edited_action"]["args"]) if record.edit is not None else {}
        refusal = Refusal(**result["refusal"]) if "refusal" in result else None
        named = _named(tool, record, values if is_checked else None)
        return ShownCall(
            message["id"], name, tool, args, edited, record, result.get("content"), refusal, passed_over, named,
            message.get("content") or "",
        )  # fmt: skip


def record_of(
    db: Connection, toolbox: Toolbox, thread_id: ThreadId, messages: Iterable[Mapping[str, Any]]
) -> ShownCalls:
    """What is stored of the calls of these messages. A job."""
    ids = [call_id for message in messages for call_id in call_ids(message)]
    return ShownCalls(toolbox, call_record.read(db, thread_id, ids) if ids else {})


def _named(tool: Tool[..., Any] | None, record: CallRecord, values: Mapping[str, Any] | None) -> str | None:
    """How the tool titles the call: as it was asked about, else by the `values` that run; None where it does not."""
    asked = record.approval
    if asked is not None and decision_of(asked) != "edit":
        return asked.payload.get("title")
    if asked is not None:
        values = answer_of(asked)["edited_action"]["args"]
    return tool.title_of(values) if tool is not None and values is not None else None


def _shown(tool: Tool[..., Any] | None, values: Mapping[str, Any], *, checked: bool = True) -> Mapping[str, Any]:
    """Arguments as they may be shown: secrets masked, also in what the tool does not take. Those that are not to be
    `checked` by the tool are shown as they were written.
    """
    if tool is None:
        return values
    with suppress(AgentError):
        if checked:
            return tool.validate(values).shown
    secret = tool.secret_arguments
    shown = tool.model.model_fields.keys() - secret
    return {name: MASK if secret and name not in shown else value for name, value in values.items()}


def in_order(args: Mapping[str, Any], parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments in the order in which the tool declares them."""
    declared = [name for name in parameters.get("properties", {}) if name in args]
    return {name: args[name] for name in [*declared, *(name for name in args if name not in declared)]}


def _read(arguments: str) -> Mapping[str, Any]:
    """Arguments as the model wrote them: perhaps no JSON object, or too deep for one, and then shown as they are."""
    try:
        values = read_json(arguments or "{}")
    except ValueError:
        return {"arguments": arguments}
    return values if isinstance(values, dict) else {"arguments": arguments}
