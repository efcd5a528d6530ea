"""The arguments of a function with type hints: a pydantic model reads them and says what is wrong with them."""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from graphs.agent.errors import InvalidArguments, Problem, brief
from graphs.texts.canonical import read_json
from graphs.texts.redaction import Redaction

MOST_PROBLEMS = 100
"""Problems of one call that are told one by one."""


@dataclass(frozen=True)
class TypedArguments:
    """What a function takes. See `arguments.Signature`."""

    model: type[BaseModel]

    @property
    def names(self) -> Collection[str]:
        return self.model.model_fields

    @property
    def secret(self) -> frozenset[str]:
        return secret_fields(self.model)

    def read(self, tool: str, text: bytes) -> BaseModel:
        try:
            return _adapter(self.model).validate_json(text)
        except ValidationError as error:
            # The input stays out of the problems: it may hold a secret.
            details = error.errors(include_url=False, include_input=False)
            redact = _redaction(self.model, text)
            problems = [_problem(self.model, detail, redact(detail["msg"])) for detail in details[:MOST_PROBLEMS]]
            if more := len(details) - len(problems):
                problems.append(Problem("", f"and {more} more problems"))
            raise InvalidArguments(tool, problems) from None

    def plain(self, values: BaseModel) -> object:
        return _adapter(type(values)).dump_python(values, by_alias=True)

    def passed(self, values: BaseModel) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (), {name: getattr(values, name) for name in self.model.model_fields}


def _redaction(model: type[BaseModel], text: bytes) -> Redaction:
    """Takes out what was given for arguments that are secret: a validator may repeat it in what it says."""
    try:
        given = read_json(text)
    except ValueError:
        return Redaction()
    if not isinstance(given, dict):
        return Redaction()
    fields = cast("dict[str, object]", given)
    return Redaction(_texts([fields[name] for name in secret_fields(model) if name in fields]))


def _texts(value: object) -> Iterator[str]:
    """The texts anywhere in a JSON value."""
    match value:
        case str():
            yield value
        case dict():
            yield from _texts(list(cast("dict[str, object]", value).values()))
        case list():
            for each in cast("list[object]", value):
                yield from _texts(each)
        case _:
            pass


@functools.lru_cache(maxsize=256)
def secret_fields(model: type[BaseModel]) -> frozenset[str]:
    """The arguments that are secrets, or hold some: their schema has a part that is only written."""
    schemas = {
        name: TypeAdapter(field.rebuild_annotation()).json_schema() for name, field in model.model_fields.items()
    }
    return frozenset(name for name, schema in schemas.items() if '"writeOnly": true' in json.dumps(schema, default=str))


def _problem(model: type[BaseModel], detail: ErrorDetails, message: str) -> Problem:
    location = detail["loc"]
    if location and location[0] not in model.model_fields:
        names = ", ".join(model.model_fields) or "none"
        return Problem(brief(str(location[0])), f"There is no such argument. The arguments are: {names}")
    limits = {name: limit for name, limit in detail.get("ctx", {}).items() if name in _LIMITS}
    return Problem(".".join(brief(str(step)) for step in location), message, detail["type"], limits)


_LIMITS = frozenset(
    {"ge", "gt", "le", "lt", "multiple_of", "max_length", "min_length", "max_digits", "decimal_places", "whole_digits"}
    | {"expected", "expected_schemes", "pattern"}
)
"""What a problem may say of its schema; none of it is what was given."""


@functools.lru_cache(maxsize=256)
def _adapter(model: type[BaseModel]) -> TypeAdapter[BaseModel]:
    """Kept, since making one costs more than using it; bounded, since tools may be declared while a program runs."""
    return TypeAdapter(model)
