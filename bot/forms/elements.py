"""One field ↔ one input element of a modal: what it shows at first, and what its state means.

An element is exact: unchanged, it gives back the value it was made for, type and digits included. Where it could not,
the value is written as JSON (see `json_text`); where that could not, making the element raises UnsupportedField.
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.forms import choosing, json_text, numbers, picking
from bot.forms.fields import LEFT_OUT, FormField, NotUsable, UnsupportedField
from bot.forms.json_text import NotJson
from bot.shown.text import TEXT_LIMIT, Block, visible

_LONG_TEXT = 80
_TYPED = {"email": "email_text_input", "address": "url_text_input"}

# What an empty input stands for. It is the element's action id, since the schema alone does not tell: the argument may
# have been proposed as an empty text, as null, or not at all.
_EMPTY_IS_LEFT_OUT = "left-out"
_EMPTY_IS_NULL = "null"
_EMPTY_IS_TEXT = "text"
_EMPTY_IS_LIST = "list"

_ZONE = "@"
"""Between that and the time zone that a picker was made for, which may be another one when it is submitted."""

_IS_JSON = "json"
"""The action id of an element that holds its value as JSON; an empty one is left out."""

_ENDS_OF_LINES = re.compile("[\r\v\f\x85\u2028\u2029]")  # an input knows one: a line feed


def element(field: FormField, value: object, zone: str = "") -> Block:
    """The element for `field`, filled with `value` (LEFT_OUT: empty), for a reader in the time zone of this name.
    Raises UnsupportedField.
    """
    if field.kind == "secret":
        raise UnsupportedField("it holds a secret, which a form must not show")
    try:
        return _typed_element(field, value, zone)
    except UnsupportedField as reason:
        return _json_element(value, reason)


def holds_json(made: Block) -> bool:
    """Whether the element has its value as JSON, and not in a form of its own."""
    return made["action_id"] == _IS_JSON


def _typed_element(field: FormField, value: object, zone: str) -> Block:
    if field.kind == "json":
        raise UnsupportedField("no input of a form is made for it")
    if value is None and not field.nullable:
        raise UnsupportedField("it is null, which its schema does not allow")
    if field.kind == "choices":
        made = choosing.element_of_many(field, value)
    elif field.choices:
        made = choosing.element(field, value)
    elif field.kind in ("integer", "number"):
        made = numbers.element(field, value)
    else:
        made = picking.element(field, value, picking.zone_of(zone)) or _text_element(field, value)
    beside = f"{_ZONE}{zone}" if zone and made["type"] == "datetimepicker" else ""
    return made | {"action_id": f"{_empty_meaning(field, value)}{beside}"}


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
    return not field.required or field.nullable or value == [] or (value == "" and not field.choices)


def value_of(field: FormField, state: Mapping[str, Mapping[str, Any]], proposed: object) -> object:
    """The value in the state of the field's block (action id → element state), LEFT_OUT for none; `proposed` is the one
    that the element was made for. Raises NotUsable.
    """
    for action, filled in state.items():
        empty_meaning, _, zone = action.partition(_ZONE)
        if empty_meaning == _IS_JSON:
            return _from_json(filled.get("value") or "", required=field.required)
        if field.kind == "choices":
            many = choosing.chosen(field, filled, proposed)
            return many if many or empty_meaning == _EMPTY_IS_LIST else _empty(empty_meaning)
        if field.choices:
            given = (filled.get("selected_option") or {}).get("value")
            return choosing.chosen_one(field, given) if given else _empty(empty_meaning)
        given = picking.picked(filled, proposed, picking.zone_of(zone)) or filled.get("value")
        if not given:
            return _empty(empty_meaning)
        return numbers.read(field, given) if field.kind in ("integer", "number") else given
    # Left out, it would run with a default where the person saw a value.
    raise NotUsable("This field did not arrive. Please close the form and open it again.")


def _empty(meaning: str) -> object:
    return {_EMPTY_IS_NULL: None, _EMPTY_IS_TEXT: "", _EMPTY_IS_LIST: []}.get(meaning, LEFT_OUT)


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
    is_text = field.kind in ("text", "long text", "email", "address")
    if field.nullable and not (is_text and value == "") and value != []:
        return _EMPTY_IS_NULL
    if field.kind == "choices":
        return _EMPTY_IS_LIST
    return _EMPTY_IS_TEXT if is_text else _EMPTY_IS_LEFT_OUT


def _text_element(field: FormField, value: object) -> Block:
    text = "" if value is None or value is LEFT_OUT else value
    if not isinstance(text, str):
        raise UnsupportedField("it does not hold a text")
    if len(text) > TEXT_LIMIT:
        raise UnsupportedField(f"it has {len(text):,} characters, and a form holds {TEXT_LIMIT:,}")
    if visible(text)[1] or _ENDS_OF_LINES.search(text):
        raise UnsupportedField("it has characters that a form would hide or change")
    initial = {"initial_value": text} if text else {}
    if field.kind in _TYPED and "\n" not in text:
        return {"type": _TYPED[field.kind]} | initial
    multiline = field.kind == "long text" or len(text) > _LONG_TEXT or "\n" in text
    return {"type": "plain_text_input", "multiline": multiline} | initial
