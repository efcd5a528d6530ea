"""A Responses reply, put together from what a server sends: the events of a stream, or one whole answer.

A call counts only in a reply that the server says is completed. What stands in its thoughts, or in their summary, is
for nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphs.models.extra import bounded, unnamed
from graphs.models.model import Extra, Finish, ModelReply, ToolCall, Usage
from graphs.models.replies import WHYS, BrokeOff, is_usable, listed, mapping, text_of
from graphs.models.responses_items import CALL, OutputItem, OutputItems, said_in
from graphs.models.responses_text import Said
from graphs.models.thinking import Spoken
from graphs.models.transcript import Message, call_ids
from graphs.texts.objects import as_object, is_object
from graphs.texts.surrogates import Pieces, mended, mended_json

_PIECES = ("response.output_text.delta", "response.refusal.delta")
_PARTS = ("response.output_text.done", "response.refusal.done")
_ENDS: Mapping[str, str] = {
    "response.completed": "completed",
    "response.done": "completed",
    "response.incomplete": "incomplete",
    "response.failed": "failed",
    "response.cancelled": "cancelled",
}
"""The last event of a reply, and its status where it does not say one."""

_FILTERED = ("content_filter", "content_filtered", "safety", "sensitive", "guardrail_intervened")
_NOT_KEPT = frozenset({"name", "arguments", "call_id", "type"})
"""Of a call: the message itself has these."""


class ResponsesReply:
    """A reply that grows by events. `server` is whom its items go back to."""

    def __init__(self, server: str = "", *, starts_in_thought: bool = False) -> None:
        self._server = server
        self._pieces = Pieces()
        self._spoken = Spoken(starts_in_thought=starts_in_thought)
        self._said = Said()
        self._items = OutputItems()
        self._status: str | None = None
        self._reason = ""
        self.usage: Usage | None = None
        self._is_begun = False
        self.is_complete = False

    @property
    def is_begun(self) -> bool:
        return self._is_begun

    @property
    def is_all_said(self) -> bool:
        """Nothing follows the event that ends a reply, and then nobody listens any more."""
        return self._status is not None

    @property
    def starts_in_thought(self) -> bool:
        return self._spoken.turned_out

    def reported_error(self, data: Any, event: str) -> Mapping[str, Any] | None:
        """See `GrowingReply.reported_error`."""
        fields = mapping(data)
        kind = str(fields.get("type") or event)
        response = mapping(fields.get("response"))
        error = fields.get("error") or response.get("error")
        if error:
            return mapping(error) or {"message": str(error)}
        has_failed = "failed" in (fields.get("status"), response.get("status")) or kind == "response.failed"
        if kind == "error" or fields.get("object") == "error":
            return {key: value for key, value in fields.items() if (key, value) != ("type", "error")}
        if has_failed:
            return {"message": "the response failed, and the server does not say why"}
        is_known = kind.startswith("response.") or "output" in fields
        return fields if fields and not is_known and any(fields.get(name) for name in ("message", *WHYS)) else None

    def add(self, data: Mapping[str, Any], event: str) -> str:
        """Take an event, or a whole answer; returns the text that it brought and that is no thought."""
        kind = str(data.get("type") or event)
        self._is_begun |= kind.startswith("response.") or _is_answer(data)
        return self._spoken.add(self._pieces.add(self._text(kind, data)))

    def _text(self, kind: str, event: Mapping[str, Any]) -> str:
        if kind in _PIECES:
            return self._said.piece(event)
        if kind in _PARTS:
            return self._said.part(event)
        if kind in _ENDS or _is_answer(event):
            return self._end(mapping(event.get("response")) or event, _ENDS.get(kind, ""))
        match kind:
            case "response.output_item.added":
                self._items.begin(event)
            case "response.function_call_arguments.delta":
                self._items.piece(event)
            case "response.function_call_arguments.done":
                self._items.written(event)
            case "response.output_item.done":
                self._items.end(event)
                is_message = mapping(event.get("item")).get("type") == "message"
                return self._said.message(event) if is_message else ""
            case _:
                pass
        return ""

    def _end(self, response: Mapping[str, Any], status: str) -> str:
        told = response.get("status")
        self._status = told if isinstance(told, str) and told in _ENDS.values() else status or None
        self._reason = str(mapping(response.get("incomplete_details")).get("reason") or "")
        self.usage = _usage(response.get("usage"))
        self._items.final(response.get("output"))
        self.is_complete = True
        return self._said.all(said_in([mapping(each) for each in listed(response.get("output"))]))

    def end(self) -> str:
        """See `GrowingReply.end`."""
        is_broken = self._status in ("failed", "cancelled")
        if is_broken or not (self.is_complete or self._status):
            raise BrokeOff
        return self._spoken.add(self._pieces.end()) + self._spoken.end()

    def whole(self, transcript: Sequence[Message], new_id: Callable[[], str]) -> ModelReply:
        """See `GrowingReply.whole`. A call whose id is missing, or taken, gets a new one."""
        if self._status == "incomplete":
            is_filtered = self._reason.strip().lower() in _FILTERED
            finish: Finish = "content_filter" if is_filtered else "length"
            return ModelReply(self._spoken.text, (), finish, self.usage)
        found = self._items.calls
        if found and (self._status != "completed" or not all(map(_is_certain, found))):
            raise BrokeOff
        taken = {call_id for message in transcript for call_id in call_ids(message)} if found else set[str]()
        calls: list[ToolCall] = []
        for item in found:
            told = item.fields.get("call_id")
            call_id = told if isinstance(told, str) and is_usable(told) and told not in taken else new_id()
            taken.add(call_id)
            calls.append(ToolCall(call_id, mended(str(item.fields["name"])), mended_json(item.arguments)))
        finish = "tool_calls" if calls else "stop"
        return ModelReply(self._spoken.text, tuple(calls), finish, self.usage, self._kept())

    def _kept(self) -> Extra | None:
        """The items that go back, all or none: they belong together."""
        kept = [_kept(item) for item in self._items if _goes_back(item)]
        is_more = any(set(item) - {"type", "role", "content"} for item in kept)
        of_message, _ = bounded({"items": kept} if is_more else {})
        return {"server": self._server, "message": of_message, "calls": {}} if of_message else None


def _is_answer(data: Mapping[str, Any]) -> bool:
    """Whether this is a whole answer, and no event."""
    return isinstance(data.get("output"), list) and "response" not in data


def _is_certain(call: OutputItem) -> bool:
    """Whether this is a call as the model made it: named, and whole as the server said, or as it looks."""
    name = call.fields.get("name")
    is_whole = call.is_written or is_object(as_object(call.arguments))
    return isinstance(name, str) and bool(name.strip()) and call.is_complete and is_whole


def _goes_back(item: OutputItem) -> bool:
    """What is empty would be refused, and so would thoughts that are kept at the provider."""
    if item.kind == "message":
        return bool(text_of(item.fields.get("content")))
    has_thoughts = bool(item.fields.get("encrypted_content") or item.fields.get("content"))
    return item.kind == CALL or (item.kind == "reasoning" and has_thoughts)


def _kept(item: OutputItem) -> dict[str, Any]:
    if item.kind == CALL:
        return {"type": CALL, **unnamed(item.fields, _NOT_KEPT)}
    return item.fields | ({"summary": item.fields.get("summary", [])} if item.kind == "reasoning" else {})


def _usage(given: Any) -> Usage | None:
    counts = [mapping(given).get(key) for key in ("input_tokens", "output_tokens")]
    known = [count for count in counts if isinstance(count, int)]
    return Usage(*known) if len(known) == len(counts) else None
