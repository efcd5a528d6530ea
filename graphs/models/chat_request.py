"""A Chat Completions request as the bytes that are sent. What a conversation sent before is not serialised again.

A turn adds a few messages to a transcript that may have hundreds: their JSON is made once and kept, and the next
request joins the new ones to it.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphs.models.chat_options import Option
from graphs.models.chat_reply import text_of
from graphs.models.outgoing import outgoing, with_plain_ids, with_words, without_system
from graphs.models.transcript import Message
from graphs.texts.objects import as_object, is_object
from graphs.texts.surrogates import mended_tree

KEPT_BYTES = 32 * 2**20
"""How much JSON of conversations is kept at most; the one that was used longest ago goes first."""

LONGEST_NAME = 64
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")  # OpenAI's API reference, "tools.function.name"
_WIRE_KEYS = ("role", "content", "tool_calls", "tool_call_id")


@dataclass(frozen=True)
class _Sent:
    """What a conversation sent last: its messages, the JSON of each behind a comma, and how many bytes that is."""

    messages: Sequence[Message] = ()
    texts: Sequence[bytes] = ()
    size: int = 0

    def then(self, messages: Sequence[Message], server: str | None) -> _Sent:
        """What is sent with these messages: the JSON of those that were sent before is taken as it is."""
        old = self if list(messages[: len(self.messages)]) == self.messages else _Sent()
        new = [b"," + _json(mended_tree(chat_message(message, server))) for message in messages[len(old.messages) :]]
        return _Sent(list(messages), [*old.texts, *new], old.size + sum(map(len, new)))


class ChatRequests:
    """Makes the requests to one model at one server. The messages it is given are not to be changed afterwards."""

    def __init__(self, model: str, server: str = "", kept_bytes: int = KEPT_BYTES) -> None:
        self._model = model
        self._server = server
        self._kept_bytes = kept_bytes
        self._sent: OrderedDict[tuple[str, str | None], _Sent] = OrderedDict()
        self._tools: tuple[Sequence[Mapping[str, Any]], bytes] = ((), b"")
        self.size = 0
        """How many bytes are kept."""

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
        first, *rest = self._texts(sent, None if "extra" in left_out else self._server)
        return b"".join((self._head(left_out), self._tools_text(tools), b',"messages":[', first[1:], *rest, b"]}"))

    def _head(self, left_out: Collection[Option]) -> bytes:
        head: dict[str, Any] = {"model": self._model, "stream": "stream" not in left_out}
        if head["stream"] and "usage" not in left_out:
            head["stream_options"] = {"include_usage": True}
        return _json(head)[:-1]

    def _texts(self, messages: Sequence[Message], server: str | None) -> Sequence[bytes]:
        # The first id only says which conversation this may be: what is reused is compared message by message.
        key = next((str(message["id"]) for message in messages if "id" in message), ""), server
        known = self._sent.pop(key, _Sent())
        self.size -= known.size
        sent = self._sent[key] = known.then(messages, server)
        self.size += sent.size
        while self.size > self._kept_bytes:
            self.size -= self._sent.popitem(last=False)[1].size
        return sent.texts

    def _tools_text(self, tools: Sequence[Mapping[str, Any]]) -> bytes:
        if tools != self._tools[0]:
            self._tools = tools, b',"tools":' + _json(list(tools)) if tools else b""
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
    """A call as servers take it back: some read the arguments, and refuse the whole conversation when they cannot."""
    function = call["function"]
    name = _NOT_IN_NAMES.sub("_", function["name"])[:LONGEST_NAME] or "unnamed"
    arguments = as_object(function["arguments"])
    if not is_object(arguments):
        arguments = _json({"unreadable": arguments}).decode()
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


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
