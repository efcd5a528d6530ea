"""A Chat Completions request as the bytes that are sent. What a conversation sent before is not serialised again.

A turn adds a few messages to a transcript that may have hundreds: their JSON is made once and kept, and the next
request joins the new ones to it.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphs.agent.transcript import Message

KEPT_BYTES = 32 * 2**20
"""How much JSON of conversations is kept at most; the one that was used longest ago goes first."""

_WIRE_KEYS = ("role", "content", "tool_calls", "tool_call_id")


@dataclass(frozen=True)
class _Sent:
    """What a conversation sent last: its messages, the JSON of each behind a comma, and how many bytes that is."""

    messages: Sequence[Message] = ()
    texts: Sequence[bytes] = ()
    size: int = 0

    def then(self, messages: Sequence[Message]) -> _Sent:
        """What is sent with these messages: the JSON of those that were sent before is taken as it is."""
        old = self if list(messages[: len(self.messages)]) == self.messages else _Sent()
        new = [b"," + _json(chat_message(message)) for message in messages[len(old.messages) :]]
        return _Sent(list(messages), [*old.texts, *new], old.size + sum(map(len, new)))


class ChatRequests:
    """Makes the requests to one model. The messages it is given are not to be changed afterwards."""

    def __init__(self, model: str, kept_bytes: int = KEPT_BYTES) -> None:
        self._head = _json({"model": model, "stream": True, "stream_options": {"include_usage": True}})[:-1]
        self._kept_bytes = kept_bytes
        self._sent: OrderedDict[str, _Sent] = OrderedDict()
        self._tools: tuple[Sequence[Mapping[str, Any]], bytes] = ((), b"")
        self.size = 0
        """How many bytes are kept."""

    def body(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> bytes:
        """The request for a reply to these messages. Raises ValueError for what no JSON can carry."""
        first, *rest = self._texts(messages)
        return b"".join((self._head, self._tools_text(tools), b',"messages":[', first[1:], *rest, b"]}"))

    def _texts(self, messages: Sequence[Message]) -> Sequence[bytes]:
        # The first id only says which conversation this may be: what is reused is compared message by message.
        key = next((str(message["id"]) for message in messages if "id" in message), "")
        known = self._sent.pop(key, _Sent())
        self.size -= known.size
        sent = self._sent[key] = known.then(messages)
        self.size += sent.size
        while self.size > self._kept_bytes:
            self.size -= self._sent.popitem(last=False)[1].size
        return sent.texts

    def _tools_text(self, tools: Sequence[Mapping[str, Any]]) -> bytes:
        if tools != self._tools[0]:
            self._tools = tools, b',"tools":' + _json(list(tools)) if tools else b""
        return self._tools[1]


def chat_message(message: Message) -> dict[str, Any]:
    """The message with the keys that Chat Completions knows, and no others (our ids and authors stay here)."""
    kept = {key: message[key] for key in _WIRE_KEYS if key in message}
    if not kept.get("tool_calls"):
        kept.pop("tool_calls", None)
    elif not kept.get("content"):
        kept["content"] = None  # a message that only calls has no text; some servers refuse an empty one
    return kept


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
