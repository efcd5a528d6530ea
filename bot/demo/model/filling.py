"""The state of filling one tool's arguments from one stretch of text."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.demo.model.schema import Parameter, Tool
from bot.demo.model.texts import Span, Text
from bot.demo.model.values import Found, to_number

YES = frozenset({"yes", "true", "on", "yep", "yeah"})
NO = frozenset({"no", "false", "off", "nope"})


@dataclass
class Filling:
    """What is filled so far.

    `wanted` are the parameters to fill; `taken` the places in the text that gave a value; `lenient` when the text
    answers a question about just these parameters, so that a bare value is enough.
    """

    tool: Tool
    text: Text
    span: Span
    wanted: tuple[Parameter, ...]
    lenient: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    taken: dict[Span, str] = field(default_factory=dict)

    def open(self) -> list[Parameter]:
        """The parameters without a value, required ones first."""
        unfilled = [parameter for parameter in self.wanted if parameter.name not in self.values]
        return sorted(unfilled, key=lambda parameter: not parameter.required)

    def free(self) -> list[Found]:
        """The values of the stretch that no parameter has."""
        return [found for found in self.text.values_within(self.span) if not self.is_taken(found.start, found.end)]

    def is_taken(self, start: int, end: int) -> bool:
        return any(span.start < end and start < span.end for span in self.taken)

    def put(self, parameter: Parameter, value: Any, start: int, end: int) -> bool:
        """Fill a parameter from a place in the text, if its schema allows the value."""
        if not parameter.allows(value):
            return False
        self.values[parameter.name] = value
        self.taken[Span(start, end)] = parameter.name
        return True

    def missing(self) -> tuple[Parameter, ...]:
        return tuple(parameter for parameter in self.wanted if parameter.required and parameter.name not in self.values)


def convert(parameter: Parameter, text: str) -> Any:
    """A text as a value of the parameter's kind; None when it is none. Text stays verbatim."""
    if parameter.kind in {"integer", "number"}:
        number = to_number(text)
        whole = isinstance(number, float) and number.is_integer() and parameter.kind == "integer"
        number = int(number) if whole and number is not None else number
        return None if parameter.kind == "integer" and isinstance(number, float) else number
    if parameter.kind == "boolean":
        return {True: True, False: False}.get(text.lower() in YES) if text.lower() in YES | NO else None
    return text if parameter.kind == "string" else None


def named(parameters: Iterable[Parameter], *words: frozenset[str]) -> list[Parameter]:
    """The parameters whose name has one of the words."""
    return [parameter for parameter in parameters if any(parameter.parts & group for group in words)]
