"""What is on record about tool calls that have no tool message, read from their questions and claims (rule C5)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, assert_never

from graphs.agent import tool_messages
from graphs.agent.errors import AgentError
from graphs.agent.proposals import APPROVAL, claim_key, named
from graphs.agent.results import read_result, told
from graphs.agent.tools import Toolbox
from graphs.approvals.decisions import Approve, Decision, Edit, Reject, Respond, parse_decision
from graphs.runtime.asking import past
from storage.claims import ClaimRow
from storage.interrupts import InterruptRow


async def outcomes_on_record(call_ids: Sequence[str], toolbox: Toolbox) -> dict[str, str]:
    """The outcome of each call, by its id, in the words of `outcomes`."""
    if not call_ids:
        return {}
    questions, claims = await past()
    asked: dict[str, list[InterruptRow]] = {}
    for row in questions:
        if row.kind == APPROVAL:
            asked.setdefault(row.payload["tool_call_id"], []).append(row)
    claimed = {row.key: row for row in claims}
    return {id_: _outcome(asked.get(id_, []), claimed.get(claim_key(id_)), toolbox) for id_ in call_ids}


def _outcome(asked: Sequence[InterruptRow], claim: ClaimRow | None, toolbox: Toolbox) -> str:
    outcome = ending(claim) if claim is not None else _undone(asked[-1] if asked else None)
    for row in reversed(asked):
        if isinstance(decision := _decision(row), Edit):
            shown = _shown(toolbox, decision.name, decision.args)
            outcome = tool_messages.edited(_by(row), row.payload["args"], shown, outcome)
    return outcome


def ending(claim: ClaimRow) -> str:
    """What became of a call that was begun."""
    match claim.status:
        case "done":
            return told(read_result(claim.result))
        case "failed":
            return tool_messages.failed(claim.error or "")
        case "claimed" | "in doubt" | "paused":
            return tool_messages.in_doubt()
        case _:
            assert_never(claim.status)


def _undone(question: InterruptRow | None) -> str:
    """What became of a call that nothing was claimed for."""
    if question is None:
        return tool_messages.lost()
    match _decision(question):
        case Reject(message):
            return tool_messages.rejected(_by(question), message)
        case Respond(message):
            return tool_messages.responded(_by(question), message)
        case Approve() | Edit():
            return tool_messages.lost()
        case None:
            return tool_messages.expired() if question.status == "expired" else tool_messages.cancelled()


def _decision(row: InterruptRow) -> Decision | None:
    """The decision that stands; one that was cancelled with its question does not."""
    return parse_decision(json.loads(row.answer)) if row.status == "answered" and row.answer is not None else None


def _by(row: InterruptRow) -> str:
    return named(row.answered_by, row.terms["terms"]["requester"])


def _shown(toolbox: Toolbox, name: str, args: Any) -> dict[str, Any]:
    """An edit's arguments with their secrets masked; none when they cannot be read any more."""
    try:
        return toolbox[name].validate(args).shown
    except AgentError:
        return {}
