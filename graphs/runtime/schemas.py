"""Schemas of answers: published with a question as JSON Schema, and held against what is answered.

Compiling one costs more than using it, so the last few are kept. `jsonschema` is imported with the first one: most
graphs need none, and start without it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from pydantic import TypeAdapter

from graphs.errors import InterruptMisused

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

KEPT = 256


def published(schema: Any) -> str | None:
    """The JSON Schema of a type that pydantic can validate, or the given one, as text; None for none.

    Raises `InterruptMisused` for a dict that is no JSON Schema.
    """
    if schema is None:
        return None
    if not isinstance(schema, dict):
        return _json_schema(schema) if _is_key(schema) else json.dumps(TypeAdapter[Any](schema).json_schema())
    text = json.dumps(schema)
    _validator(text)
    return text


def adapter(schema: Any) -> TypeAdapter[Any]:
    """What makes the type's object of an answer."""
    return _adapter(schema) if _is_key(schema) else TypeAdapter[Any](schema)


def misfit(schema: Any, answer: Any) -> tuple[str, str] | None:
    """Where an answer does not fit a published schema, and why; None when it fits."""
    from jsonschema.exceptions import best_match  # pyright: ignore[reportUnknownVariableType]

    error = cast("ValidationError | None", best_match(_validator(json.dumps(schema)).iter_errors(answer)))
    if error is None:
        return None
    return ("the answer" if error.json_path == "$" else error.json_path.removeprefix("$.")), error.message


@dataclass(frozen=True)
class Misfit:
    """One part of an answer that a schema refuses: `place` leads to it, empty for the whole; `word` is the schema's own
    for what it asks ("minimum"), `limit` what it says there, `message` the validator's sentence.
    """

    place: tuple[str | int, ...]
    word: str
    limit: Any
    message: str


def misfits(schema: Any, answer: Any) -> Iterator[Misfit]:
    """Everything about an answer that does not fit a published schema.

    Of alternatives that none of fits, what the likeliest one asks.
    """
    return misfits_by(_validator(json.dumps(schema)), answer)


def misfits_by(validator: Any, value: Any) -> Iterator[Misfit]:
    """The same, by a validator of `jsonschema` that is there already."""
    from jsonschema.exceptions import best_match  # pyright: ignore[reportUnknownVariableType]

    for error in validator.iter_errors(value):
        found = cast("ValidationError", best_match([error]) or error)
        place = tuple(found.absolute_path)
        if found.validator == "required":  # it names what is missing in its message only
            names = cast("list[str]", found.validator_value)
            place += tuple(name for name in names if found.message.startswith(repr(name)))[:1]
        yield Misfit(place, str(found.validator), found.validator_value, found.message)


@lru_cache(KEPT)
def _validator(text: str) -> Any:
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry

    schema: Any = json.loads(text)
    kind = validator_for(schema)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        raise InterruptMisused(f"response_schema is no JSON Schema: {error.message}") from error
    return kind(schema, registry=Registry())  # which has nothing but the schema, and fetches nothing


@lru_cache(KEPT)
def _adapter(schema: Any) -> TypeAdapter[Any]:
    return TypeAdapter[Any](schema)


@lru_cache(KEPT)
def _json_schema(schema: Any) -> str:
    return json.dumps(_adapter(schema).json_schema())


def _is_key(schema: Any) -> bool:
    """Whether a type can be looked up; an `Annotated` with a list in it, say, cannot."""
    try:
        hash(schema)
    except TypeError:
        return False
    return True
