"""JSON Schema → fields: what kind of input each argument needs. Knows no tool and no Slack.

Reads JSON Schema (draft 2020-12) as pydantic publishes it: `$ref` into `$defs`, `anyOf` with null for an optional
value, `enum` or `const` for a choice.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import unquote

JsonSchema = Mapping[str, Any]
Kind = Literal["text", "long text", "integer", "number", "yes or no", "choice"]

_NESTING_LIMIT = 30  # a `$ref` that leads back to itself has no end


class UnsupportedField(ValueError):
    """An argument that a form cannot show; the message is the sentence that tells a person so."""


@dataclass(frozen=True)
class FormField:
    """One argument: its name, and the input it needs."""

    name: str
    kind: Kind
    hint: str
    required: bool
    nullable: bool
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[object, ...] = ()


def fields(schema: JsonSchema) -> list[FormField]:
    """The fields of an object schema in its own order. Raises UnsupportedField for the first that no form can show."""
    required = schema.get("required", ())
    properties = schema.get("properties", {})
    return [_field(name, _as_object(part), schema, name in required) for name, part in properties.items()]


def _as_object(part: JsonSchema | bool) -> JsonSchema:
    return {} if isinstance(part, bool) else part  # `true` is the short form of a schema that allows anything


def _field(name: str, part: JsonSchema, root: JsonSchema, required: bool) -> FormField:
    alternatives = list(_alternatives(name, part, root, _NESTING_LIMIT))
    plain = [each for each in alternatives if each.get("type") != "null" and _choices(each) != [None]]
    choices = [choice for each in plain for choice in _choices(each)]
    kind = _kind(name, plain)
    minimum, maximum = _bounds(plain[0], kind) if len(plain) == 1 else (None, None)
    return FormField(
        name=name,
        kind=kind,
        hint=str(part.get("description") or plain[0].get("description") or ""),
        required=required,
        nullable=len(plain) < len(alternatives) or None in choices,
        minimum=minimum,
        maximum=maximum,
        choices=(True, False) if kind == "yes or no" else tuple(choice for choice in choices if choice is not None),
    )


def _alternatives(name: str, part: JsonSchema, root: JsonSchema, depth: int) -> Iterator[JsonSchema]:
    if depth == 0:
        raise UnsupportedField(f"The argument {name!r} refers to itself, which a form cannot show.")
    if "$ref" in part:
        inner = [_referenced(name, part["$ref"], root)]
    elif "anyOf" in part or "oneOf" in part:
        inner = part.get("anyOf") or part.get("oneOf") or []
    elif len(part.get("allOf", ())) == 1:
        inner = part["allOf"]
    elif isinstance(part.get("type"), list):
        inner = [{"type": each} for each in part["type"]]
    else:
        yield part
        return
    beside = {key: value for key, value in part.items() if key not in {"$ref", "anyOf", "oneOf", "allOf", "type"}}
    for each in inner:
        yield from _alternatives(name, {**_as_object(each), **beside}, root, depth - 1)


def _referenced(name: str, reference: str, root: JsonSchema) -> JsonSchema:
    target: Any = root
    try:
        start, *steps = reference.split("/")
        if start != "#":
            raise KeyError(start)
        for step in steps:
            target = target[unquote(step).replace("~1", "/").replace("~0", "~")]
    except (KeyError, TypeError):
        raise UnsupportedField(f"The argument {name!r} refers to {reference!r}, which its schema lacks.") from None
    return target


def _choices(part: JsonSchema) -> list[object]:
    if "const" in part:
        return [part["const"]]
    return list(part.get("enum", ()))


def _kind(name: str, plain: Sequence[JsonSchema]) -> Kind:
    kinds = {"choice" if _choices(each) else str(each.get("type", "any")) for each in plain}
    if any(each.get("writeOnly") or each.get("format") == "password" for each in plain):
        raise UnsupportedField(f"The argument {name!r} is a secret, which a form must not show.")
    if kinds == {"choice"}:
        return "choice"
    if kinds == {"boolean"}:
        return "yes or no"
    if kinds == {"string"}:
        return "long text" if any(each.get("format") == "long" for each in plain) else "text"
    if kinds == {"integer"}:
        return "integer"
    # Pydantic writes a Decimal as "a number or a string"; a union of the two types cannot be told from it.
    if "number" in kinds and kinds <= {"integer", "number", "string"}:
        return "number"
    raise UnsupportedField(f"The argument {name!r} {_why_not(kinds)}, which a form cannot show.")


def _why_not(kinds: set[str]) -> str:
    if kinds == {"array"}:
        return "is a list"
    if kinds == {"object"}:
        return "has parts of its own"
    if kinds == {"any"}:
        return "may be anything"
    return "may be of several kinds" if kinds else "is always empty"


def _bounds(part: JsonSchema, kind: Kind) -> tuple[Decimal | None, Decimal | None]:
    low, high = (_decimal(part.get(key)) for key in ("minimum", "maximum"))
    if kind != "integer":
        return low, high  # an exclusive bound has no next number; the tool's own validation holds it
    above, below = (_decimal(part.get(key)) for key in ("exclusiveMinimum", "exclusiveMaximum"))
    lows = [math.ceil(low)] if low is not None else []
    lows += [math.floor(above) + 1] if above is not None else []
    highs = [math.floor(high)] if high is not None else []
    highs += [math.ceil(below) - 1] if below is not None else []
    return (Decimal(max(lows)) if lows else None), (Decimal(min(highs)) if highs else None)


def _decimal(bound: object) -> Decimal | None:
    if isinstance(bound, bool) or not isinstance(bound, int | float | Decimal):
        return None
    number = Decimal(str(bound))  # by way of text, so that 0.1 means one tenth
    return number if number.is_finite() else None
