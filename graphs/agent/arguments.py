"""A tool call's arguments: checked once, written once; those bytes are what is stored, hashed, shown and run."""

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from graphs.agent.errors import ArgumentsChanged, InvalidArguments, Problem, UnstorableArguments
from graphs.texts.canonical import Digest, bounded, canonical_json, digest, read_json, secrets_in
from graphs.texts.objects import as_object
from graphs.texts.redaction import Redaction
from graphs.texts.surrogates import mended_tree

MOST_PROBLEMS = 100
"""Problems of one call that are told one by one."""

NAME_LENGTH = 100
"""Characters of a name that the model made up, where it is repeated."""


@dataclass(frozen=True)
class Arguments:
    """Valid arguments of one call, defaults included.

    `data` is canonical JSON and `digest` its SHA-256; `model` is what reading `data` gives. Secrets are in clear in
    `data` and masked in `shown`.
    """

    tool: str
    model: BaseModel
    data: bytes
    digest: Digest

    @property
    def values(self) -> dict[str, Any]:
        """The arguments as JSON values, secrets in clear."""
        return json.loads(self.data)

    @property
    def shown(self) -> dict[str, Any]:
        """The arguments as JSON values, secrets masked: for cards, logs and audit."""
        return json.loads(canonical_json(_dump(self.model), mask_secrets=True))

    @property
    def secrets(self) -> list[str | bytes]:
        """The secrets among them, in clear: what a result or an error must not repeat."""
        return secrets_in(_dump(self.model))


def validate(tool: str, model: type[BaseModel], given: str | bytes | Mapping[str, object]) -> Arguments:
    """Check `given` (JSON text or values) against `model`, write it down and read it back.

    Raises InvalidArguments with a problem for each argument, or with one for more than `canonical.MOST_BYTES` or
    `MOST_LEVELS`, or `MOST_VALUES`; and UnstorableArguments when the round trip changes one.
    """
    first = _read(tool, model, _text(tool, given))
    data = _write(tool, first)
    again = _read(tool, model, data)
    if again != first or _write(tool, again) != data:
        raise UnstorableArguments(tool)
    return Arguments(tool=tool, model=again, data=data, digest=digest(data))


def reopen(arguments: Arguments, model: type[BaseModel]) -> dict[str, Any]:
    """The values to run, by parameter name, read from the bytes. Raises ArgumentsChanged if these were not hashed."""
    if digest(arguments.data) != arguments.digest:
        raise ArgumentsChanged(arguments.tool)
    read = validate(arguments.tool, model, arguments.data)
    if read.data != arguments.data:
        raise ArgumentsChanged(arguments.tool)
    return {name: getattr(read.model, name) for name in model.model_fields}


def _text(tool: str, given: str | bytes | Mapping[str, object]) -> bytes:
    try:
        if isinstance(given, Mapping):
            text = canonical_json(mended_tree(given))
        else:
            text = (as_object(given).encode() if isinstance(given, str) else given).strip()
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidArguments(tool, [Problem("", f"cannot be written as JSON: {error}")]) from error
    try:
        return bounded(text) or b"{}"  # models write nothing at all for a tool without arguments
    except ValueError as error:
        raise InvalidArguments(tool, [Problem("", f"Too large: {error}")]) from None


def _read(tool: str, model: type[BaseModel], text: bytes) -> BaseModel:
    try:
        return _adapter(model).validate_json(text)
    except ValidationError as error:
        # The input stays out of the problems: it may hold a secret.
        details = error.errors(include_url=False, include_input=False)
        redact = _redaction(model, text)
        problems = [_problem(model, detail, redact(detail["msg"])) for detail in details[:MOST_PROBLEMS]]
        if more := len(details) - len(problems):
            problems.append(Problem("", f"and {more} more problems"))
        raise InvalidArguments(tool, problems) from None


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
        return Problem(_brief(str(location[0])), f"There is no such argument. The arguments are: {names}")
    limits = {name: limit for name, limit in detail.get("ctx", {}).items() if name in _LIMITS}
    return Problem(".".join(_brief(str(step)) for step in location), message, detail["type"], limits)


_LIMITS = frozenset(
    {"ge", "gt", "le", "lt", "multiple_of", "max_length", "min_length", "max_digits", "decimal_places", "whole_digits"}
    | {"expected", "expected_schemes", "pattern"}
)
"""What a problem may say of its schema; none of it is what was given."""


def _brief(name: str) -> str:
    return name if len(name) <= NAME_LENGTH else f"{name[:NAME_LENGTH]}…"


def _write(tool: str, arguments: BaseModel) -> bytes:
    try:
        return bounded(canonical_json(_dump(arguments)))
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidArguments(tool, [Problem("", f"cannot be written as JSON: {error}")]) from error


def _dump(arguments: BaseModel) -> object:
    return _adapter(type(arguments)).dump_python(arguments, by_alias=True)


@functools.lru_cache(maxsize=256)
def _adapter(model: type[BaseModel]) -> TypeAdapter[BaseModel]:
    """Kept, since making one costs more than using it; bounded, since tools may be declared while a program runs."""
    return TypeAdapter(model)
