"""What people call a tool call that has no title of its own: its tool's name in words, and its arguments. Pure.

What is hidden in them is made visible here; escaping is for the place where it is shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

from bot.shown import values
from bot.shown.text import fitted, one_line
from graphs.texts.canonical import digest

LINE_LIMIT = 200
NAME_LIMIT = 80
VALUE_LIMIT = 60
MOST_ARGUMENTS = 3
TOLD = 12
"""Figures of the digest that tells calls apart whose arguments are not all said."""


def in_words(name: str) -> str:
    """`pay_bill` → "Pay bill"."""
    words = one_line(name.replace("_", " ").replace("-", " ")) or name
    return fitted(words[:1].upper() + words[1:], NAME_LIMIT)


def tool_in_words(name: str) -> str:
    """A tool's name in words; that of a server's tool without its server: `git.git_commit` → "Git commit"."""
    return in_words(name.partition(".")[2] or name)


def title(name: str, args: Mapping[str, Any]) -> str:
    """What a call would do, in a line that tells it from every other: "Pay bill (number 7, reason late)".

    `args` as they may be shown, secrets masked.
    """
    if says_all(name, args):
        return headline(name, args)
    whole = json.dumps([name, args], ensure_ascii=False, sort_keys=True)
    return f"{headline(name, args)} (SHA-256 {digest(whole.encode(errors='surrogatepass'))[:TOLD]}…)"


def headline(name: str, args: Mapping[str, Any]) -> str:
    """The same where the exact arguments stand beneath it."""
    return _cut(_whole(name, args), LINE_LIMIT)


def says_all(name: str, args: Mapping[str, Any]) -> bool:
    """Whether the title has all of the arguments."""
    if not values.is_usual(args):
        return False
    names_fit = all(len(each) <= NAME_LIMIT for each in (name, *args))
    values_fit = len(args) <= MOST_ARGUMENTS and all(len(_line(value)) <= VALUE_LIMIT for value in args.values())
    return names_fit and values_fit and len(_whole(name, args)) <= LINE_LIMIT


def _whole(name: str, args: Mapping[str, Any]) -> str:
    said = [_argument(key, value) for key, value in islice(args.items(), MOST_ARGUMENTS)]
    if len(args) > MOST_ARGUMENTS:
        said.append("…")
    words = tool_in_words(name)
    return f"{words} ({', '.join(said)})" if said else words


def _argument(name: str, value: object) -> str:
    words = in_words(name)
    return f"{words[:1].lower()}{words[1:]} {_cut(_line(value), VALUE_LIMIT)}"


def _line(value: object) -> str:
    line = values.in_line(value, VALUE_LIMIT)
    # Unquoted, its first words could be the last ones of another argument's name.
    return f'"{line}"' if isinstance(value, str) and " " in line and not line.startswith('"') else line


def _cut(line: str, limit: int) -> str:
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
