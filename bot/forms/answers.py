"""The form of any JSON Schema, for what a graph asks: filled with what is known, read as the answer.

An object is a form of its properties. Anything else is one input, for the argument `ANSWER`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from bot.forms import problems
from bot.forms.elements import element, holds_json
from bot.forms.fields import FormField, JsonSchema, UnsupportedField, fields, resolved
from bot.forms.forms import Form
from bot.forms.inputs import StateValues
from bot.shown.choices import filled_in
from graphs.runtime.schemas import misfits

ANSWER = "answer"
"""The name of the one input, where the schema is no object's."""

_SHOWN_OR_EMPTY = frozenset({"integer", "number", "yes or no", "choice", "choices"})

TEXT: JsonSchema = {"type": "string", "format": "long"}
"""What is asked where nothing says what the answer is."""


class AnswerForm:
    """`schema` is the one published with the question (None: a text). `given` fills it: the values of the properties
    under their names, or that of `ANSWER`; whatever else is in it is left out, and what its input cannot show. `zone`
    as for a `Form`.
    """

    def __init__(self, schema: JsonSchema | None, given: Mapping[str, object], zone: str = "") -> None:
        self._schema: JsonSchema = TEXT if schema is None else filled_in(schema)
        whole = _object(self._schema)
        self.is_one = whole is None
        if whole is None:
            definitions = {key: self._schema[key] for key in ("$defs", "definitions") if key in self._schema}
            whole = {"properties": {ANSWER: {**self._schema}}, "required": [ANSWER], **definitions}
        self._fields = {field.name: field for field in fields(whole)}
        found = {name: value for name, value in given.items() if name in self._fields}
        self._given = {name: value for name, value in found.items() if _is_of_use(self._fields[name], value)}
        self.form = Form(whole, self._given, zone)
        """Its `pages` are the blocks, view by view; its `label_of` and `suggested` go by their ids."""

    def submitted(self, state: StateValues, *, is_last: bool = True) -> Any:
        """What was filled in, as the answer (JSON values), if it fits the schema. Raises FormErrors.

        `state` is what the views held so far; on a view that is not the last, only what arrived is judged.
        """
        values = self.form.submitted(state, self._problems, is_last=is_last)
        return self._whole({name: self._written(name, value) for name, value in values.items()})

    def _problems(self, values: Mapping[str, object]) -> list[tuple[str, str]]:
        # A number that may be a text too is judged as a number: as a text, no bound would hold it.
        judged = self._whole({name: _number(None, value) for name, value in values.items()})
        found = [(each, problems.of_schema(each)) for each in misfits(self._schema, judged)]
        start = (ANSWER,) if self.is_one else ()
        return [(".".join(map(str, (*start, *each.place))), said) for each, said in found]

    def _whole(self, values: Mapping[str, object]) -> Any:
        return values.get(ANSWER) if self.is_one else values

    def _written(self, name: str, value: object) -> object:
        """In JSON's own types: unchanged, a number is what it was."""
        if isinstance(value, list):
            return [_number(None, each) for each in cast("list[object]", value)]
        given, field = self._given.get(name), self._fields.get(name)
        is_fit = not isinstance(given, str) or (field is not None and field.as_text)
        if isinstance(value, Decimal) and is_fit and _is_same(given, value):
            return given
        return _number(field, value)


def _is_of_use(field: FormField, value: object) -> bool:
    """What is no number and none of the choices is better not filled in than shown as JSON."""
    return field.kind not in _SHOWN_OR_EMPTY or not holds_json(element(field, value))


def _is_same(given: object, number: Decimal) -> bool:
    """Whether the number is the one that was given, with its digits where that was a text."""
    if isinstance(given, str):
        return given == str(number)
    return isinstance(given, int | float) and not isinstance(given, bool) and Decimal(str(given)) == number


def _number(field: FormField | None, value: object) -> object:
    if not isinstance(value, Decimal):
        return value
    if field is not None and field.as_text:
        return str(value)
    return int(value) if value == value.to_integral_value() else float(value)


def _object(schema: JsonSchema) -> JsonSchema | None:
    """The schema with its properties at hand; None where it is no object's with some."""
    try:
        (found,) = resolved(schema)
    except (UnsupportedField, ValueError):
        return None
    is_object = found.get("type") == "object" and found.get("properties")
    return {**schema, **found} if is_object else None
