"""A person's text, read once: its words, its values, and its segments between commas and sentence borders."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from bot.demo.model.values import Found, values_in
from bot.demo.model.words import STOP, Word, words_in

LINK = re.compile(
    r"<(?:mailto:|tel:)?[^<>|\s]*\|(?P<label>[^<>]*)>|<(?:mailto:|tel:)?(?P<bare>https?:[^<>|\s]+|[^<>|\s]+@[^<>|\s]+)>"
)
MENTION = re.compile(r"<[@#!][^<>]*>")
BREAK = re.compile(r"[,;\n]+\s*|[.!?]+(?=\s|$)\s*|\s+[-–—]+\s+|[—–]|\(|\)")


@dataclass(frozen=True)
class Span:
    """A stretch of a text."""

    start: int
    end: int

    def holds(self, start: int, end: int) -> bool:
        return self.start <= start and end <= self.end


@dataclass(frozen=True)
class Text:
    """A text without chat markup."""

    raw: str

    @classmethod
    def of(cls, message: str) -> "Text":
        """Take links and mentions out of their markup."""
        return cls(MENTION.sub("", LINK.sub(lambda link: link["label"] or link["bare"] or "", message)).strip())

    @property
    def span(self) -> Span:
        return Span(0, len(self.raw))

    @cached_property
    def values(self) -> list[Found]:
        return values_in(self.raw)

    @cached_property
    def words(self) -> list[Word]:
        """The words outside of values."""
        return [word for word in words_in(self.raw) if not self._in_value(word.start, word.end)]

    def words_within(self, span: Span) -> list[Word]:
        return [word for word in self.words if span.holds(word.start, word.end)]

    def content_within(self, span: Span) -> list[Word]:
        """The words that mean something."""
        return [word for word in self.words_within(span) if word.stem not in STOP]

    def values_within(self, span: Span) -> list[Found]:
        return [found for found in self.values if span.holds(found.start, found.end)]

    def cut(self, span: Span) -> str:
        return self.raw[span.start : span.end]

    def segments(self, span: Span, breaks: re.Pattern[str] = BREAK) -> list[Span]:
        """The stretches between commas, semicolons, dashes, brackets and sentence borders; values are never cut."""
        return list(self._segments(span, breaks))

    def ends_sentence(self, segment: Span) -> str:
        """The punctuation right after a segment: "?", "." and so on, or ""."""
        match = re.match(r"\s*([.!?,;]*)", self.raw[segment.end :])
        return match[1] if match else ""

    def _segments(self, span: Span, breaks: re.Pattern[str]) -> Iterator[Span]:
        start = span.start
        for match in breaks.finditer(self.raw, span.start, span.end):
            if self._in_value(match.start(), match.end()):
                continue
            if self.raw[start : match.start()].strip():
                yield Span(start, match.start())
            start = match.end()
        if self.raw[start : span.end].strip():
            yield Span(start, span.end)

    def _in_value(self, start: int, end: int) -> bool:
        return any(found.start < end and start < found.end for found in self.values)
