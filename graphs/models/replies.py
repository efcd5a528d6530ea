"""What replies of both wires have in common while they grow, and the two ways in which they are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast

from graphs.models.errors import ModelUnavailable
from graphs.models.model import ModelReply, Usage
from graphs.models.transcript import Message

TEXT_PARTS = ("text", "output_text", "refusal")
"""Types of the parts of a content that are said."""

WHYS = ("detail", "details", "error_msg", "error_message", "errors", "err_msg", "msg", "Message")
"""Where servers that report an error with a status of 200 say what it is."""


class BrokeOff(Exception):
    """The reply is not whole."""


class GrowingReply(Protocol):
    """A reply that is put together from what a server sends."""

    is_complete: bool
    """Whether the server has said that there is no more, or has sent all of it at once."""

    @property
    def is_begun(self) -> bool:
        """Whether anything of a reply came."""
        ...

    @property
    def usage(self) -> Usage | None:
        """What it took, as far as the server has said."""
        ...

    @property
    def is_all_said(self) -> bool:
        """Whether all its words are there, and nothing else that counts can follow."""
        ...

    @property
    def starts_in_thought(self) -> bool:
        """Whether it turned out that the model leaves out the tag that opens its thoughts."""
        ...

    def reported_error(self, data: Any, event: str, /) -> Mapping[str, Any] | None:
        """What the server reports as an error in the place of a reply, or in the middle of one; None when it does
        not."""
        ...

    def add(self, data: Mapping[str, Any], event: str, /) -> str:
        """Take what an event of this name brings; returns the text of it that may be shown."""
        ...

    def end(self) -> str:
        """The text that is left once nothing follows. Raises BrokeOff when the end of the reply never came."""
        ...

    def whole(self, transcript: Sequence[Message], new_id: Callable[[], str]) -> ModelReply:
        """The finished reply, after `end`. Raises BrokeOff when nobody knows whether its calls are whole."""
        ...


def broke_off() -> ModelUnavailable:
    """What a person is told of a reply whose end never came."""
    sentence = "The model's reply broke off in the middle. Please try again in a moment."
    return ModelUnavailable(sentence, retryable=True, trouble="broke_off")


def text_of(content: Any) -> str:
    """The text of a content, in whatever shape: thoughts, and whatever else is no text, are none."""
    parts = cast("list[Any]", content) if isinstance(content, list) else [content]
    return "".join(map(_text_of_part, parts))


def _text_of_part(part: Any) -> str:
    fields = mapping(part)
    kind = fields.get("type", "text")
    given = fields.get("text") or fields.get("refusal")
    text = part if not fields else given if kind in TEXT_PARTS else None
    text = mapping(text).get("value", text)
    return text if isinstance(text, str) else ""


def mapping(value: Any) -> Mapping[str, Any]:
    """The value where it is an object, else an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def listed(value: Any) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def is_usable(call_id: str) -> bool:
    """An id is a word: it goes into keys, logs and audit rows."""
    return bool(call_id) and call_id.isprintable() and " " not in call_id
