"""What one of OpenAI's two interfaces has of its own: where it asks, what a request says, how a reply grows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

from graphs.models.replies import GrowingReply
from graphs.models.transcript import Message

Messages = Sequence[Message]


class Wire(Protocol):
    """One of the two."""

    path: str
    words: Mapping[Any, str]
    """What may be left out of a request, and what each is called in the log."""
    elsewhere: str
    """The sentence for a person where `is_elsewhere`, and only this wire is to be asked."""

    def body(self, messages: Messages, tools: Sequence[Mapping[str, Any]], left_out: Collection[Any]) -> bytes:
        """The request for a reply to these messages. Raises ValueError for what no JSON can carry."""
        ...

    def reply(self, *, starts_in_thought: bool) -> GrowingReply:
        """A reply of which nothing came yet."""
        ...

    def refused(self, said: str, messages: Messages, left_out: Collection[Any]) -> str | None:
        """What the server that said this did not take, if it is something that can be left out and was not yet."""
        ...

    def is_elsewhere(self, error: Exception) -> bool:
        """Whether the server says that this is to be asked over another wire."""
        ...


def server_of(wire: str, base_url: str, model: str = "") -> str:
    """Whom that what came with a reply goes back to: a wire, a host, and a model where no other one could read it."""
    return " ".join(filter(None, (wire, urlsplit(base_url).hostname, model)))
