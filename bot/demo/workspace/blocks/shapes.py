"""A small language for what a JSON object may look like, and its checker. `block_kit` describes Slack's blocks in it.

A problem reads as Slack words it: `[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never


@dataclass(frozen=True)
class String:
    """Text of `least` to `most` characters, of a `form` (a regular expression) that `called` names."""

    most: int
    least: int = 0
    form: str = ""
    called: str = ""


@dataclass(frozen=True)
class Text:
    """A text object (`{"type": "plain_text" | "mrkdwn", "text": …}`) of one to `most` characters."""

    most: int
    plain: bool = False


@dataclass(frozen=True)
class Choice:
    """One of some values."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Whole:
    """A whole number from `least` to `most`."""

    least: int
    most: int


@dataclass(frozen=True)
class Kind:
    """A JSON value of a Python type."""

    type: type


@dataclass(frozen=True)
class Items:
    """A list of `least` to `most` items."""

    of: "Rule"
    most: int
    least: int = 1


@dataclass(frozen=True)
class Node:
    """An object whose `type` names its shape; `allowed` says which types may stand here."""

    allowed: frozenset[str]
    shapes: Mapping[str, "Shape"]


@dataclass(frozen=True)
class Shape:
    """An object with these fields. `closed` objects may have no others."""

    fields: Mapping[str, "Rule"] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    closed: bool = True


Rule = String | Text | Choice | Whole | Kind | Items | Node | Shape


def problem(what: str, pointer: str) -> str:
    return f"[ERROR] {what} [json-pointer:{pointer}]"


def check(value: Any, rule: Rule, pointer: str) -> Iterator[str]:
    """Everything that is wrong with `value`, each with the pointer to it."""
    match rule:
        case String():
            yield from _check_string(value, rule, pointer)
        case Text():
            yield from _check_text(value, rule, pointer)
        case Choice() | Whole() | Kind():
            yield from _check_value(value, rule, pointer)
        case Items():
            yield from _check_items(value, rule, pointer)
        case Node():
            yield from _check_node(value, rule, pointer)
        case Shape():
            yield from _check_shape(value, rule, pointer)
        case _:
            assert_never(rule)


def _check_string(value: Any, rule: String, pointer: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield problem("must provide a string", pointer)
    elif len(value) > rule.most:
        yield problem(f"must be less than {rule.most + 1} characters", pointer)
    elif len(value) < rule.least:
        yield problem(f"must be more than {rule.least - 1} characters", pointer)
    elif rule.form and not re.fullmatch(rule.form, value, re.ASCII):
        yield problem(f"must be {rule.called}", pointer)


def _check_text(value: Any, rule: Text, pointer: str) -> Iterator[str]:
    allowed = ("plain_text",) if rule.plain else ("plain_text", "mrkdwn")
    if not isinstance(value, dict):
        yield problem("must provide an object", pointer)
    elif value.get("type") not in allowed:
        yield problem(f"must be {' or '.join(allowed)}", f"{pointer}/type")
    else:
        yield from _check_string(value.get("text"), String(rule.most, least=1), f"{pointer}/text")


def _check_value(value: Any, rule: Choice | Whole | Kind, pointer: str) -> Iterator[str]:
    match rule:
        case Choice(values):
            if value not in values:
                yield problem(f"must be a valid enum value: {', '.join(map(str, values))}", pointer)
        case Whole(least, most):
            if type(value) is not int or not least <= value <= most:
                yield problem(f"must be a whole number from {least} to {most}", pointer)
        case Kind(expected):
            if not isinstance(value, expected):
                yield problem(f"must provide a valid {expected.__name__}", pointer)


def _check_items(value: Any, rule: Items, pointer: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield problem("must provide an array", pointer)
        return
    if len(value) > rule.most:
        yield problem(f"no more than {rule.most} items allowed", pointer)
    if len(value) < rule.least:
        yield problem(f"no fewer than {rule.least} items allowed", pointer)
    for index, item in enumerate(value):
        yield from check(item, rule.of, f"{pointer}/{index}")


def _check_node(value: Any, rule: Node, pointer: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield problem("must provide an object", pointer)
    elif "type" not in value:
        yield problem("missing required field: type", pointer)
    elif str(value["type"]) not in rule.allowed:
        yield problem(f"unsupported type: {value['type']}", f"{pointer}/type")
    else:
        yield from _check_shape(value, rule.shapes[value["type"]], pointer)


def _check_shape(value: Any, shape: Shape, pointer: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield problem("must provide an object", pointer)
        return
    for name in shape.required:
        if value.get(name) is None:
            yield problem(f"missing required field: {name}", pointer)
    for name, given in value.items():
        if name == "type" or given is None:
            continue
        if rule := shape.fields.get(name):
            yield from check(given, rule, f"{pointer}/{name}")
        elif shape.closed:
            yield problem(f"invalid additional property: {name}", pointer)
