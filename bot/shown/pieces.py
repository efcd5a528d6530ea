"""A line that names people and times, once as rich text, which is never parsed, and once as text for notifications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.shown.text import Block, entities, person, words

DAY_AND_TIME = "{date_short_pretty} {time}"
TIME = "{time}"


@dataclass(frozen=True)
class Person:
    """Somebody, by name."""

    user: str


@dataclass(frozen=True)
class Moment:
    """A time in Unix seconds, as the reader's own time zone has it."""

    seconds: float
    form: str = DAY_AND_TIME

    @property
    def fallback(self) -> str:
        """Where Slack does not know the reader's time zone."""
        return datetime.fromtimestamp(self.seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


@dataclass(frozen=True)
class Styled:
    """Words in a style of rich text: `bold`, `strike`."""

    text: str
    style: str


@dataclass(frozen=True)
class Link:
    """An address, shown as it is: it leads where it says."""

    address: str


Piece = str | Person | Moment | Styled | Link
"""Of a line. Texts are as `visible` gives them."""


def elements(pieces: Sequence[Piece]) -> list[Block]:
    """As elements of rich text."""
    return [_element(piece) for piece in pieces if piece != ""]


def in_mrkdwn(pieces: Sequence[Piece]) -> str:
    """As a message's fallback text, or in mrkdwn: there only where no piece is of others."""
    return "".join(map(_token, pieces))


def _element(piece: Piece) -> Block:
    match piece:
        case str():
            return words(piece)
        case Styled(text, style):
            return words(text, style)
        case Person(user):
            return person(user)
        case Moment(seconds, form):
            return {"type": "date", "timestamp": int(seconds), "format": form, "fallback": piece.fallback}
        case Link(address):
            return {"type": "link", "url": address}


def _token(piece: Piece) -> str:
    match piece:
        case str():
            return entities(piece)
        case Styled(text):
            return entities(text)
        case Person(user):
            return f"<@{user}>"
        case Moment(seconds, form):
            return f"<!date^{int(seconds)}^{form}|{piece.fallback}>"
        case Link(address):
            return entities(address)
