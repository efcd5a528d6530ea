"""What Slack made of a message's text → what its author meant by it: people, groups, channels, dates, links. Pure.

Slack marks up what it recognises as `<…>` and escapes `& < >` in the rest (docs.slack.dev, "Formatting message text").
Names that it leaves out are for the caller to find out: `mentioned` says of whom and what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple
from urllib.parse import unquote

_TOKEN = re.compile(r"<([^<>\n]+)>")
_ENTITY = re.compile(r"&(lt|gt|amp);")
_CHARACTER = {"lt": "<", "gt": ">", "amp": "&"}
_MENTION = re.compile(r"(@[UW]|#[CGD]|!subteam\^S)[A-Z0-9]+", re.IGNORECASE)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+")
_DATE = re.compile(r"!date\^(?P<seconds>-?[0-9]{1,12})\^[^^]*(?:\^(?P<link>.+))?")
_SPOKEN_TO = ("here", "channel", "everyone")


class Mention(NamedTuple):
    """A person, user group or channel by its id."""

    kind: Literal["person", "group", "channel"]
    id: str


Names = Mapping[Mention, str]
"""What somebody or something is called, as far as it is known."""


@dataclass(frozen=True)
class Said:
    """A message in plain text. Only `to_model` has the id behind each name, so that a tool can use it."""

    to_model: str
    to_people: str


def mentioned(text: str) -> list[Mention]:
    """Who and what is mentioned, each once, in the order of the text."""
    found = (_mention(token[1].partition("|")[0]) for token in _TOKEN.finditer(text))
    return list(dict.fromkeys(mention for mention in found if mention is not None))


def read(text: str, names: Names) -> Said:
    """The text as it was meant. A name that is not known is the one that Slack wrote beside the id, or the id."""
    return Said("".join(_pieces(text, names, ids=True)), "".join(_pieces(text, names, ids=False)))


def _pieces(text: str, names: Names, *, ids: bool) -> Iterator[str]:
    end = 0
    for token in _TOKEN.finditer(text):
        yield _unescaped(text[end : token.start()])
        yield _written_out(token[1], names, ids=ids)
        end = token.end()
    yield _unescaped(text[end:])


def _written_out(token: str, names: Names, *, ids: bool) -> str:
    target, _, label = (_unescaped(part) for part in token.partition("|"))
    if (mention := _mention(target)) is not None:
        return _named(mention, names.get(mention) or label.lstrip("@#"), ids=ids)
    if target.startswith("!"):
        return _special(target, label)
    if _ADDRESS.fullmatch(target):
        return _link(target, label)
    return _unescaped(f"<{token}>")


def _named(mention: Mention, name: str, *, ids: bool) -> str:
    sign = "#" if mention.kind == "channel" else "@"
    if not name:
        return f"{sign}{mention.id}"
    return f"{sign}{name} ({mention.id})" if ids else f"{sign}{name}"


def _special(target: str, label: str) -> str:
    if date := _DATE.fullmatch(target):
        shown = label or _moment(int(date["seconds"]))
        return f"{shown} ({date['link']})" if date["link"] else shown
    word = target[1:].partition("^")[0]
    return f"@{word}" if word in _SPOKEN_TO else label or word


def _moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def _link(target: str, label: str) -> str:
    """The address, behind its label where that says something else."""
    scheme, _, rest = target.partition(":")
    address = rest if scheme.lower() in ("mailto", "tel") else target
    if not label or label == address:
        return address
    if _bare(label) in (_bare(address), _bare(unquote(address))):
        return label if scheme.lower() == "tel" else address
    return f"{label} ({address})"


def _bare(address: str) -> str:
    """An address without what does not tell it from others: scheme, blanks, the last slash."""
    return re.sub(r"\s+", "", re.sub(r"^https?://", "", address.strip(), flags=re.IGNORECASE)).rstrip("/").lower()


def _mention(target: str) -> Mention | None:
    if not _MENTION.fullmatch(target):
        return None
    if target.startswith("@"):
        return Mention("person", target[1:])
    return Mention("channel", target[1:]) if target.startswith("#") else Mention("group", target.partition("^")[2])


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda entity: _CHARACTER[entity[1]], text)
