"""An argument's input block: its label in words, its hint, its element; and the same as somebody left it. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from bot.forms import numbers
from bot.forms.elements import element, holds_json, may_be_empty
from bot.forms.fields import FormField, UnsupportedField
from bot.shown import naming
from bot.shown.text import Block, plain_text, visible

StateValues = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Slack's `view.state.values`: block id → action id → the element's state."""

LABEL_LIMIT = 2000  # an input's label, and its hint
_TITLE_LIMIT = 150
_AS_JSON = "written as JSON"


def input_of(field: FormField, value: object, label: str, zone: str = "") -> Block:
    """The input of one argument, filled with its value. Raises UnsupportedField."""
    if not 1 <= len(field.name) <= LABEL_LIMIT:
        raise UnsupportedField(f"its name has not 1 to {LABEL_LIMIT:,} characters")
    made = element(field, value, zone)
    block: Block = {
        "type": "input",
        "block_id": block_id(field.name),
        "label": {"type": "plain_text", "text": label, "emoji": False},
        "element": made,
        "optional": may_be_empty(field, value, made),
    }
    said = " · ".join(filter(None, (field.name, *field.limits, _AS_JSON if holds_json(made) else "", field.hint)))
    return block | {"hint": plain_text(said, LABEL_LIMIT)}


def label_of(field: FormField) -> str:
    """What the input is called: as its author says, else its name in words."""
    title = visible(field.title)[0].strip()
    return title if 0 < len(title) <= _TITLE_LIMIT else naming.in_words(field.name)


def with_cursor(block: Block) -> Block:
    """The same, where a person begins to write."""
    return block | {"element": block["element"] | {"focus_on_load": True}}


_HELD = {
    "initial_value": "value",
    "initial_option": "selected_option",
    "initial_options": "selected_options",
    "initial_date": "selected_date",
    "initial_time": "selected_time",
    "initial_date_time": "selected_date_time",
}
"""Where an element shows what it holds → where Slack sends that."""


def retyped(block: Block, state: Mapping[str, Mapping[str, Any]]) -> Block:
    """An input as it was left; one that takes nothing but numbers, and holds something else, is empty."""
    for action, held in state.items():
        element = {key: value for key, value in block["element"].items() if key not in _HELD}
        left = {key: held[name] for key, name in _HELD.items() if held.get(name)}
        if element["type"] == "number_input" and not numbers.is_plain(left.get("initial_value", "0")):
            left = {}
        return block | {"element": element | left | {"action_id": action}}
    return block


def block_id(name: str) -> str:
    """The block of the argument `name`: the same in every form, and within Slack's 255 characters whatever the name."""
    if re.fullmatch(r"[A-Za-z0-9_]{1,200}", name):
        return f"argument:{name}"
    return f"argument#{hashlib.sha256(name.encode()).hexdigest()}"
