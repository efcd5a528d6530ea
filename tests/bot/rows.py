"""Rows as storage gives them, for what is derived from rows: a call that waits, was decided, ran."""

import json
from collections.abc import Mapping
from typing import Any

from bot.shown.on_record import ShownCalls
from bot.shown.shown_calls import ShownCall
from graphs.agent.call_record import records
from graphs.agent.proposals import APPROVAL, IN_DOUBT, claim_key
from graphs.agent.toolbox import Toolbox
from graphs.agent.tools import Tool
from storage.claims import ClaimRow, ClaimStatus
from storage.ids import InterruptId, Namespace, Scope, ThreadId
from storage.interrupts import InterruptRow
from storage.votes import VoteRow

THREAD = ThreadId("T0LOCAL/D0ANA/1.0")
AT = 1_790_000_000.0


def question(
    args: Mapping[str, Any],
    *,
    name: str = "pay",
    call_id: str = "call_1",
    id_: str = "a" * 32,
    answer: Any = None,
    by: str | None = "U0ANA",
    status: str | None = None,
    kind: str = APPROVAL,
    at: float = AT,
    why: str | None = None,
    ran_before: str = "",
    payload: Mapping[str, Any] | None = None,
    **terms: Any,
) -> InterruptRow:
    """A question about a call; with an answer it is answered. `payload` is what its tool says beside that."""
    told = f"{ran_before}\n\nRefund part or all of what was paid for an order." if ran_before else f"To {name} it."
    about = {"type": kind, "tool_call_id": call_id, "name": name, "args": dict(args)}
    about |= {"idempotency_key": "k" * 32} if kind == IN_DOUBT else {"description": told, **(payload or {})}
    bound = {"requester": "U0ANA", "approvers": ["requester"], "allow": ["approve", "edit", "reject", "respond"]}
    return InterruptRow(
        InterruptId(id_), THREAD, Namespace(""), Scope("task"), 0, "call", kind,
        status or ("answered" if answer is not None else "waiting"),  # type: ignore[arg-type]
        1, False, about, "digest", None, {"terms": bound | terms, "data": json.dumps(args), "message_id": "m1"}
        | ({} if why is None else {"why": why}), "U0ANA", None, AT,
        terms.get("expires_at"), None if answer is None else json.dumps(answer),
        by if answer is not None else None, at if answer is not None else None,
    )  # fmt: skip


def claim(status: ClaimStatus, result: Any = None, *, call_id: str = "call_1", error: str | None = None) -> ClaimRow:
    stored = None if result is None else json.dumps(result)
    return ClaimRow(Scope("task"), claim_key(call_id), THREAD, "k" * 32, status, stored, error, AT, AT)


def vote(user: str, *, id_: str = "a" * 32) -> VoteRow:
    return VoteRow(InterruptId(id_), user, "T0LOCAL", AT, {})


def proposed(*calls: tuple[str, str, Mapping[str, Any] | str], content: str = "") -> dict[str, Any]:
    """An assistant message that calls: (id, tool, arguments)."""
    made = [
        {
            "id": id_,
            "type": "function",
            "function": {"name": name, "arguments": args if isinstance(args, str) else json.dumps(args)},
        }
        for id_, name, args in calls
    ]
    return {"role": "assistant", "id": "m1", "content": content, "tool_calls": made}


def rows(
    tools: list[Tool[..., Any]],
    message: dict[str, Any],
    *stored: InterruptRow | ClaimRow | VoteRow,
    results: Mapping[str, str | Mapping[str, Any]] | None = None,
    is_last: bool = True,
) -> list[ShownCall]:
    """The calls of a message, as they stand by these rows; `results` are tool messages, or only their texts."""
    questions = [row for row in stored if isinstance(row, InterruptRow)]
    claims = [row for row in stored if isinstance(row, ClaimRow)]
    votes = [row for row in stored if isinstance(row, VoteRow)]
    told = {id_: {"content": each} if isinstance(each, str) else each for id_, each in (results or {}).items()}
    return ShownCalls(Toolbox(tools), records(questions, claims, votes)).calls(message, told, is_last=is_last)
