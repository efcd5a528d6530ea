"""The tool calls of a conversation as a person sees them: what is on record of them, in the words of a card. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from bot.forms.forms import Form
from bot.shown import arguments, naming, tenses
from bot.shown.arguments import Written
from bot.shown.labels import Labels
from bot.shown.text import fitted, one_line
from graphs.agent.call_record import CallRecord, answer_of, decision_of
from graphs.agent.tools import Tool
from graphs.approvals.states import Refusal, State
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
    call_id: str = ""
    attached: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    """Beside which posts the file of its arguments is up (None), or why it never will be."""
    asks: bool = False
    """Whether it was begun, and its tool asks something by itself, which has a card of its own."""

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
        return self.tool is not None and self.tool.may_ask

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

    def is_seen_whole(self, subject: str) -> bool:
        """Whether all of what would run is to be seen at this post."""
        return self.arguments.is_whole or self.attached.get(subject, "") is None

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
