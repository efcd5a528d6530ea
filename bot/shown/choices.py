"""How a question is answered, by the JSON Schema of its answers: by a button each, or in a form. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from bot.shown.text import one_line

MOST_OPTIONS = 5
"""Choices that have a button each; of more, one is chosen in a form."""

_LABEL_LIMIT = 30
"""Characters of a button that a phone shows."""


def is_yes_or_no(schema: Any) -> bool:
    """Whether it is answered by Yes or No."""
    return _mapping(schema).get("type") == "boolean"


def options(schema: Any) -> list[Any]:
    """What it is answered with by a button, where that is one of a few; none where it is not."""
    found = _mapping(schema)
    if filled_in(found) is not found:
        return [_mapping(each)["const"] for each in found["anyOf"] if "const" in _mapping(each)]
    choices = [found["const"]] if "const" in found else list(found.get("enum") or ())
    return choices if _are_buttons(choices) else []


def filled_in(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a form is for: of a schema that is an object, or one of a few words, the object; any other as it is."""
    given: object = schema.get("anyOf")
    if not isinstance(given, Sequence) or isinstance(given, str):
        return schema
    parts = [_mapping(each) for each in cast("Sequence[object]", given)]
    objects = [each for each in parts if each.get("type") == "object"]
    words = [each["const"] for each in parts if "const" in each]
    if len(objects) == 1 and words and len(objects) + len(words) == len(parts) and _are_buttons(words):
        return {**{key: each for key, each in schema.items() if key != "anyOf"}, **objects[0]}
    return schema


def label(choice: Any) -> str:
    """A choice on a button, in Title Case; empty where none says it."""
    if not isinstance(choice, str | int) or isinstance(choice, bool):
        return ""
    said = one_line(str(choice).replace("_", " "))
    line = " ".join(word[:1].upper() + word[1:] for word in said.split())
    return line if len(line) <= _LABEL_LIMIT else ""


def _are_buttons(choices: Sequence[Any]) -> bool:
    labels = {label(choice) for choice in choices}
    return len(choices) <= MOST_OPTIONS and len(labels) == len(choices) and "" not in labels


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
