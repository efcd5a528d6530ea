"""What is on record about tool calls that have no tool message, read from their questions and claims (rule C5)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from graphs.agent import outcomes
from graphs.agent.calls import APPROVAL, IN_DOUBT, claim_key
from graphs.runtime.questions import past
from storage.claims import ClaimRow
from storage.interrupts import InterruptRow


async def outcomes_on_record(call_ids: Sequence[str]) -> dict[str, str]:
    """The outcome of each call, by its id, in the words of `outcomes`."""
    if not call_ids:
        return {}
    questions, claims = await past()
    asked = {row.payload["tool_call_id"]: row for row in questions if _is_about_call(row)}
    claimed = {row.key: row for row in claims}
    return {id_: _outcome(asked.get(id_), claimed.get(claim_key(id_))) for id_ in call_ids}


def _is_about_call(row: InterruptRow) -> bool:
    return row.kind in (APPROVAL, IN_DOUBT)


def _outcome(question: InterruptRow | None, claim: ClaimRow | None) -> str:
    match claim.status if claim is not None else None:
        case "done":
            assert claim is not None
            return str(json.loads(claim.result or '""'))
        case "failed":
            assert claim is not None
            return outcomes.failed(claim.error or "")
        case "claimed" | "in doubt" | "paused":
            return outcomes.in_doubt()
        case None:
            return _undone(question)


def _undone(question: InterruptRow | None) -> str:
    """What became of a call that nothing was claimed for."""
    if question is None:
        return outcomes.lost()
    if question.status == "expired":
        return outcomes.expired()
    return outcomes.cancelled()
