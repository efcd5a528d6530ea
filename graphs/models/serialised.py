"""The JSON of conversations. What one sent before is not serialised again.

A turn adds a few messages to a transcript that may have hundreds: their JSON is made once and kept, and the next
request joins the new ones to it.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphs.models.transcript import Message
from graphs.texts.surrogates import mended_tree

KEPT_BYTES = 32 * 2**20
"""How much JSON of conversations is kept at most; the one that was used longest ago goes first."""

Write = Callable[[Message], Sequence[Mapping[str, Any]]]
"""A message as what a wire has in its place: one object, or several."""


@dataclass(frozen=True)
class _Sent:
    """What a conversation sent last: its messages, the JSON of each behind commas, and how many bytes that is."""

    messages: Sequence[Message] = ()
    texts: Sequence[bytes] = ()
    size: int = 0

    def then(self, messages: Sequence[Message], write: Write) -> _Sent:
        """What is sent with these messages: the JSON of those that were sent before is taken as it is."""
        old = self if list(messages[: len(self.messages)]) == self.messages else _Sent()
        new = [_behind_commas(write(message)) for message in messages[len(old.messages) :]]
        return _Sent(list(messages), [*old.texts, *new], old.size + sum(map(len, new)))


class Serialised:
    """Keeps what conversations sent. The messages it is given are not to be changed afterwards."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._sent: OrderedDict[tuple[str, str], _Sent] = OrderedDict()
        self.size = 0
        """How many bytes are kept."""

    def texts(self, messages: Sequence[Message], manner: str, write: Write) -> Sequence[bytes]:
        """The messages as a JSON list, in pieces. What is written in one `manner` is not taken for another."""
        # The first id only says which conversation this may be: what is reused is compared message by message.
        key = next((str(message["id"]) for message in messages if "id" in message), ""), manner
        known = self._sent.pop(key, _Sent())
        self.size -= known.size
        sent = self._sent[key] = known.then(messages, write)
        self.size += sent.size
        while self.size > self._kept_bytes:
            self.size -= self._sent.popitem(last=False)[1].size
        first, *rest = [text for text in sent.texts if text] or [b","]
        return [b"[", first[1:], *rest, b"]"]


def _behind_commas(objects: Sequence[Mapping[str, Any]]) -> bytes:
    return b"".join(b"," + as_json(mended_tree(each)) for each in objects)


def as_json(value: object) -> bytes:
    """The value as the bytes that are sent. Raises ValueError for what no JSON can carry."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
