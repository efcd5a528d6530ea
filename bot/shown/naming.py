"""What people call a tool call: its tool's name in words, and its first arguments. Pure.

Nothing is made visible or escaped here: that is for the place where it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from bot.shown import values
from bot.shown.text import one_line, shorten

NAME_LIMIT = 80
VALUE_LIMIT = 60
MOST_ARGUMENTS = 2


def in_words(name: str) -> str:
    """`pay_bill` → "Pay bill"."""
    words = one_line(name.replace("_", " ").replace("-", " ")) or name
    return shorten(words[:1].upper() + words[1:], NAME_LIMIT)


def title(name: str, args: Mapping[str, Any]) -> str:
    """What a call would do, in a line that tells it from its neighbours: "Pay bill (number 7, reason late)".

    `args` as they may be shown, secrets masked.
    """
    said = [
        f"{in_words(key)[:1].lower()}{in_words(key)[1:]} {shorten(values.in_line(value, VALUE_LIMIT), VALUE_LIMIT)}"
        for key, value in islice(args.items(), MOST_ARGUMENTS)
    ]
    more = ", …" if len(args) > MOST_ARGUMENTS else ""
    return f"{in_words(name)} ({', '.join(said)}{more})" if said else in_words(name)
