"""One field ↔ one input element of a modal: what it shows at first, and what its state means.

An element is exact: unchanged, it gives back the value it was made for, type and digits included. Where it could not,
the value is written as JSON (see `json_text`); where that could not, making the element raises UnsupportedField.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bot.forms import json_text
from bot.forms.fields import FormField, UnsupportedField
from bot.forms.json_text import NotJson
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

_IS_JSON = "json"
"""The action id of an element that holds its value as JSON; an empty one is left out."""

_ENDS_OF_LINES = re.compile("[\r\v\f\x85\u2028\u2029]")  # an input knows one: a line feed

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


class NotUsable(ValueError):
    """What was filled in is no value of the field; the message is the sentence for the person."""


def element(field: FormField, value: object) -> Block:
    """The element for `field`, filled with `value` (LEFT_OUT: empty). Raises UnsupportedField."""
    if field.kind == "secret":
        raise UnsupportedField("it holds a secret, which a form must not show")
    try:
        return _typed_element(field, value)
    except UnsupportedField as reason:
        return _json_element(value, reason)


def holds_json(made: Block) -> bool:
    """Whether the element has its value as JSON, and not in a form of its own."""
    return made["action_id"] == _IS_JSON


def _typed_element(field: FormField, value: object) -> Block:
    if field.kind == "json":
        raise UnsupportedField("no input of a form is made for it")
    if value is None and not field.nullable:
        raise UnsupportedField("it is null, which its schema does not allow")
    if field.choices:
        made = _choice_element(field, value)
    elif field.kind in ("integer", "number"):
        made = _number_element(field, value)
    else:
        made = _text_element(field, value)
    return made | {"action_id": _empty_meaning(field, value)}


def _json_element(value: object, reason: UnsupportedField) -> Block:
    text = "" if value is LEFT_OUT else json_text.write(value)
    if text is None:
        raise UnsupportedField("it cannot be written so that it stays the same")
    if len(text) > TEXT_LIMIT:
        long = f"it has {len(value if isinstance(value, str) else text):,} characters, and a form holds {TEXT_LIMIT:,}"
        raise UnsupportedField(long) from reason
    made: Block = {"type": "plain_text_input", "multiline": True, "action_id": _IS_JSON}
    return made | ({"initial_value": text} if text else {})


def may_be_empty(field: FormField, value: object, made: Block) -> bool:
    """Whether the input may be submitted empty: it is optional, may be null, or was proposed as an empty text."""
    if holds_json(made):
        return not field.required
    return not field.required or field.nullable or (value == "" and not field.choices)


def value_of(field: FormField, state: Mapping[str, Mapping[str, Any]]) -> object:
    """The value in the state of the field's block (action id → element state), LEFT_OUT for none. Raises NotUsable."""
    for empty_meaning, filled in state.items():
        if empty_meaning == _IS_JSON:
            return _from_json(filled.get("value") or "", required=field.required)
        given = (filled.get("selected_option") or {}).get("value") if field.choices else filled.get("value")
        if not given:
            return {_EMPTY_IS_NULL: None, _EMPTY_IS_TEXT: ""}.get(empty_meaning, LEFT_OUT)
        if field.choices:
            return _chosen(field, given)
        return _number(field, given) if field.kind in ("integer", "number") else given
    # Left out, it would run with a default where the person saw a value.
    raise NotUsable("This field did not arrive. Please close the form and open it again.")


def _from_json(given: str, *, required: bool) -> object:
    if not given.strip():
        if required:
            raise NotUsable("This argument is needed. Write it as JSON.")
        return LEFT_OUT
    try:
        return json_text.parse(given)
    except NotJson as error:
        raise NotUsable(str(error)) from error


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
        raise UnsupportedField("it does not hold a text")
    if len(text) > TEXT_LIMIT:
        raise UnsupportedField(f"it has {len(text):,} characters, and a form holds {TEXT_LIMIT:,}")
    if visible(text)[1] or _ENDS_OF_LINES.search(text):
        raise UnsupportedField("it has characters that a form would hide or change")
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
        raise UnsupportedField("it does not hold a number that a form can show")
    text = str(int(number)) if whole else format(number, "f")
    if len(text) > TEXT_LIMIT:
        raise UnsupportedField(f"it has {len(text):,} digits, and a form holds {TEXT_LIMIT:,}")
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
    options = {key: _option(key, label) for key, label in _labels(field).items()}
    if len(options) > _OPTION_LIMIT:
        raise UnsupportedField(f"it has {len(options):,} choices, and a form holds {_OPTION_LIMIT}")
    kind = "radio_buttons" if field.kind == "yes or no" else "static_select"
    made: Block = {"type": kind, "options": list(options.values())}
    if value is LEFT_OUT:
        return made
    if (key := _option_value(value)) not in options:
        raise UnsupportedField("it holds none of its choices")
    return made | {"initial_option": options[key]}


def _option(key: str, label: str) -> Block:
    text, hidden = visible(label)
    if hidden or len(text) > _OPTION_TEXT_LIMIT or len(key) > _OPTION_VALUE_LIMIT:
        raise UnsupportedField("a choice of it is too long, or cannot be read in a form")
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
