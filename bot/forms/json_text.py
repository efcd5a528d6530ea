"""A value as JSON that a person edits: readable, nothing in it invisible, and unchanged the very same value again."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from bot.shown.text import TEXT_LIMIT, visible
from graphs.texts.canonical import canonical_json

_ONE_LINE = 80
_LONGEST_EXPONENT = 4  # with its sign; a larger number would be written out as that many digits


class NotJson(ValueError):
    """The text is no JSON; the message is the sentence for the person."""


def write(value: object) -> str | None:
    """The value as JSON, in one line where it is short; None when reading it would give another one."""
    try:
        before = canonical_json(value)
        tree = json.loads(before)
        short = _seen(json.dumps(tree, ensure_ascii=False))
        if _ONE_LINE < len(short) <= TEXT_LIMIT:
            indented = _seen(json.dumps(tree, ensure_ascii=False, indent=2))
            text = indented if len(indented) <= TEXT_LIMIT else short
        else:
            text = short
        return text if canonical_json(parse(text)) == before else None
    except (ValueError, TypeError, RecursionError):
        return None


def parse(text: str) -> Any:
    """The value of a JSON text. Raises NotJson.

    A number that a float carries is one, any other a Decimal: no digit is lost.
    """
    try:
        return json.loads(text, parse_float=_number, parse_constant=_no_number, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise NotJson(f"This is not JSON ({place}): {error.msg[:1].lower()}{error.msg[1:]}.") from error
    except NotJson:
        raise
    except (ValueError, RecursionError) as error:
        raise NotJson("This is nested too deeply, or has a number with too many digits.") from error


def _number(text: str) -> float | Decimal:
    if len(text.lower().partition("e")[2]) > _LONGEST_EXPONENT:
        raise NotJson(f"The number {text} is too large or too small.")
    exact, approximate = Decimal(text), float(text)
    return approximate if Decimal(repr(approximate)) == exact else exact


def _no_number(name: str) -> object:
    raise NotJson(f"{name} is no number that can be used.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotJson(f"The name {twice!r} stands twice in one object.")
    return found


def _seen(text: str) -> str:
    """The same JSON with escapes for what a person would not see."""
    if len(text) > TEXT_LIMIT or not visible(text)[1]:
        return text  # what is longer than that is not edited
    return "".join(each if each == "\n" or not visible(each)[1] else _escape(each) for each in text)


def _escape(character: str) -> str:
    return json.dumps(character)[1:-1]  # outside of texts, JSON has no character that could be hidden
