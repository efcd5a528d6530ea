"""A call in words, for the first line of its card: a tool's `title=`, filled from the very arguments that would run."""

from __future__ import annotations

import inspect
import logging
import re
import string
import types
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Union, cast, get_args, get_origin

from pydantic import BaseModel

from graphs.agent import arguments
from graphs.agent.errors import InvalidTool
from graphs.agent.typed import secret_fields
from graphs.runtime.calling import held
from graphs.texts.redaction import Redaction, in_use, redacted

logger = logging.getLogger(__name__)

LONGEST = 200
"""Characters of a title."""

_NUMBERS = re.compile(r"\d+", re.ASCII)
"""The widths and precisions of a format."""

_SAMPLES: dict[object, object] = {
    bool: True,
    int: 1,
    float: 1.5,
    Decimal: Decimal("1.5"),
    str: "text",
    datetime: datetime(2000, 1, 1, tzinfo=UTC),
    date: date(2000, 1, 1),
    time: time(1),
}
"""A value of each type that a format can be tried on."""


@dataclass(frozen=True)
class Title:
    """How the calls of a tool are named. `is_code`: somebody's function writes it, which may take its time."""

    tool: str
    write: Callable[[Any], object]
    is_code: bool

    def of(self, values: arguments.Arguments) -> str | None:
        """The title of a call, in one line; None where it cannot be written for these values, which the log says."""
        redact = Redaction(values.secrets)
        try:
            with in_use(redact):
                written = held(self.write, values.model)
            if not isinstance(written, str):
                raise TypeError(f"expected a str, got a {type(written).__name__}")
        except Exception as error:  # noqa: BLE001 - whatever the function raised: a title is not worth failing for
            said = redacted(error, redact)
            logger.warning("the title of tool %r cannot be written (%s: %s)", self.tool, type(said).__name__, said)
            return None
        line = " ".join(redact(written).split())
        return (line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…") or None


def declared(tool: str, title: object, model: type[BaseModel]) -> Title | None:
    """What `title=` says. Raises InvalidTool for what could not be filled."""
    if title is None:
        return None
    if isinstance(title, str):
        _check(tool, title, model)
        return Title(tool, lambda values: _filled(title, values), is_code=False)
    if not callable(title):
        raise InvalidTool(
            tool, f"title={title!r}: give a text like 'Pay bill {{number}}', or a function that makes one."
        )
    if inspect.iscoroutinefunction(title):
        raise InvalidTool(tool, "title=: give a plain function of the arguments; an `async def` cannot be asked.")
    return Title(tool, title, is_code=True)


def _filled(template: str, values: BaseModel) -> str:
    """The template, with the plain value of each argument: an enum's own, and "none" for None."""
    plain = {name: _plain(getattr(values, name)) for name in type(values).model_fields}
    return string.Formatter().vformat(template, (), plain)


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return cast("object", value.value)
    return "none" if value is None else value


def _check(tool: str, template: str, model: type[BaseModel]) -> None:
    if not template.strip():
        raise InvalidTool(tool, "title= is empty. Say what a call does, as in 'Pay bill {number}', or leave it out.")
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise InvalidTool(
            tool, f"title={template!r} cannot be read: {error}. A brace of its own is written twice."
        ) from error
    for _, name, spec, conversion in parts:
        if name is not None:
            _check_field(tool, name, spec or "", conversion, model)


def _check_field(tool: str, name: str, spec: str, conversion: str | None, model: type[BaseModel]) -> None:
    if name not in model.model_fields or conversion or "{" in spec:
        names = ", ".join(model.model_fields) or "none"
        raise InvalidTool(
            tool,
            f"title= has {{{name}{'!' + conversion if conversion else ''}{':' + spec if spec else ''}}}. In braces "
            f"stands an argument's name, and perhaps a format: {{name}}, {{name:.2f}}. The arguments are: {names}.",
        )
    if name in secret_fields(model):
        raise InvalidTool(tool, f"title= shows {name!r}, which is a secret. Leave it out.")
    if any(int(number) > LONGEST for number in _NUMBERS.findall(spec)):
        raise InvalidTool(tool, f"title= formats {name!r} as {spec!r}. A title has at most {LONGEST} characters.")
    for sample in _samples(model.model_fields[name].annotation):
        try:
            format(sample, spec)
        except (ValueError, TypeError) as error:
            raise InvalidTool(
                tool, f"title= formats {name!r} as {spec!r}, which its type does not take: {error}."
            ) from error


def _samples(annotation: object) -> list[object]:
    """Values of this type to try a format on; none where the type is not one that is known."""
    if get_origin(annotation) in (Union, types.UnionType):
        return [sample for each in get_args(annotation) if each is not type(None) for sample in _samples(each)]
    return [_SAMPLES[annotation]] if isinstance(annotation, type) and annotation in _SAMPLES else []
