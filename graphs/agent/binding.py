"""What an approval is bound to, checked again when its call is about to run: what was shown is what runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from graphs.agent.arguments import Arguments
from graphs.agent.tools import Tool
from graphs.approvals.terms import Terms
from graphs.runtime.asking import Question
from graphs.texts.canonical import digest
from storage.interrupts import InterruptRow

_NOT_BINDING = {"expires_at", "rule"}
"""The deadline is held against the time of the answer; the rule's wording is for the audit."""

_SHOWN = {"description": "the tool's description", "title": "the tool's title", "preview": "what the preview shows"}
"""What stands on a card beside the arguments."""


def change_since(
    asked: InterruptRow, tool: Tool[..., Any], arguments: Arguments, terms: Terms | None, question: Question
) -> str | None:
    """What is no longer as it was when this was approved, as a clause that tells why it is asked anew; None when the
    approval holds.

    `terms` are those of the rule as it is now, `question` what would be asked. A rule that asks no longer (None) takes
    nothing from an approval under one that did.
    """
    then = Terms.model_validate(asked.terms["terms"])
    if digest(str(asked.terms["data"]).encode()) != then.args_digest:
        return "what is on record of this call was changed while it waited"
    if then.schema_digest != tool.schema_digest or then.tool != tool.name:
        return "the tool's schema changed while this waited"
    if then.args_digest != arguments.digest:
        return "the tool reads these arguments differently than when this was asked"
    if terms is not None and _rule(then) != _rule(terms):
        return "the rule for this call changed while it waited"
    for what, said in _SHOWN.items():
        if asked.payload.get(what) != question.payload.get(what):
            return f"{said} changed while this waited"
    if question.text() != Question(asked.payload).text():
        return "what is on record of this call was changed while it waited"
    if asked.expires_at is not None and (asked.answered_at or 0.0) >= asked.expires_at:
        return "the approval came after its deadline"
    return None


def under_old_rule(asked: InterruptRow, tool: Tool[..., Any], arguments: Arguments, now: datetime) -> Terms:
    """The terms that a call is asked under anew when its rule asks no longer: those it was asked under before."""
    then = Terms.model_validate(asked.terms["terms"])
    given = None if then.expires_at is None else then.expires_at - datetime.fromtimestamp(asked.created_at, now.tzinfo)
    return then.model_copy(
        update={
            "args_digest": arguments.digest,
            "schema_digest": tool.schema_digest,
            "expires_at": None if given is None else now + given,
        }
    )


def _rule(terms: Terms) -> dict[str, Any]:
    return terms.model_dump(exclude=_NOT_BINDING)
