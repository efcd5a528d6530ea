"""What is wrong with an argument, in words that say how to mend it. For the field that it belongs to. Pure."""

from __future__ import annotations

import re
from typing import Any, cast

from graphs.agent.errors import Problem
from graphs.runtime.schemas import Misfit

_WORDS = {
    "missing": "Fill this in.",
    "greater_than": "Write more than {gt}.",
    "greater_than_equal": "At least {ge}.",
    "less_than": "Write less than {lt}.",
    "less_than_equal": "At most {le}.",
    "multiple_of": "Write a multiple of {multiple_of}.",
    "decimal_max_places": "At most {decimal_places} decimals.",
    "decimal_max_digits": "At most {max_digits} digits.",
    "decimal_whole_digits": "At most {whole_digits} digits before the dot.",
    "string_too_long": "At most {max_length} characters.",
    "string_too_short": "At least {min_length} characters.",
    "too_long": "At most {max_length} entries.",
    "too_short": "At least {min_length} entries.",
    "string_pattern_mismatch": "Write it in the form {pattern}.",
    "literal_error": "Choose one of: {expected}.",
    "enum": "Choose one of: {expected}.",
    "int_parsing": "Write a whole number, without decimals.",
    "int_from_float": "Write a whole number, without decimals.",
    "int_type": "Write a whole number, without decimals.",
    "decimal_parsing": "Write a number with digits, and a dot before decimals: 80.10",
    "decimal_type": "Write a number with digits, and a dot before decimals: 80.10",
    "float_parsing": "Write a number with digits, and a dot before decimals: 80.10",
    "float_type": "Write a number with digits, and a dot before decimals: 80.10",
    "finite_number": "Write a number that is not endless.",
    "string_type": "Write a text.",
    "bool_parsing": "Choose yes or no.",
    "bool_type": "Choose yes or no.",
    "date_type": "Write a date: 2026-11-30",
    "time_type": "Write a time: 14:30",
    "datetime_type": "Write a date and a time: 2026-11-30 14:30",
    "date_parsing": "Write a date: 2026-11-30",
    "date_from_datetime_parsing": "Write a date: 2026-11-30",
    "date_future": "Choose a day that is still to come.",
    "date_past": "Choose a day that is over.",
    "time_parsing": "Write a time: 14:30",
    "datetime_parsing": "Write a date and a time: 2026-11-30 14:30",
    "datetime_from_date_parsing": "Write a date and a time: 2026-11-30 14:30",
    "datetime_future": "Choose a moment that is still to come.",
    "datetime_past": "Choose a moment that is over.",
    "timezone_aware": "Say the time zone too: 2026-11-30 14:30+01:00",
    "timezone_naive": "Leave the time zone out: 2026-11-30 14:30",
    "url_parsing": "Write an address: https://example.com/page",
    "url_scheme": "Write an address that begins with {expected_schemes}.",
    "date_from_datetime_inexact": "Write a date without a time: 2026-11-30",
    "time_delta_parsing": "Write how long: 02:30:00, or P3D for three days.",
    "bytes_type": "Write a text.",
    "ip_any_address": "Write an IP address: 192.0.2.1",
    "uuid_parsing": "Write an id like 123e4567-e89b-12d3-a456-426614174000.",
    "list_type": "Write a list: [1, 2]",
    "dict_type": 'Write an object: {{"name": 1}}',
    "model_type": 'Write an object: {{"name": 1}}',
    "extra_forbidden": "There is no such part. Take it out.",
    "none_required": "Leave this empty.",
}
"""By pydantic's names for them."""

_OF_SCHEMAS = {
    "minimum": "At least {}.",
    "exclusiveMinimum": "Write more than {}.",
    "maximum": "At most {}.",
    "exclusiveMaximum": "Write less than {}.",
    "multipleOf": "Write a multiple of {}.",
    "minLength": "At least {} characters.",
    "maxLength": "At most {} characters.",
    "minItems": "At least {} entries.",
    "maxItems": "At most {} entries.",
    "uniqueItems": "Each entry only once.",
    "pattern": "Write it in the form {}.",
    "required": "Fill this in.",
    "additionalProperties": "There is no such part. Take it out.",
}
"""By JSON Schema's words."""

_OF_TYPES = {
    "integer": "Write a whole number, without decimals.",
    "number": "Write a number with digits, and a dot before decimals: 80.10",
    "string": "Write a text.",
    "boolean": "Choose yes or no.",
    "array": "Write a list: [1, 2]",
    "object": 'Write an object: {"name": 1}',
}

_QUOTED = re.compile(r"'([^'\\\\]*)'(?=, | or |$)")

_PLURALS = {"decimals": "decimal", "characters": "character", "entries": "entry", "digits": "digit"}


def in_words(problem: Problem) -> str:
    """One sentence for a person."""
    known = _WORDS.get(problem.kind)
    if known is not None:
        try:
            return _one(known.format_map({name: _unquoted(limit) for name, limit in problem.limits.items()}))
        except KeyError:
            pass
    said = problem.message.replace("Input should be", "This must be")
    for prefix in ("Value error, ", "Assertion failed, "):
        said = said.removeprefix(prefix)
    if problem.kind == "value_error" and "email" in said:
        return "Write an email address: ana@example.com"
    said = said[:1].upper() + said[1:]
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _unquoted(limit: object) -> object:
    """What there is to choose from, without the quotes that Python puts around texts."""
    return _QUOTED.sub(lambda found: found[1], limit) if isinstance(limit, str) and "'" in limit else limit


def of_schema(misfit: Misfit) -> str:
    """One sentence for a person."""
    match misfit:
        case Misfit(word="enum", limit=list() as choices):
            return choose(choices)
        case Misfit(word="const", limit=only):
            return choose([only])
        case Misfit(word="type", limit=kind):
            kinds = cast("list[Any]", kind if isinstance(kind, list) else [kind])
            said = next((_OF_TYPES[each] for each in kinds if each in _OF_TYPES), "")
            return said or "Leave this empty."
        case _ if misfit.word in _OF_SCHEMAS:
            return _one(_OF_SCHEMAS[misfit.word].format(_plainly(misfit.limit)))
        case _:
            return f"This does not fit: {misfit.message}."


def choose(choices: list[Any]) -> str:
    """Of what there is to choose from."""
    return f"Choose one of: {', '.join(map(str, choices))}."


def _plainly(limit: object) -> str:
    return str(int(limit)) if isinstance(limit, float) and limit.is_integer() and abs(limit) < 1e15 else str(limit)


def _one(sentence: str) -> str:
    """Singular where there is one of it."""
    for plural, single in _PLURALS.items():
        sentence = sentence.replace(f" 1 {plural}", f" 1 {single}")
    return sentence
