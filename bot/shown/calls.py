"""The tool calls of a conversation as a person sees them, from the transcript, questions and claims. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.forms import forms
from graphs.agent.canonical import MASK
from graphs.agent.errors import AgentError
from graphs.agent.proposals import APPROVAL, IN_DOUBT, claim_key
from graphs.agent.results import read_result
from graphs.agent.tools import Tool, Toolbox
from graphs.agent.transcript import call_ids
from storage.claims import ClaimRow
from storage.interrupts import InterruptRow
from storage.votes import VoteRow


@dataclass(frozen=True)
class Call:
    """One proposed call. `state` is one word (or "in doubt"): waiting, running, done, failed, rejected, ...

    `asked` is its newest question, if there was one; `doubt` the question whether it ran. `args` is what the model
    proposed, `edited` what took its place. `votes` are who has approved it so far. Times are Unix seconds.
    """

    message_id: str
    name: str
    description: str
    args: Mapping[str, Any]
    gated: bool
    state: str
    result: str = ""
    asked: InterruptRow | None = None
    doubt: InterruptRow | None = None
    edited: Mapping[str, Any] = field(default_factory=dict[str, Any])
    edited_by: str | None = None
    edited_at: float | None = None
    votes: Sequence[str] = ()
    decision: str | None = None
    reason: str = ""
    decided_by: str | None = None
    decided_at: float | None = None
    uneditable: str | None = None

    @property
    def waits(self) -> bool:
        question = self.doubt or self.asked
        return question is not None and question.status == "waiting"

    @property
    def interrupt_id(self) -> str:
        question = self.doubt or self.asked
        return question.id if question is not None else ""

    @property
    def _terms(self) -> Mapping[str, Any]:
        question = self.doubt or self.asked
        return question.terms["terms"] if question is not None else {}

    @property
    def allow(self) -> Collection[str]:
        return self._terms.get("allow", ()) if self.doubt is None else ()

    @property
    def approvers(self) -> Sequence[str]:
        return self._terms.get("approvers", ())

    @property
    def quorum(self) -> int:
        return self._terms.get("quorum", 1)

    @property
    def why(self) -> str | None:
        """Why it was asked anew, as a clause; None when it was not."""
        return self.asked.terms.get("why") if self.asked is not None else None

    @property
    def requester(self) -> str:
        return self._terms.get("requester", "")

    @property
    def expires_at(self) -> float | None:
        return self.asked.expires_at if self.asked is not None else None

    @property
    def idempotency_key(self) -> str:
        return self.doubt.payload["idempotency_key"] if self.doubt is not None else ""


def revision(rows: Sequence[Call]) -> str:
    """Tells which rows a card shows as waiting: "Approve all" decides those and no others."""
    waiting = sorted(row.interrupt_id for row in rows if row.waits)
    return hashlib.sha256(" ".join(waiting).encode()).hexdigest()[:16]


class Record:
    """Everything stored about a thread's calls, by call id."""

    def __init__(
        self,
        toolbox: Toolbox,
        questions: Sequence[InterruptRow],
        claims: Sequence[ClaimRow],
        votes: Sequence[VoteRow] = (),
    ) -> None:
        self._toolbox = toolbox
        self._votes = votes
        self._claims = {claim.key: claim for claim in claims}
        self._asked: dict[str, list[InterruptRow]] = {}
        self._doubts: dict[str, InterruptRow] = {}
        for row in questions:
            if row.kind == APPROVAL:
                self._asked.setdefault(row.payload["tool_call_id"], []).append(row)
            elif row.kind == IN_DOUBT:
                self._doubts[row.payload["tool_call_id"]] = row

    def calls(self, message: Mapping[str, Any], results: Mapping[str, str]) -> list[Call]:
        """The calls of an assistant message; `results` are the tool messages by call id."""
        by_id = {call["id"]: call for call in message.get("tool_calls") or ()}
        return [self._call(message["id"], by_id[id_], results.get(id_)) for id_ in call_ids(message)]

    def _call(self, message_id: str, proposed: Mapping[str, Any], result: str | None) -> Call:
        call_id, name = proposed["id"], proposed["function"]["name"]
        tool = self._toolbox.get(name) if name in set(self._toolbox) else None
        asked = self._asked.get(call_id, [])
        claim = self._claims.get(claim_key(call_id))
        doubt = self._doubts.get(call_id)
        first, last = (asked[0], asked[-1]) if asked else (None, None)
        answer = _answer(last)
        edit = next((row for row in reversed(asked) if _is_edit(row)), None)
        args = first.payload["args"] if first is not None else _shown(tool, _read(proposed["function"]["arguments"]))
        if tool is not None:
            args = _in_order(args, tool.parameters)
        return Call(
            message_id,
            name,
            tool.description if tool is not None else "",
            args,
            gated=tool is not None and tool.approval is not None,
            state=_state(last, doubt, claim, answer, result),
            result=_result(claim, result),
            asked=last,
            doubt=doubt,
            edited=_shown(tool, _answer(edit)["edited_action"]["args"]) if edit is not None else {},
            edited_by=edit.answered_by if edit is not None else None,
            edited_at=edit.answered_at if edit is not None else None,
            votes=[vote.user for vote in self._votes if last is not None and vote.interrupt_id == last.id],
            decision=answer.get("type"),
            reason=answer.get("message", ""),
            decided_by=last.answered_by if last is not None else None,
            decided_at=last.answered_at if last is not None else None,
            uneditable=forms.unsupported(tool.parameters, args) if tool is not None else "There is no such tool.",
        )


def _shown(tool: Tool[..., Any] | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Arguments as they may be shown: secrets masked, also in what the tool does not take."""
    if tool is None:
        return values
    try:
        return tool.validate(values).shown
    except AgentError:
        secret = _secrets(tool.parameters)
        return {name: MASK if secret and secret.get(name, True) else value for name, value in values.items()}


def _secrets(parameters: Mapping[str, Any]) -> dict[str, bool]:
    """Which arguments hold a secret, as pydantic marks it in their schema; empty when none does."""
    marked = {name: '"writeOnly"' in json.dumps(part) for name, part in parameters.get("properties", {}).items()}
    return marked if any(marked.values()) else {}


def _is_edit(row: InterruptRow) -> bool:
    return _answer(row).get("type") == "edit"


def _answer(row: InterruptRow | None) -> dict[str, Any]:
    return json.loads(row.answer) if row is not None and row.answer is not None else {}


def _in_order(args: Mapping[str, Any], parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """The arguments in the order in which the tool declares them."""
    declared = [name for name in parameters.get("properties", {}) if name in args]
    return {name: args[name] for name in [*declared, *(name for name in args if name not in declared)]}


def _read(arguments: str) -> Mapping[str, Any]:
    """Arguments as the model wrote them: perhaps no JSON object, and then shown as they are."""
    try:
        values = json.loads(arguments or "{}")
    except ValueError:
        return {"arguments": arguments}
    return values if isinstance(values, dict) else {"arguments": arguments}


def _state(
    asked: InterruptRow | None,
    doubt: InterruptRow | None,
    claim: ClaimRow | None,
    answer: Mapping[str, Any],
    result: str | None,
) -> str:
    if doubt is not None and doubt.status == "waiting":
        return "in doubt"
    if asked is not None and asked.status != "answered":
        return asked.status
    if answer.get("type") in ("reject", "respond"):
        return {"reject": "rejected", "respond": "answered"}[answer["type"]]
    if claim is not None and claim.status == "done":
        return "done" if isinstance(read_result(claim.result), str) else "failed"
    if claim is not None and claim.status in ("failed", "in doubt"):
        return claim.status
    if result is None:
        return "running"
    return "refused" if claim is None else "done"


def _result(claim: ClaimRow | None, result: str | None) -> str:
    if claim is not None and claim.status == "done":
        recorded = read_result(claim.result)
        return recorded if isinstance(recorded, str) else recorded["failed"]
    if claim is not None and claim.status == "failed":
        return (claim.error or "").partition(": ")[2]
    return result or ""
