"""The tools a request sends, read into what the rules need: names as words, parameters as kinds of value."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from bot.demo.model.words import GENERIC, LOOKUP_VERBS, any_akin, content_stems, name_words, stem

Schema = Mapping[str, Any]
KIND_ORDER = ("boolean", "integer", "number", "string", "array", "object")


@dataclass(frozen=True)
class Parameter:
    """One parameter: `kind` is a JSON Schema type, `schema` its own schema with references and unions resolved."""

    name: str
    schema: Schema
    kind: str
    required: bool

    @cached_property
    def parts(self) -> frozenset[str]:
        """The words of the name, stemmed."""
        return frozenset(stem(word) for word in name_words(self.name))

    @cached_property
    def nouns(self) -> frozenset[str]:
        """The words of the name that say whose or which value it is."""
        return (self.parts - GENERIC) or self.parts

    @cached_property
    def described(self) -> frozenset[str]:
        """The words of the description that mean something."""
        return frozenset(content_stems(self.description)) - GENERIC

    @property
    def description(self) -> str:
        return str(self.schema.get("description") or "")

    @property
    def options(self) -> Sequence[Any]:
        """The values of an enum, or the one of a const."""
        return self.schema.get("enum") or ([self.schema["const"]] if "const" in self.schema else [])

    @cached_property
    def item(self) -> "Parameter":
        """An array's items, as a parameter with the array's name."""
        schema = self.schema.get("items")
        inner = schema if isinstance(schema, Mapping) else {}
        return Parameter(self.name, {"description": self.description, **inner}, kind_of(inner), self.required)

    def allows(self, value: Any) -> bool:
        """Whether a value of the right type keeps the schema's limits."""
        return all(keeps(value, keyword, self.schema[keyword]) for keyword in LIMITS if keyword in self.schema)


def keeps(value: Any, keyword: str, limit: Any) -> bool:
    """Whether a value keeps one limit; a limit for another type holds, a pattern that cannot be read does not."""
    try:
        return bool(LIMITS[keyword](value, limit))
    except TypeError:
        return True
    except re.error:
        return False


LIMITS = {
    "enum": lambda value, options: value in options,
    "const": lambda value, only: value == only,
    "minimum": lambda value, limit: value >= limit,
    "maximum": lambda value, limit: value <= limit,
    "exclusiveMinimum": lambda value, limit: value > limit,
    "exclusiveMaximum": lambda value, limit: value < limit,
    "multipleOf": lambda value, step: Decimal(str(value)) % Decimal(str(step)) == 0,
    "minLength": lambda value, limit: len(value) >= limit,
    "maxLength": lambda value, limit: len(value) <= limit,
    "minItems": lambda value, limit: len(value) >= limit,
    "maxItems": lambda value, limit: len(value) <= limit,
    "pattern": lambda value, pattern: re.search(pattern, value) is not None,
}


@dataclass(frozen=True)
class Tool:
    """One tool as it was sent."""

    name: str
    description: str
    parameters: tuple[Parameter, ...]

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The words of the name, stemmed, in their sequence."""
        return tuple(stem(word) for word in name_words(self.name))

    @cached_property
    def described(self) -> frozenset[str]:
        """The words of the description that mean something."""
        return frozenset(content_stems(self.description))

    @property
    def label(self) -> str:
        """The name as a person reads it."""
        return " ".join(name_words(self.name)) or self.name

    @cached_property
    def verbs(self) -> frozenset[str]:
        """What a person says to ask for it: the first word of the name and of the description, and words like them."""
        return any_akin([*self.parts[:1], *content_stems(self.description)[:1]])

    @property
    def is_lookup(self) -> bool:
        """Whether it only reads: its name, or else its description, starts with a verb of looking."""
        firsts = [*self.parts[:1], *content_stems(self.description)[:1]]
        return any(first in LOOKUP_VERBS for first in firsts)

    @property
    def required(self) -> tuple[Parameter, ...]:
        return tuple(parameter for parameter in self.parameters if parameter.required)


def read_tool(function: Mapping[str, Any]) -> Tool:
    """A tool from the `function` object of a request."""
    root: Schema = function.get("parameters") or {}
    required = set(root.get("required") or [])
    parameters = []
    for name, schema in (root.get("properties") or {}).items():
        resolved = resolve(schema, root)
        parameters.append(Parameter(name, resolved, kind_of(resolved), name in required))
    return Tool(function["name"], str(function.get("description") or "").strip(), tuple(parameters))


def resolve(schema: Any, root: Schema, depth: int = 0) -> Schema:
    """A schema without references, and with the most telling variant of a union; its own description wins."""
    if not isinstance(schema, Mapping) or depth > 16:
        return {}
    outer = {key: value for key, value in schema.items() if key not in {"$ref", "anyOf", "oneOf", "allOf"}}
    inner: Schema = {}
    if "$ref" in schema:
        inner = resolve(look_up(schema["$ref"], root), root, depth + 1)
    for part in schema.get("allOf") or []:
        inner = {**inner, **resolve(part, root, depth + 1)}
    variants = [resolve(part, root, depth + 1) for part in schema.get("anyOf") or schema.get("oneOf") or []]
    real = [variant for variant in variants if variant.get("type") != "null"]
    if real:
        inner = {**inner, **min(real, key=variant_rank)}
    merged = {**inner, **outer}
    if isinstance(merged.get("items"), Mapping):
        merged["items"] = resolve(merged["items"], root, depth + 1)
    return merged


def variant_rank(schema: Schema) -> int:
    """Numbers before text (decimals are sent as a union of both), but text before integers: any id is a text."""
    ranks = {"number": 0, "string": 1, "integer": 2, "array": 3, "boolean": 4}
    return 0 if "enum" in schema else ranks.get(kind_of(schema), 5)


def look_up(reference: Any, root: Schema) -> Any:
    """What a reference such as `#/$defs/Name` points at; `{}` when it points nowhere."""
    found: Any = root
    for step in str(reference).removeprefix("#/").split("/"):
        found = found.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, Mapping) else {}
    return found


def kind_of(schema: Schema) -> str:
    """The one JSON type the rules use for a schema."""
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    named = [name for name in KIND_ORDER if name in kinds]
    if named:
        return named[0]
    return "integer" if all(isinstance(option, int) for option in schema.get("enum") or ["text"]) else "string"
