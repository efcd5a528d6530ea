"""What is on record of the tool calls of a conversation, as cards show it. One job reads the rows; the rest is pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bot.shown.shown_calls import ShownCall
from graphs.agent import call_record
from graphs.agent.call_record import NOTHING, CallRecord, answer_of, decision_of
from graphs.agent.errors import AgentError
from graphs.agent.proposals import asked_within
from graphs.agent.toolbox import Toolbox
from graphs.agent.tools import Tool
from graphs.approvals.states import Refusal
from graphs.models.transcript import call_ids
from graphs.texts.canonical import MASK, read_json
from storage import Connection, attachments
from storage.attachments import Attachment
from storage.ids import ThreadId
from storage.interrupts import InterruptRow


@dataclass(frozen=True)
class ShownCalls:
    """What is on record of a thread's calls, by call id, as a card shows it; `asked` is what waits beside that."""

    toolbox: Toolbox
    records: Mapping[str, CallRecord]
    files: Sequence[Attachment] = ()
    asked: Sequence[InterruptRow] = ()

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
        tool = self.toolbox.find(name)
        name = tool.name if tool is not None else name
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
            message.get("content") or "", proposed["id"], self._attached(record),
            any(asked_within(row, proposed["id"]) for row in self.asked),
        )  # fmt: skip

    def _attached(self, record: CallRecord) -> dict[str, str | None]:
        asked = record.approval.id if record.approval is not None else None
        return {each.subject: each.refused for each in self.files if each.interrupt_id == asked}


def record_of(
    db: Connection, toolbox: Toolbox, thread_id: ThreadId, messages: Iterable[Mapping[str, Any]]
) -> ShownCalls:
    """What is stored of the calls of these messages. A job."""
    ids = [call_id for message in messages for call_id in call_ids(message)]
    records = call_record.read(db, thread_id, ids) if ids else {}
    asked = [row.id for record in records.values() if (row := record.approval)]
    return ShownCalls(toolbox, records, attachments.of(db, asked) if asked else ())


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
    shown = frozenset(tool.signature.names) - secret
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
