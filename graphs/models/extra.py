"""What came with an assistant message or a call that this wire does not name, and has to go back with it.

Gemini signs its thoughts and refuses a call that comes back without the signature (`extra_content`); DeepSeek and Kimi
want their `reasoning_content` while they call tools; OpenRouter its `reasoning_details`. None of that is for people.
Sources: Gemini API, "Thought signatures"; DeepSeek API, "Thinking mode"; OpenRouter, "Reasoning tokens".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphs.texts.surrogates import mended_tree

MOST_KEPT = 256 * 2**10
"""Bytes of such fields that are kept of one message; a field that is larger than what is left is not kept at all."""

_CONSTANT = frozenset({"type", "id", "index", "format", "role", "object", "name", "status", "title"})
"""Keys whose value comes again with each piece, and not a bit at a time."""

Fields = dict[str, Any]


def unnamed(given: Mapping[str, Any], known: frozenset[str]) -> Fields:
    """The fields of a message, a call or a function that are not `known`; those without a value are none."""
    return {key: value for key, value in given.items() if key not in known and value not in (None, [], {})}


@dataclass
class _Growing:
    """A text that comes in pieces: put together once, however many they are."""

    pieces: list[str]
    size: int = 0

    def add(self, piece: str) -> None:
        self.size += len(piece)
        if self.size <= MOST_KEPT:
            self.pieces.append(piece)

    def whole(self) -> str:
        if self.size > MOST_KEPT:
            raise ValueError("too long to be kept")
        return "".join(self.pieces)


def merge(old: Fields, new: Mapping[str, Any]) -> None:
    """Take a piece's fields into what came before: texts and lists go on, objects merge, anything else replaces."""
    for key, value in new.items():
        old[key] = _merged(key, old[key], value) if key in old else value


def _merged(key: str, old: Any, new: Any) -> Any:
    if isinstance(new, str) and isinstance(old, str | _Growing):
        if key in _CONSTANT or (isinstance(old, str) and "signature" in key and new == old):
            return new
        growing = old if isinstance(old, _Growing) else _Growing([old], len(old))
        growing.add(new)
        return growing
    if isinstance(old, dict) and isinstance(new, Mapping):
        merge(cast("Fields", old), cast("Mapping[str, Any]", new))
        return cast("Fields", old)
    if isinstance(old, list) and isinstance(new, list):
        return join_parts(cast("list[Any]", old), cast("list[Any]", new))
    return cast("Any", old if new is None else new)


def join_parts(old: list[Any], new: list[Any]) -> list[Any]:
    """A list goes on; a part of it that has a number goes on with the part of that number."""
    for part in new:
        number = _number(part)
        earlier = next((each for each in reversed(old) if _number(each) == number), None) if number else None
        if earlier is None:
            old.append(part)
        else:
            merge(earlier, part)
    return old


def _number(part: Any) -> tuple[str, str] | None:
    if not isinstance(part, dict) or "index" not in part:
        return None
    fields = cast("Fields", part)
    return str(fields["index"]), str(fields.get("type"))


def bounded(fields: Mapping[str, Any], most: int = MOST_KEPT) -> tuple[Fields, int]:
    """Those that fit, in their order, mended; and how many bytes are left."""
    kept: Fields = {}
    for key, value in fields.items():
        try:
            value = mended_tree(_whole(value))
            size = len(key) + len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
        except (ValueError, TypeError, RecursionError):
            continue
        if size <= most:
            kept[key] = value
            most -= size
    return kept, most


def _whole(value: Any) -> Any:
    """The value with every text put together. Raises ValueError when one is too long."""
    match value:
        case _Growing():
            return value.whole()
        case dict():
            return {key: _whole(each) for key, each in cast("Fields", value).items()}
        case list():
            return [_whole(each) for each in cast("list[Any]", value)]
        case _:
            return value
