"""What of a conversation is sent: what fits the model's window, cut at the borders of turns, and within results where a
turn alone is too much. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from graphs.models.transcript import Message
from graphs.models.trimming import shorter
from graphs.models.window import Window

CUT_AT = "cut_at"
"""A reply's message has the bytes that each result of its request had at most, where they were fewer than usual."""

RESULTS_NOTICE = "A tool returned more than the model can read: it was told the beginning and the end."

SHORTEST_RESULT = 400
"""Bytes of each result that are kept whatever happens."""

PICTURE = 4_500
"""Bytes that stand for a picture, or another part that is no text: some 1,500 tokens."""

OVERHEAD = 16
"""Bytes that stand for what a wire adds to a message or a call."""


@dataclass(frozen=True)
class Fit:
    """These messages, each result with `longest` bytes at most; None: as it is."""

    messages: Sequence[Message]
    longest: int | None = None

    @property
    def sent(self) -> list[Message]:
        """As the model is to read them. Those that need no cut are the very same objects."""
        longest = self.longest
        return list(self.messages) if longest is None else [_cut(message, longest) for message in self.messages]

    @property
    def is_cut(self) -> bool:
        return self.longest is not None and any(_is_longer(message, self.longest) for message in self.messages)

    @property
    def length(self) -> int:
        """Bytes, about as a request has them."""
        return sum(length(message) for message in self.sent)

    def smaller(self) -> Fit | None:
        """The newest turns that are half as long; of one turn, its results cut to half. None when neither can be."""
        fewer = shorter(self.messages)
        if fewer is not None:
            return replace(self, messages=fewer)
        results = [length(message) for message in self.sent if message["role"] == "tool"]
        longest = max(results, default=0)
        return replace(self, longest=max(longest // 2, SHORTEST_RESULT)) if longest > 2 * SHORTEST_RESULT else None


def fitting(messages: Sequence[Message], beside: int, window: Window) -> Fit:
    """What to send of these, beside so many bytes that stand before them; the least there can be where nothing fits."""
    fit = Fit(messages, _usual(messages, window))
    while not window.takes(beside + fit.length) and (smaller := fit.smaller()) is not None:
        fit = smaller
    return fit


def _usual(messages: Sequence[Message], window: Window) -> int | None:
    """As much of a result as the window leaves to one, or as an earlier request of this turn had: what was sent once is
    sent the same again.
    """
    start = next((n for n in range(len(messages), 0, -1) if messages[n - 1]["role"] == "user"), 0)
    before = [message[CUT_AT] for message in messages[start:] if CUT_AT in message]
    limits = [*before, *([window.longest_result] if window.longest_result is not None else [])]
    return min(limits, default=None)


def length(message: Message) -> int:
    """Bytes of one message, about as a request has them."""
    calls: Sequence[Mapping[str, Any]] = message.get("tool_calls") or ()
    functions = [call["function"] for call in calls]
    texts = [message.get("content"), *(text for each in functions for text in (each["name"], each["arguments"]))]
    return OVERHEAD * (1 + len(functions)) + sum(map(_bytes, texts))


def _bytes(value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, list):
        return sum(map(_bytes_of_part, cast("list[Any]", value)))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def _bytes_of_part(part: Any) -> int:
    """A picture's bytes say nothing of the tokens that it takes."""
    kind = cast("Mapping[str, Any]", part).get("type") if isinstance(part, Mapping) else None
    return _bytes(part) if kind is None or "text" in str(kind) else PICTURE


def _is_longer(message: Message, longest: int) -> bool:
    return message["role"] == "tool" and isinstance(message["content"], str) and _bytes(message["content"]) > longest


def _cut(message: Message, longest: int) -> Message:
    """A result with its head and its tail, and how much is missing between them."""
    if not _is_longer(message, longest):
        return message
    text: str = message["content"]
    kept = max(len(text) * longest // _bytes(text), 1)
    head, tail = kept * 3 // 4, kept // 4
    note = f"[… {len(text) - head - tail} of {len(text)} characters left out here: there is no room for more …]"
    return {**message, "content": f"{text[:head]}\n{note}\n{text[len(text) - tail :]}"}
