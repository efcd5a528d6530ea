"""A Chat Completions reply, put together from what a server sends: chunks of a stream, or one whole answer.

Servers leave out, send as null, or write in other shapes nearly everything in it: all of that is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from graphs.models.chat_calls import Calls
from graphs.models.extra import Fields, bounded, join_parts, merge, unnamed
from graphs.models.model import Extra, Finish, ModelReply, ToolCall, Usage
from graphs.models.replies import TEXT_PARTS, WHYS, BrokeOff, is_usable, mapping, text_of
from graphs.models.thinking import Spoken
from graphs.models.transcript import Message, call_ids
from graphs.texts.surrogates import Pieces, mended, mended_json

_MESSAGE_KEYS = frozenset({"role", "content", "refusal", "tool_calls", "function_call"})

_COMPLETE = frozenset(
    {"stop", "tool_calls", "tool_call", "tool_use", "function_call", "end", "end_turn", "eos", "eos_token", "done"}
    | {"stop_sequence", "complete", "completed", "finish", "finished", "success", "normal"}
)
"""Reasons to finish, as servers word them, after which nothing is missing. With any other one no call counts."""

_FINISHES: Mapping[str, Finish] = {
    **dict.fromkeys(("length", "max_tokens", "max_output_tokens", "model_length", "token_limit"), "length"),
    **dict.fromkeys(("max_length", "model_context_window_exceeded", "max_context_length", "incomplete"), "length"),
    **dict.fromkeys(("content_filter", "content_filtered", "safety", "recitation", "blocklist"), "content_filter"),
    **dict.fromkeys(("prohibited_content", "spii", "sensitive", "guardrail_intervened"), "content_filter"),
}
_BROKEN = frozenset({"error", "abort", "aborted", "cancelled", "canceled", "network_error", "timeout"}) | frozenset(
    {"insufficient_system_resource", "malformed_function_call", "unexpected_tool_call", "unavailable"}
)


class Reply:
    """A reply that grows by chunks. `server` is whom its extra fields go back to."""

    def __init__(self, server: str = "", *, starts_in_thought: bool = False) -> None:
        self._server = server
        self._pieces = Pieces()
        self._spoken = Spoken(starts_in_thought=starts_in_thought)
        self._texts: list[str] = []
        self._length = 0
        self._parts: list[Any] = []
        self._calls = Calls()
        self._has_tool_calls = False
        self._extra: Fields = {}
        self._finish: str | None = None
        self._is_cut = False
        self.usage: Usage | None = None
        self._is_begun = False
        self.is_complete = False
        """Whether the server has said that there is no more, or has sent all of it at once."""

    @property
    def is_begun(self) -> bool:
        """Whether anything of a reply came."""
        return self._is_begun

    @property
    def is_all_said(self) -> bool:
        """Whether the server gave its reason to finish for words alone: what may still follow are numbers."""
        is_finished = self._finish in _COMPLETE or self._finish in _FINISHES
        return is_finished and bool(self._spoken.text) and not self._calls

    @property
    def starts_in_thought(self) -> bool:
        """Whether it turned out that the model leaves out the tag that opens its thoughts."""
        return self._spoken.turned_out

    def reported_error(self, data: Any, event: str = "") -> Mapping[str, Any] | None:
        """See `GrowingReply.reported_error`."""
        return reported_error(data, event)

    def add(self, chunk: Mapping[str, Any], _event: str = "") -> str:
        """Take a chunk, or a whole answer; returns the text that it brought."""
        self.usage = _usage(chunk.get("usage")) or self.usage
        choice = _choice(chunk)
        if choice is None:
            return ""
        self._is_begun = True
        for key in ("finish_reason", "native_finish_reason"):
            self._finishes(_reason(choice.get(key)), is_said_by_others=key != "finish_reason")
        if delta := mapping(choice.get("delta")):
            return self._add(delta, self._calls.add)
        message = mapping(choice.get("message"))
        return self._add(self._news(message), self._calls.add_whole) if message else ""

    def _finishes(self, reason: str | None, *, is_said_by_others: bool) -> None:
        """A reply that was once said to be cut is not whole again because the last chunk says "stop"."""
        is_cut = reason in _FINISHES or reason in _BROKEN
        if reason is not None and (is_cut or not (is_said_by_others or self._is_cut)):
            self._finish, self._is_cut = reason, is_cut

    def _news(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a message says in the place of a delta: all of it, or the next piece, or all that was said once more."""
        text = text_of(message.get("content"))
        news = {key: value for key, value in message.items() if key not in self._extra}
        if 0 < self._length <= len(text) and text.startswith(known := "".join(self._texts)):
            news["content"] = text.removeprefix(known)
        if self._calls:
            news.pop("tool_calls", None)
            news.pop("function_call", None)
        return news

    def _keep_parts(self, content: Any, text: str) -> None:
        """Once a content has parts, it is kept as parts: some of them may have to go back."""
        if isinstance(content, list):
            if not self._parts and self._spoken.text:
                self._parts.append({"type": "text", "text": self._spoken.text})
            join_parts(self._parts, cast("list[Any]", content))
        elif self._parts and text:
            self._parts.append({"type": "text", "text": text})

    def end(self) -> str:
        """The text that is left once nothing follows. Raises BrokeOff when the end of the reply never came."""
        if (self._finish is None and not self.is_complete) or self._finish in _BROKEN:
            raise BrokeOff
        return self._spoken.add(self._pieces.end()) + self._spoken.end()

    def _add(self, delta: Mapping[str, Any], add_calls: Callable[[list[Any]], None]) -> str:
        calls, function = delta.get("tool_calls"), mapping(delta.get("function_call"))
        pieces = cast("list[Any]", calls) if isinstance(calls, list) else [calls]
        self._has_tool_calls |= pieces not in ([], [None], [{}])
        if not self._has_tool_calls and (function.get("name") or function.get("arguments")):
            pieces = [{"index": "function_call", "function": function}]
        elif calls:
            self._calls.forget("function_call")  # it was the first of these, in the old way
        add_calls(pieces)
        merge(self._extra, unnamed(delta, _MESSAGE_KEYS))
        content = delta.get("content")
        text = text_of(content) or text_of(delta.get("refusal"))
        self._keep_parts(content, text)
        self._texts.append(text)
        self._length += len(text)
        return self._spoken.add(self._pieces.add(text))

    def whole(self, transcript: Sequence[Message], new_id: Callable[[], str]) -> ModelReply:
        """The finished reply. A call whose id is missing, or taken by a call of the transcript, gets a new one.

        A call counts only when the reply is whole: calls that a filter or a limit cut are dropped, because nobody knows
        what is missing in them. To be called after `end`. Raises BrokeOff when nobody knows whether calls are whole.
        """
        finish = _FINISHES.get(self._finish or "stop", "stop")
        if self._calls and finish == "stop" and self._finish not in (None, *_COMPLETE):
            raise BrokeOff
        calls: list[ToolCall] = []
        taken = {call_id for message in transcript for call_id in call_ids(message)} if self._calls else set[str]()
        extras: dict[str, Fields] = {}
        for call in self._calls if finish == "stop" else ():
            call_id = call.id if is_usable(call.id) and call.id not in taken else new_id()
            taken.add(call_id)
            calls.append(ToolCall(call_id, mended(call.name), mended_json(call.text)))
            if call.extra:
                extras[call_id] = call.extra
        extra = self._kept(extras)
        return ModelReply(self._spoken.text, tuple(calls), "tool_calls" if calls else finish, self.usage, extra)

    def _kept(self, calls: Mapping[str, Fields]) -> Extra | None:
        """The fields that go back. Those of calls come first: without them a server refuses the whole conversation."""
        kept, left = bounded(calls)
        has_more = any(mapping(part).get("type", "text") not in TEXT_PARTS for part in self._parts)
        message = {**self._extra, **({"content": self._parts} if has_more else {})}
        of_message, _ = bounded(message, left)
        return {"server": self._server, "message": of_message, "calls": kept} if of_message or kept else None


def reported_error(data: Any, event: str = "") -> Mapping[str, Any] | None:
    """What the server reports as an error in the place of a reply, or in the middle of one; None when it does not."""
    if not isinstance(data, Mapping):
        return None
    fields = cast("Mapping[str, Any]", data)
    choice = _choice(fields) or {}
    error = fields.get("error") or choice.get("error")
    if error:
        return mapping(error) or {"message": str(error)}
    if event == "error" or fields.get("object") == "error" or (not choice and _says_no(fields)):
        return fields
    return None


def _says_no(fields: Mapping[str, Any]) -> bool:
    """Whether what has no choices says why: each server under a name of its own."""
    inside = mapping(fields.get("base_resp"))
    has_message = isinstance(fields.get("message"), str) and bool(fields["message"])
    return has_message or any(fields.get(name) for name in WHYS) or bool(inside.get("status_code"))


def _reason(given: Any) -> str | None:
    """A reason to finish in small letters. None while there is none; what is no text is a reason nobody knows."""
    if given is None or given is False:
        return None
    reason = str(given).strip().rpartition(".")[2].lower()
    return None if reason in ("", "null", "none") else reason


def _choice(chunk: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The one reply that was asked for."""
    given = chunk.get("choices")
    choices = [mapping(each) for each in cast("list[Any]", given)] if isinstance(given, list) else []
    return next((each for each in choices if each and each.get("index") in (0, "0", None)), None)


def _usage(given: Any) -> Usage | None:
    tokens = [mapping(given).get(key) for key in ("prompt_tokens", "completion_tokens")]
    counts = [count for count in tokens if isinstance(count, int)]
    return Usage(*counts) if len(counts) == len(tokens) else None
