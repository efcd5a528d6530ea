"""One field ↔ one input element of a modal: what it shows at first, and what its state means.

An element is exact: unchanged, it gives back the value it was made for, type and digits included. Where it could not,
making it raises UnsupportedField.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bot.forms.fields import FormField, UnsupportedField
from bot.shown.text import TEXT_LIMIT, Block, visible

LEFT_OUT = object()
"""The value of an argument that is not there."""

_OPTION_LIMIT = 100  # options in one select
_OPTION_TEXT_LIMIT = 75
_OPTION_VALUE_LIMIT = 150
_LONG_TEXT = 80
_EXPONENT_LIMIT = 400  # covers every float; a larger exponent would be written out as that many digits
_EXACT_DIGITS = 15  # a client may hold a number input in a double, which keeps this many digits

# What an empty input stands for. It is the element's action id, since the schema alone does not tell: the argument may
# have been proposed as an empty text, as null, or not at all.
_EMPTY_IS_LEFT_OUT = "left-out"
_EMPTY_IS_NULL = "null"
_EMPTY_IS_TEXT = "text"

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


class NotUsable(ValueError):
    """What was filled in is no value of the field; the message is the sentence for the person."""


def element(field: FormField, value: object) -> Block:
    """The element for `field`, filled with `value` (LEFT_OUT: empty). Raises UnsupportedField."""
    if value is None and not field.nullable:
        raise UnsupportedField(f"The argument {field.name!r} is null, which its schema does not allow.")
    if field.choices:
        made = _choice_element(field, value)
    elif field.kind in ("integer", "number"):
        made = _number_element(field, value)
    else:
        made = _text_element(field, value)
    return made | {"action_id": _empty_meaning(field, value)}


def may_be_empty(field: FormField, value: object) -> bool:
    """Whether the input may be submitted empty: it is optional, may be null, or was proposed as an empty text."""
    return not field.required or field.nullable or (value == "" and not field.choices)


def value_of(field: FormField, state: Mapping[str, Mapping[str, Any]]) -> object:
    """The value in the state of the field's block (action id → element state), LEFT_OUT for none. Raises NotUsable."""
    for empty_meaning, filled in state.items():
        given = (filled.get("selected_option") or {}).get("value") if field.choices else filled.get("value")
        if not given:
            return {_EMPTY_IS_NULL: None, _EMPTY_IS_TEXT: ""}.get(empty_meaning, LEFT_OUT)
        if field.choices:
            return _chosen(field, given)
        return _number(field, given) if field.kind in ("integer", "number") else given
    # Left out, it would run with a default where the person saw a value.
    raise NotUsable("This field did not arrive. Please close the form and open it again.")


def _empty_meaning(field: FormField, value: object) -> str:
    if value is LEFT_OUT:
        return _EMPTY_IS_LEFT_OUT
    is_text = field.kind in ("text", "long text")
    if field.nullable and not (is_text and value == ""):
        return _EMPTY_IS_NULL
    return _EMPTY_IS_TEXT if is_text else _EMPTY_IS_LEFT_OUT


def _text_element(field: FormField, value: object) -> Block:
    text = "" if value is None or value is LEFT_OUT else value
    if not isinstance(text, str):
        raise UnsupportedField(f"The argument {field.name!r} does not hold a text.")
    if len(text) > TEXT_LIMIT:
        raise UnsupportedField(f"The argument {field.name!r} has {len(text)} characters; a form holds {TEXT_LIMIT}.")
    if visible(text)[1]:
        raise UnsupportedField(f"The argument {field.name!r} has invisible characters, which a form would hide.")
    multiline = field.kind == "long text" or len(text) > _LONG_TEXT or "\n" in text
    return {"type": "plain_text_input", "multiline": multiline} | ({"initial_value": text} if text else {})


def _number_element(field: FormField, value: object) -> Block:
    text = "" if value is None or value is LEFT_OUT else _number_text(field, value)
    if _digits(text) > _EXACT_DIGITS:
        return {"type": "plain_text_input", "multiline": False, "initial_value": text}
    made: Block = {"type": "number_input", "is_decimal_allowed": field.kind == "number"}
    if text:
        made["initial_value"] = text
    for key, bound in (("min_value", field.minimum), ("max_value", field.maximum)):
        if bound is not None and _is_writable(bound) and _digits(format(bound, "f")) <= _EXACT_DIGITS:
            made[key] = format(bound, "f")
    return made


def _number_text(field: FormField, value: object) -> str:
    number = value if isinstance(value, Decimal) else None
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        number = _parse_number(str(value))  # by way of text: a float's shortest text is the number that was meant
    whole = field.kind == "integer"
    if number is None or not _is_writable(number) or (whole and number != number.to_integral_value()):
        raise UnsupportedField(f"The argument {field.name!r} does not hold a number that a form can show.")
    text = str(int(number)) if whole else format(number, "f")
    if len(text) > TEXT_LIMIT:
        raise UnsupportedField(f"The argument {field.name!r} has {len(text)} digits; a form holds {TEXT_LIMIT}.")
    return text


def _number(field: FormField, given: str) -> object:
    number = _parse_number(given.strip())
    if number is None:
        raise NotUsable("Write a number with digits, and a dot before decimals: 80.10")
    if field.kind == "number":
        return number
    if number != number.to_integral_value():
        raise NotUsable("Write a whole number, without decimals.")
    return int(number)


def _parse_number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _is_writable(number: Decimal) -> bool:
    return number.is_finite() and abs(number.adjusted()) <= _EXPONENT_LIMIT


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


def _choice_element(field: FormField, value: object) -> Block:
    options = {key: _option(field.name, key, label) for key, label in _labels(field).items()}
    if len(options) > _OPTION_LIMIT:
        raise UnsupportedField(f"The argument {field.name!r} has {len(options)} choices; a form holds {_OPTION_LIMIT}.")
    kind = "radio_buttons" if field.kind == "yes or no" else "static_select"
    made: Block = {"type": kind, "options": list(options.values())}
    if value is LEFT_OUT:
        return made
    if (key := _option_value(value)) not in options:
        raise UnsupportedField(f"The argument {field.name!r} holds none of its choices.")
    return made | {"initial_option": options[key]}


def _option(name: str, key: str, label: str) -> Block:
    text, hidden = visible(label)
    if hidden or len(text) > _OPTION_TEXT_LIMIT or len(key) > _OPTION_VALUE_LIMIT:
        raise UnsupportedField(f"The argument {name!r} has a choice that is too long or cannot be read in a form.")
    return {"text": {"type": "plain_text", "text": text, "emoji": False}, "value": key}


def _labels(field: FormField) -> dict[str, str]:
    """Each choice's option value with its label; no two labels are alike."""
    choices = _choices(field)
    if field.kind == "yes or no":
        names = {"true": "Yes", "false": "No", "null": "(none)"}
        return {key: names[key] for key in choices}
    labels = {key: choice if isinstance(choice, str) else key for key, choice in choices.items()}
    if field.nullable:
        labels["null"] = "(none)"
    if len(set(labels.values())) < len(labels) or not all(label.strip() for label in labels.values()):
        return {key: key for key in choices}
    return labels


def _chosen(field: FormField, given: str) -> object:
    choices = _choices(field)
    if given not in choices:
        raise NotUsable("Choose one of the options.")
    return choices[given]


def _choices(field: FormField) -> dict[str, object]:
    """Option value → choice, null last where it may be chosen: an empty select says too little on a small screen."""
    return {_option_value(choice): choice for choice in (*field.choices, *([None] if field.nullable else []))}


def _option_value(choice: object) -> str:
    return json.dumps(choice, ensure_ascii=False, default=str)  # JSON, so that 1, "1" and true differ
