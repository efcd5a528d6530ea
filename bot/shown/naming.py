"""What people call a tool call: its tool's name in words, and its first arguments. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.shown.text import shorten, visible

NAME_LIMIT = 80
VALUE_LIMIT = 40
MOST_ARGUMENTS = 2


def in_words(name: str) -> str:
    """`pay_bill` → "Pay bill"."""
    words = " ".join(name.replace("_", " ").replace("-", " ").split()) or name
    return shorten(visible(words[:1].upper() + words[1:])[0], NAME_LIMIT)


def title(name: str, args: Mapping[str, Any]) -> str:
    """What a call would do, in a line that tells it from its neighbours: "Pay bill (number 7, reason late)".

    `args` as they may be shown, secrets masked. Plain text: nothing in it is escaped for mrkdwn.
    """
    said = [f"{in_words(key)[:1].lower()}{in_words(key)[1:]} {_short(value)}" for key, value in args.items()]
    more = ", …" if len(said) > MOST_ARGUMENTS else ""
    return f"{in_words(name)} ({', '.join(said[:MOST_ARGUMENTS])}{more})" if said else in_words(name)


def _short(value: Any) -> str:
    text = " ".join(str("—" if value is None else value).split())
    return shorten(visible(text[: 4 * VALUE_LIMIT])[0], VALUE_LIMIT)
