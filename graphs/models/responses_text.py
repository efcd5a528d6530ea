"""The text of a Responses reply as it comes: each word once, however often a server tells it.

OpenAI sends a text in pieces, then whole, then in its part, in its item, and in the reply: whichever of these come.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphs.models.replies import mapping, text_of
from graphs.models.responses_items import BETWEEN


class Said:
    """All that was said so far. What a method returns is what its event brought that is new."""

    def __init__(self) -> None:
        self._messages: list[list[str]] = [[]]
        self._part: list[str] = []
        self._index: Any = None
        self._last: object = None
        self._last_message: object = None

    def piece(self, event: Mapping[str, Any]) -> str:
        """A piece of a text, `…delta`."""
        delta = text_of(event.get("delta"))
        self._turn_to(event, delta)
        return self._say(delta)

    def part(self, event: Mapping[str, Any]) -> str:
        """A text that is whole, `….done`: what its pieces did not bring, where they are its beginning."""
        told = text_of(event.get("text") or event.get("refusal"))
        self._turn_to(event, told)
        said, self._part = "".join(self._part), []
        this = event.get("output_index"), event.get("content_index"), told
        if not told.startswith(said) or (not said and self._last == this):
            return ""
        self._last = this
        rest = self._say(told[len(said) :])
        self._part = []
        return rest

    def message(self, event: Mapping[str, Any]) -> str:
        """A message that is whole, `response.output_item.done`."""
        item = mapping(event.get("item"))
        told, said = text_of(item.get("content")), "".join(self._messages[-1])
        this = event.get("output_index"), item.get("id"), told
        if not said and self._last_message == this:
            return ""  # told once more
        rest = self._say(told[len(said) :]) if told.startswith(said) else ""
        self._next_message()
        self._last_message = this
        return rest

    def all(self, told: str) -> str:
        """All that is said in the reply, as its last event has it."""
        said = self.text
        if not told.startswith(said):
            return ""
        self._messages, self._part = [[told]], []
        return told[len(said) :]

    @property
    def text(self) -> str:
        return BETWEEN.join(filter(None, map("".join, self._messages)))

    def _turn_to(self, event: Mapping[str, Any], text: str) -> None:
        """What has another number is another message."""
        index = event.get("output_index")
        if text and index is not None:
            if self._index not in (None, index):
                self._next_message()
            self._index = index

    def _next_message(self) -> None:
        if self._messages[-1]:
            self._messages.append([])
        self._part, self._index, self._last = [], None, None

    def _say(self, text: str) -> str:
        if not text:
            return ""
        between = BETWEEN if len(self._messages) > 1 and not self._messages[-1] else ""
        self._messages[-1].append(text)
        self._part.append(text)
        return between + text
