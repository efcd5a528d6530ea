"""What a JSON Schema refuses, in words that repeat nothing of what was given: it may be a secret."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, cast

from graphs.agent.errors import Problem, brief
from graphs.runtime.schemas import Misfit

LONGEST = 300
"""Characters of what a schema says of its values."""

_SAID: Mapping[str, tuple[str, str, str]] = {
    "minimum": ("Input should be at least {}", "greater_than_equal", "ge"),
    "exclusiveMinimum": ("Input should be more than {}", "greater_than", "gt"),
    "maximum": ("Input should be at most {}", "less_than_equal", "le"),
    "exclusiveMaximum": ("Input should be less than {}", "less_than", "lt"),
    "multipleOf": ("Input should be a multiple of {}", "multiple_of", "multiple_of"),
    "minLength": ("Input should have at least {} characters", "string_too_short", "min_length"),
    "maxLength": ("Input should have at most {} characters", "string_too_long", "max_length"),
    "minItems": ("Input should have at least {} entries", "too_short", "min_length"),
    "maxItems": ("Input should have at most {} entries", "too_long", "max_length"),
    "pattern": ("Input should be in the form {}", "string_pattern_mismatch", "pattern"),
    "const": ("Input should be {}", "literal_error", "expected"),
}
"""By JSON Schema's words: a sentence, pydantic's name for the problem, and its name for the limit."""

_TYPES: Mapping[str, tuple[str, str]] = {
    "integer": ("a whole number", "int_type"),
    "number": ("a number", "float_type"),
    "string": ("a text", "string_type"),
    "boolean": ("true or false", "bool_type"),
    "array": ("a list", "list_type"),
    "object": ("an object", "dict_type"),
    "null": ("null", "none_required"),
}

_OTHERS: Mapping[str, tuple[str, str]] = {
    "required": ("It is required", "missing"),
    "dependentRequired": ("It needs another argument beside it", ""),
    "additionalProperties": ("It has a part that there is not", "extra_forbidden"),
    "unevaluatedProperties": ("It has a part that there is not", "extra_forbidden"),
    "uniqueItems": ("Each entry should be there only once", ""),
    "format": ("Input should be in the format {}", ""),
}


def problem(misfit: Misfit) -> Problem:
    """One part of the arguments that does not fit."""
    field = ".".join(brief(str(step)) for step in misfit.place)
    word, limit = misfit.word, misfit.limit
    if word == "type":
        return Problem(field, *_of_type(limit))
    if word == "enum":
        expected = _brief(", ".join(map(str, cast("list[Any]", limit))))
        return Problem(field, f"Input should be one of: {expected}", "enum", {"expected": expected})
    if word in _SAID:
        sentence, kind, name = _SAID[word]
        return Problem(field, sentence.format(_brief(str(limit))), kind, {name: _plain(limit)})
    if word in _OTHERS:
        sentence, kind = _OTHERS[word]
        return Problem(field, sentence.format(_brief(str(limit))), kind)
    return Problem(field, f"It does not fit its schema ({brief(word)})")


def unknown(names: Iterable[str], known: Collection[str]) -> Iterator[Problem]:
    """Arguments that there are not."""
    there = _brief(", ".join(known)) or "none"
    for name in names:
        yield Problem(brief(name), f"There is no such argument. The arguments are: {there}")


def _of_type(limit: object) -> tuple[str, str]:
    kinds = cast("list[object]", limit) if isinstance(limit, list) else [limit]
    known = [_TYPES[str(each)] for each in kinds if str(each) in _TYPES]
    words = " or ".join(said for said, _ in known) or "of another type"
    return f"Input should be {words}", known[0][1] if known else ""


def _plain(limit: object) -> object:
    return limit if isinstance(limit, int | float) else _brief(str(limit))


def _brief(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
