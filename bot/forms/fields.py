"""JSON Schema → fields: what kind of input each argument needs. Knows no tool and no Slack.

Reads JSON Schema (draft 2020-12) as pydantic publishes it: `$ref` into `$defs`, `anyOf` with null for an optional
value, `enum` or `const` for a choice.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, cast

from graphs.texts.references import holds_secret, target_of

JsonSchema = Mapping[str, Any]
Kind = Literal[
    "text", "long text", "email", "address", "integer", "number", "yes or no", "choice", "choices", "date", "time",
    "moment", "json", "secret",
]  # fmt: skip

_NESTING_LIMIT = 30  # a `$ref` that leads back to itself has no end
_LONG = 200  # characters that are more than a line

_LONG_FORMATS = frozenset({"long", "multiline", "textarea"})
_PROSE = frozenset(
    ("body", "message", "text", "content", "description", "comment", "comments", "note", "notes", "summary")
)
"""What a text of several lines is called, where its schema does not say how long it may be."""


LEFT_OUT = object()
"""The value of an argument that is not there."""


class NotUsable(ValueError):
    """What was filled in is no value of the field; the message is the sentence for the person."""


class UnsupportedField(ValueError):
    """What an element cannot hold; the message is a clause that tells a person why: "it has parts of its own"."""


@dataclass(frozen=True)
class FormField:
    """One argument: its name, and the input it needs.

    `kind` is "json" where the schema fits no element, and "secret" where the value must not be shown: itself, or in a
    part of it. `title` is what its author calls it, `limits` says in clauses what its schema asks of it. `as_text`: a
    number may be given as a text too, which keeps all of its digits.
    """

    name: str
    kind: Kind
    hint: str
    required: bool
    nullable: bool
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[object, ...] = ()
    title: str = ""
    limits: tuple[str, ...] = ()
    as_text: bool = False
    choice_names: tuple[tuple[object, str], ...] = ()
    """Choices with what their author calls them."""


def fields(schema: JsonSchema) -> list[FormField]:
    """The fields of an object schema in its own order."""
    required = schema.get("required", ())
    properties = schema.get("properties", {})
    return [_field(name, _as_object(part), schema, name in required) for name, part in properties.items()]


def resolved(schema: JsonSchema) -> list[JsonSchema]:
    """The alternatives that a schema as a whole has, each with what it refers to. Raises UnsupportedField."""
    return list(_alternatives(schema, schema, _NESTING_LIMIT))


def _as_object(part: JsonSchema | bool) -> JsonSchema:
    return {} if isinstance(part, bool) else part  # `true` is the short form of a schema that allows anything


def _field(name: str, part: JsonSchema, root: JsonSchema, required: bool) -> FormField:
    if holds_secret(part, root):
        return FormField(name, "secret", "", required, nullable=False)
    try:
        alternatives = list(_alternatives(part, root, _NESTING_LIMIT))
    except UnsupportedField:
        return FormField(name, "json", str(part.get("description") or ""), required, nullable=True)
    plain = [each for each in alternatives if each.get("type") != "null" and _choices(each) != [None]]
    of_a_list = _choices_of_a_list(plain, root)
    choices = of_a_list or [choice for each in plain for choice in _choices(each)]
    kind = "choices" if of_a_list else _kind(name, plain)
    meant = _meant(plain, kind)
    minimum, maximum = _bounds(meant, kind) if meant is not None else (None, None)
    described = [each["description"] for each in (part, *plain) if each.get("description")]
    return FormField(
        name=name,
        kind=kind,
        hint=str(described[0]) if described else "",
        required=required,
        nullable=len(plain) < len(alternatives) or None in choices,
        minimum=minimum,
        maximum=maximum,
        choices=() if kind == "json" else (True, False) if kind == "yes or no" else _without_null(choices),
        title=_title(name, part),
        limits=tuple(_limits(meant)) if meant is not None else (),
        as_text=kind == "number" and any(each.get("type") == "string" for each in plain),
        choice_names=tuple(_choice_names(part)) if choices and kind != "json" else (),
    )


def _choice_names(part: JsonSchema) -> Iterator[tuple[object, str]]:
    """As JSON Schema has them (a title beside a const), and as the protocol of MCP had them before (enumNames)."""
    for each in (*(part.get("oneOf") or ()), *(part.get("anyOf") or ())):
        if isinstance(each, dict) and "const" in each and isinstance(title := each.get("title"), str) and title.strip():
            yield each["const"], title.strip()
    names, values = part.get("enumNames"), part.get("enum")
    if isinstance(names, list) and isinstance(values, list) and len(names) == len(values):
        yield from ((value, name) for value, name in zip(values, names, strict=True) if isinstance(name, str) and name)
    if isinstance(items := part.get("items"), dict):
        yield from _choice_names(items)


def _meant(plain: Sequence[JsonSchema], kind: Kind) -> JsonSchema | None:
    """The alternative that a person fills in, when there is one. Pydantic writes a Decimal as two, of which the number
    has the bounds.
    """
    found = [each for each in plain if each.get("type") in ("number", "integer")] if kind == "number" else plain
    return found[0] if len(found) == 1 else None


def _title(name: str, part: JsonSchema) -> str:
    """What its author calls it, which is not what pydantic makes of the name, nor what a shared type is called."""
    inline = [part, *(each for each in part.get("anyOf", ()) if isinstance(each, dict))]
    titles = [cast("JsonSchema", each).get("title") for each in inline]
    said = next((title for title in titles if isinstance(title, str)), "")
    return "" if said == name.replace("_", " ").title() else said


_LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
    "pattern": "in the form {}",
}


def _limits(part: JsonSchema) -> Iterator[str]:
    """What the schema asks of a value, in clauses."""
    for word, clause in _LIMITS.items():
        limit = part.get(word)
        if isinstance(limit, int | float | Decimal | str) and not isinstance(limit, bool) and limit != "":
            yield clause.format(_plainly(limit))


def _plainly(limit: object) -> str:
    return str(int(limit)) if isinstance(limit, float) and limit.is_integer() and abs(limit) < 1e15 else str(limit)


def _choices_of_a_list(plain: Sequence[JsonSchema], root: JsonSchema) -> list[object]:
    """What the entries of a list are chosen from; nothing where it is no such list."""
    if len(plain) != 1 or plain[0].get("type") != "array" or not isinstance(plain[0].get("items"), dict):
        return []
    try:
        entries = list(_alternatives(plain[0]["items"], root, _NESTING_LIMIT))
    except UnsupportedField:
        return []
    choices = [choice for each in entries for choice in _choices(each)]
    plainly = all(_choices(each) for each in entries) and all(isinstance(choice, str | int) for choice in choices)
    return choices if plainly else []


def _without_null(choices: Sequence[object]) -> tuple[object, ...]:
    return tuple(choice for choice in choices if choice is not None)


def _alternatives(part: JsonSchema, root: JsonSchema, depth: int) -> Iterator[JsonSchema]:
    if depth == 0:
        raise UnsupportedField("it refers to itself")
    if "$ref" in part:
        inner = [_referenced(part["$ref"], root)]
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
        yield from _alternatives({**_as_object(each), **beside}, root, depth - 1)


def _referenced(reference: str, root: JsonSchema) -> JsonSchema:
    found = target_of(reference, root) if reference.partition("/")[0] == "#" else None
    if found is None:
        raise UnsupportedField(f"it refers to {reference!r}, which its schema lacks")
    return cast("JsonSchema", found)


def _choices(part: JsonSchema) -> list[object]:
    if "const" in part:
        return [part["const"]]
    return list(part.get("enum", ()))


def _kind(name: str, plain: Sequence[JsonSchema]) -> Kind:
    kinds = {"choice" if _choices(each) else str(each.get("type", "any")) for each in plain}
    if kinds == {"choice"}:
        return "choice"
    if kinds == {"boolean"}:
        return "yes or no"
    if kinds == {"string"} and len(plain) == 1 and plain[0].get("format") in _FORMATS:
        return _FORMATS[plain[0]["format"]]
    if kinds == {"string"}:
        return "long text" if any(_is_long(name, each) for each in plain) else "text"
    if kinds == {"integer"}:
        return "integer"
    # Pydantic writes a Decimal as "a number or a string"; a union of the two types cannot be told from it.
    if "number" in kinds and kinds <= {"integer", "number", "string"}:
        return "number"
    return "json"


_FORMATS: Mapping[str, Kind] = {
    "date": "date", "time": "time", "date-time": "moment", "email": "email", "uri": "address",
}  # fmt: skip


def _is_long(name: str, part: JsonSchema) -> bool:
    most = part.get("maxLength")
    if part.get("format") in _LONG_FORMATS or (isinstance(most, int) and most > _LONG):
        return True
    return most is None and part.get("format") is None and name.lower().replace("-", "_").split("_")[-1] in _PROSE


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
