"""Patterns in schemas that somebody else wrote, matched in a time that grows with the text only.

Python's own `re` may take for ever on a short text, with every thread standing still. Patterns that the other engine
does not know (those that look ahead or behind) are left to whoever wrote the schema.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any, cast

from pydantic_core import SchemaError, SchemaValidator, core_schema


def with_safe_patterns(kind: Any) -> Any:
    """The validator class of `jsonschema`, with its patterns matched so."""
    return _extended(kind)


@functools.lru_cache(maxsize=16)
def _extended(kind: Any) -> Any:
    from jsonschema.validators import extend  # pyright: ignore[reportUnknownVariableType]

    words = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
    }
    return cast("Any", extend)(kind, {word: check for word, check in words.items() if word in kind.VALIDATORS})


@functools.lru_cache(maxsize=512)
def _engine(pattern: str) -> SchemaValidator | None:
    try:
        return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
    except SchemaError:
        return None


def matches(pattern: str, text: str) -> bool | None:
    """Whether the pattern is found in the text; None where that cannot be told in time."""
    engine = _engine(pattern)
    return None if engine is None else engine.isinstance_python(text)


def _pattern(validator: Any, pattern: str, value: Any, schema: Any) -> Iterator[Any]:
    if validator.is_type(value, "string") and matches(pattern, value) is False:
        yield _error(f"does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Mapping[str, Any], value: Any, schema: Any) -> Iterator[Any]:
    if not validator.is_type(value, "object"):
        return
    for pattern, part in patterns.items():
        for name, each in value.items():
            if matches(pattern, name):
                yield from validator.descend(each, part, path=name, schema_path=pattern)


def _additional_properties(validator: Any, part: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    if not validator.is_type(value, "object"):
        return
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    others = [name for name in value if name not in named and all(matches(each, name) is False for each in patterns)]
    if part is False and others:
        yield _error("has properties that are not allowed")
    elif isinstance(part, dict):
        for name in others:
            yield from validator.descend(value[name], part, path=name)


def _error(message: str) -> Any:
    from jsonschema.exceptions import ValidationError

    return cast("Any", ValidationError)(message)
