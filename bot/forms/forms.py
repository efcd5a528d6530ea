"""Forms: JSON Schema ↔ modal inputs ↔ values. Knows no tool; whoever knows one hands in its validation.

A form is exact: what `inputs` shows, submitted unchanged, `read` gives back. What a form could not give back is not
offered for editing at all; `unsupported` says why.

Numbers come back as `int` (JSON type integer) or `Decimal` (number), never as float, so that "80.10" keeps its digits.
Hand them to pydantic as they are (`model_validate`; it reads the numbers of JSON text as floats): its int, float and
Decimal fields take them without loss, in strict mode too.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bot.forms.elements import LEFT_OUT, NotUsable, element, may_be_empty, value_of
from bot.forms.fields import FormField, JsonSchema, UnsupportedField, fields
from bot.shown.text import Block, plain_text, shorten, visible

FIELD_LIMIT = 95
"""Arguments in one form: a modal holds 100 blocks, the rest is ours."""

StateValues = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Slack's `view.state.values`: block id → action id → the element's state."""
Validate = Callable[[dict[str, object]], Iterable[tuple[str, str]]]
"""What is wrong with these values: (argument, sentence) for each problem, nothing when they are good."""

_LABEL_LIMIT = 2000  # an input's label, and its hint
_ERROR_LIMIT = 300


class FormErrors(Exception):
    """What was filled in cannot be used: `errors` says why by block id, ready for Slack's `response_action: errors`."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = errors


def unsupported(schema: JsonSchema, values: Mapping[str, object]) -> str | None:
    """Why these arguments cannot be edited in a form, as a sentence for a person; None when they can."""
    try:
        inputs(schema, values)
    except UnsupportedField as reason:
        return str(reason)
    return None


def inputs(schema: JsonSchema, values: Mapping[str, object]) -> list[Block]:
    """One input block for each property of `schema`, filled with `values`.

    The label is the argument's name exactly, the hint its description. Raises UnsupportedField for what `unsupported`
    has a sentence for.
    """
    shown = fields(schema)
    if not shown:
        raise UnsupportedField("There are no arguments to edit.")
    if len(shown) > FIELD_LIMIT:
        raise UnsupportedField(f"There are {len(shown)} arguments; a form holds {FIELD_LIMIT}.")
    if unknown := sorted(values.keys() - {field.name for field in shown}):
        raise UnsupportedField(f"The argument {unknown[0]!r} is not in the tool's schema.")
    return [_input(field, values.get(field.name, LEFT_OUT)) for field in shown]


def _input(field: FormField, value: object) -> Block:
    if not 1 <= len(field.name) <= _LABEL_LIMIT:
        raise UnsupportedField(f"An argument's name needs 1 to {_LABEL_LIMIT} characters to be a label.")
    block: Block = {
        "type": "input",
        "block_id": block_id(field.name),
        "label": {"type": "plain_text", "text": field.name, "emoji": False},
        "element": element(field, value),
        "optional": may_be_empty(field, value),
    }
    if field.hint:
        block["hint"] = plain_text(field.hint, _LABEL_LIMIT)
    return block


def block_id(name: str) -> str:
    """The block of the argument `name`: the same in every form, and within Slack's 255 characters whatever the name."""
    if re.fullmatch(r"[A-Za-z0-9_]{1,200}", name):
        return f"argument:{name}"
    return f"argument#{hashlib.sha256(name.encode()).hexdigest()}"


def read(schema: JsonSchema, state_values: StateValues) -> dict[str, object]:
    """The values that were filled in, in the schema's JSON types (numbers: see the module).

    An input left empty stands for what an empty one stood for when the form was made: the argument left out (the tool's
    default counts), null, or an empty text. Raises FormErrors for what is no value of its field, or did not arrive.
    """
    values: dict[str, object] = {}
    problems: list[tuple[str, str]] = []
    for field in fields(schema):
        try:
            value = value_of(field, state_values.get(block_id(field.name), {}))
        except NotUsable as sentence:
            problems.append((field.name, str(sentence)))
        else:
            if value is not LEFT_OUT:
                values[field.name] = value
    if problems:
        raise FormErrors(errors(schema, problems))
    return values


def submitted(schema: JsonSchema, state_values: StateValues, validate: Validate) -> dict[str, object]:
    """The values, if `read` and then `validate` find them good. Raises FormErrors otherwise."""
    values = read(schema, state_values)
    if problems := list(validate(values)):
        raise FormErrors(errors(schema, problems))
    return values


def errors(schema: JsonSchema, problems: Iterable[tuple[str, str]]) -> dict[str, str]:
    """(argument, sentence) pairs as block id → sentence.

    A part of an argument ("address.city") belongs to the argument. What belongs to none stands at the first field,
    under the name it came with, so that nothing is lost.
    """
    names = list(schema["properties"])
    found: dict[str, list[str]] = {}
    for place, sentence in problems:
        name = place if place in names else place.split(".", 1)[0]
        if name in names:
            found.setdefault(block_id(name), []).append(sentence)
        else:
            found.setdefault(block_id(names[0]), []).append(f"{place}: {sentence}" if place else sentence)
    return {block: shorten(visible(" ".join(sentences))[0], _ERROR_LIMIT) for block, sentences in found.items()}
