"""What a server asks a person for, as a question of the runtime, and the answer as the server wants it. Pure.

A person may always say no: beside the form stands a word that declines. What has one choice only (yes or no, one of a
few) is a button each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

SEND = "Send"
DECLINE = "Decline"
YES, NO = "Yes", "No"

MOST_BUTTONS = 4
"""Choices that are buttons, beside the one that declines."""

_WORDS = frozenset(
    {"type", "title", "description", "default", "enum", "enumNames", "oneOf", "items", "format", "minimum", "maximum"}
    | {"minLength", "maxLength", "minItems", "maxItems"}
)
"""What the protocol has in the schema of a value. A pattern, which it has not, might be matched for ever."""

_TYPES = ("string", "number", "integer", "boolean", "array")

_OF_TYPE = {"number": (int, float), "integer": int, "boolean": bool, "array": list}
"""What a proposed value has to be; a text where nothing is said."""

LONGEST = 3000
"""Characters of what a server asks."""

MOST_FIELDS = 40
"""Values that it may ask for at once."""


class Unaskable(Exception):
    """What no form can ask. The message is a clause that says why."""


@dataclass(frozen=True)
class Form:
    """What is asked, and how the answer is to be read.

    `buttons` are the texts of its choices with the values that they stand for, where one value is all that is asked.
    """

    payload: dict[str, Any]
    schema: dict[str, Any]
    field: str | None
    buttons: Mapping[str, Any]

    def result(self, answer: Any) -> dict[str, Any]:
        """The server's answer (`ElicitResult`), from a person's."""
        if isinstance(answer, Mapping):
            given = cast("Mapping[str, Any]", answer)
            return {"action": "accept", "content": {name: value for name, value in given.items() if value is not None}}
        if answer not in self.buttons:
            return {"action": "decline"}
        return {"action": "accept", "content": {} if self.field is None else {self.field: self.buttons[answer]}}


def form(server: str, message: str, requested: Mapping[str, Any]) -> Form:
    """The question that asks for this. Raises Unaskable."""
    properties = _properties(requested)
    said = " ".join(message.split())
    said = said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"
    payload: dict[str, Any] = {"question": f"{server} asks: {said}"}
    if not properties:
        return _choosing(payload, None, {SEND: None})
    required: list[Any] = list(requested.get("required") or ())
    if len(properties) == 1 and (name := next(iter(properties))) in required:
        buttons = _buttons(properties[name])
        if buttons:
            return _choosing(payload, name, buttons)
    return _filling(payload, properties, required)


def _choosing(payload: dict[str, Any], name: str | None, buttons: Mapping[str, Any]) -> Form:
    return Form(payload, {"enum": [*buttons, DECLINE]}, name, buttons)


def _filling(payload: dict[str, Any], properties: dict[str, Any], required: list[Any]) -> Form:
    wanted = [name for name in required if name in properties]
    filled = {"type": "object", "properties": properties, "required": wanted}
    proposed = {name: part["default"] for name, part in properties.items() if _has_default(name, part)}
    return Form(payload | proposed, {"anyOf": [filled, {"const": DECLINE}]}, None, {})


def _has_default(name: str, part: Mapping[str, Any]) -> bool:
    """Whether the server proposes a value that its form can begin with. The question itself has a name, too."""
    default = part.get("default")
    if name == "question" or default is None or isinstance(default, bool) is not (part.get("type") == "boolean"):
        return False
    return isinstance(default, _OF_TYPE.get(part.get("type", "string"), str))


def _properties(requested: Mapping[str, Any]) -> dict[str, Any]:
    found: object = requested.get("properties") or {}
    if not isinstance(found, dict):
        raise Unaskable("what it asks for is no form")
    asked = cast("dict[str, Any]", found)
    if len(asked) > MOST_FIELDS:
        raise Unaskable(f"it asks for {len(asked)} values at once; at most {MOST_FIELDS} are asked")
    return {name: _plain(part) for name, part in asked.items()}


def _plain(asked: Any) -> dict[str, Any]:
    """Of a value's schema, what the protocol knows."""
    if not isinstance(asked, dict):
        raise Unaskable("a value that it asks for has no type")
    part = cast("dict[str, Any]", asked)
    if part.get("type", "string") not in _TYPES:
        raise Unaskable(f"a value that it asks for has the type {str(part['type'])[:40]!r}")
    return {word: said for word, said in part.items() if word in _WORDS}


def _buttons(part: dict[str, Any]) -> dict[str, Any]:
    """The choices of a value as buttons; none where it has no few."""
    if part.get("type") == "boolean":
        return {YES: True, NO: False}
    titled: list[Any] = part.get("oneOf") or []
    if titled and all(isinstance(each, dict) and "const" in each for each in titled):
        found = {str(each.get("title") or each["const"]): each["const"] for each in titled}
    else:
        values: list[Any] = part.get("enum") or []
        names: list[Any] = part.get("enumNames") or values
        found = dict(zip(map(str, names), values, strict=False))
    wanted = len(titled or part.get("enum") or ())
    is_few = 0 < len(found) <= MOST_BUTTONS and len(found) == wanted
    return found if is_few and DECLINE not in found and all(len(each) <= 60 for each in found) else {}
