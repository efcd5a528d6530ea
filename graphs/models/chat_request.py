"""A Chat Completions request as the bytes that are sent. What a conversation sent before is not serialised again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from graphs.models.chat_options import Option
from graphs.models.outgoing import outgoing, sent_call, with_plain_ids, with_words, without_system
from graphs.models.replies import text_of
from graphs.models.serialised import KEPT_BYTES, Serialised, as_json
from graphs.models.transcript import Message

_WIRE_KEYS = ("role", "content", "tool_calls", "tool_call_id")


class ChatRequests:
    """Makes the requests to one model at one server. The messages it is given are not to be changed afterwards."""

    def __init__(self, model: str, server: str = "", kept_bytes: int = KEPT_BYTES) -> None:
        self._model = model
        self._server = server
        self._serialised = Serialised(kept_bytes)
        self._tools: tuple[Sequence[Mapping[str, Any]], bytes] = ((), b"")

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        return self._serialised.size

    def body(
        self,
        messages: Sequence[Message],
        tools: Sequence[Mapping[str, Any]],
        left_out: Collection[Option] = (),
    ) -> bytes:
        """The request for a reply to these messages. Raises ValueError for what no JSON can carry."""
        sent = outgoing(messages)
        sent = without_system(sent) if "system" in left_out else sent
        sent = with_words(sent) if "null" in left_out else sent
        sent = with_plain_ids(sent) if "ids" in left_out else sent
        server = None if "extra" in left_out else self._server
        texts = self._serialised.texts(sent, server or "", lambda message: [chat_message(message, server)])
        return b"".join((self._head(left_out), self._tools_text(tools), b',"messages":', *texts, b"}"))

    def _head(self, left_out: Collection[Option]) -> bytes:
        head: dict[str, Any] = {"model": self._model, "stream": "stream" not in left_out}
        if head["stream"] and "usage" not in left_out:
            head["stream_options"] = {"include_usage": True}
        return as_json(head)[:-1]

    def _tools_text(self, tools: Sequence[Mapping[str, Any]]) -> bytes:
        if tools != self._tools[0]:
            self._tools = tools, b',"tools":' + as_json(list(tools)) if tools else b""
        return self._tools[1]


def chat_message(message: Message, server: str | None = None) -> dict[str, Any]:
    """The message with the keys that Chat Completions knows (our ids and authors stay here), and with what came along
    with it when it came from this `server`."""
    kept = {key: message[key] for key in _WIRE_KEYS if key in message}
    if not kept.get("tool_calls"):
        kept.pop("tool_calls", None)
    else:
        kept["tool_calls"] = [_call(call) for call in kept["tool_calls"]]
        if not kept.get("content"):
            kept["content"] = None  # a message that only calls has no text; some servers refuse an empty one
    extra: Mapping[str, Any] = message.get("extra") or {}
    return _with_extra(kept, extra) if server is not None and extra.get("server") == server else kept


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    name, arguments = sent_call(call)
    return {"id": call["id"], "type": "function", "function": {"name": name, "arguments": arguments}}


def _with_extra(kept: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    kept = {**extra.get("message", {}), **kept}
    parts = extra.get("message", {}).get("content")
    if parts and text_of(parts) == kept.get("content"):
        kept["content"] = parts  # thoughts among them
    of_calls: Mapping[str, Any] = extra.get("calls", {})
    if of_calls and "tool_calls" in kept:
        kept["tool_calls"] = [_call_with_extra(call, of_calls.get(call["id"], {})) for call in kept["tool_calls"]]
    return kept


def _call_with_extra(call: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    function = {**fields.get("function", {}), **call["function"]}
    return {**fields, **call, "function": function}
