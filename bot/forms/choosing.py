"""An argument that is chosen from a few, or several of them ↔ the element that offers them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from bot.forms.fields import LEFT_OUT, FormField, NotUsable, UnsupportedField
from bot.shown.text import Block, one_line, visible

RADIOS = 5
CHECKBOXES = 10
OPTIONS = 100
"""Of a select; of more than these, Slack asks for those that a person looks for."""

_TEXT_LIMIT = 75
_VALUE_LIMIT = 150
_SHORTEST_NAME = 10
"""Characters that are left for what a choice is called, beside its value; with fewer it has none."""


def element(field: FormField, value: object) -> Block:
    """Offers one of the choices. Raises UnsupportedField."""
    options = _options(field)
    if len(options) > OPTIONS:
        made: Block = {"type": "external_select", "min_query_length": 0}
    else:
        made = {
            "type": "radio_buttons" if len(options) <= RADIOS else "static_select",
            "options": list(options.values()),
        }
    if value is LEFT_OUT:
        return made
    if (key := _key(value)) not in options:
        raise UnsupportedField("it holds none of its choices")
    return made | {"initial_option": options[key]}


def element_of_many(field: FormField, value: object) -> Block:
    """Offers any number of the choices. Raises UnsupportedField."""
    given = [] if value is LEFT_OUT or value is None else value
    if not isinstance(given, list):
        raise UnsupportedField("it does not hold a list")
    options = _options(field, with_none=False)
    keys = [_key(each) for each in cast("list[object]", given)]
    if len(set(keys)) < len(keys) or not set(keys) <= options.keys():
        raise UnsupportedField("it holds other entries than its choices, or one twice")
    chosen = [options[key] for key in keys]
    if len(options) > OPTIONS:
        made: Block = {"type": "multi_external_select", "min_query_length": 0}
    else:
        kind = "checkboxes" if len(options) <= CHECKBOXES else "multi_static_select"
        made = {"type": kind, "options": list(options.values())}
    return made | ({"initial_options": chosen} if chosen else {})


def found(field: FormField, looked_for: str) -> list[Block]:
    """The options that have this in their label, as many as Slack takes."""
    words = " ".join(looked_for.casefold().split())
    options = _options(field, with_none=field.kind != "choices").values()
    fitting = [each for each in options if words in each["text"]["text"].casefold()]
    return fitting[:OPTIONS]


def chosen_one(field: FormField, key: str) -> object:
    """The choice behind an option. Raises NotUsable."""
    choices = _choices(field)
    if key not in choices:
        raise NotUsable("Choose one of the options.")
    return choices[key]


def chosen(field: FormField, filled: Mapping[str, Any], proposed: object) -> list[object]:
    """The choices behind the options; in the order that was proposed where they are the same. Raises NotUsable."""
    keys = [str(each["value"]) for each in cast("Sequence[Mapping[str, Any]]", filled.get("selected_options") or ())]
    if isinstance(proposed, list) and sorted(keys) == sorted(map(_key, cast("list[object]", proposed))):
        return cast("list[object]", proposed)
    return [chosen_one(field, key) for key in keys]


def _options(field: FormField, *, with_none: bool = True) -> dict[str, Block]:
    return {key: _option(key, label) for key, label in _labels(field, with_none).items()}


def _option(key: str, label: str) -> Block:
    text, hidden = visible(label)
    if hidden or len(text) > _TEXT_LIMIT:
        raise UnsupportedField("a choice of it cannot be read in a form")
    return {"text": {"type": "plain_text", "text": text, "emoji": False}, "value": key}


def _labels(field: FormField, with_none: bool) -> dict[str, str]:
    """Each choice's option value with its label; no two labels are alike."""
    choices = _choices(field)
    if not with_none:
        choices = {key: choice for key, choice in choices.items() if choice is not None}
    if field.kind == "yes or no":
        names = {"true": "Yes", "false": "No", "null": "(none)"}
        return {key: names[key] for key in choices}
    labels = {key: choice if isinstance(choice, str) else _json(choice) for key, choice in choices.items()}
    if "null" in labels:
        labels["null"] = "(none)"
    if len(set(labels.values())) < len(labels) or not all(label.strip() for label in labels.values()):
        labels = {key: _json(choice) for key, choice in choices.items()}
    # The value stays beside its name: that is what runs, whatever a server calls it.
    names = {_key(choice): name for choice, name in field.choice_names}
    named = {key: _named(names.get(key, ""), label) for key, label in labels.items()}
    labels = named if len(set(named.values())) == len(named) else labels
    cut = {key: label if len(label) <= _TEXT_LIMIT else f"{label[: _TEXT_LIMIT - 1]}…" for key, label in labels.items()}
    return cut if len(set(cut.values())) == len(cut) else labels


def _named(name: str, label: str) -> str:
    said, room = one_line(name), _TEXT_LIMIT - len(label) - len(" ()")
    if not said or said == label or room < _SHORTEST_NAME or visible(said)[1]:
        return label
    return f"{said if len(said) <= room else f'{said[: room - 1]}…'} ({label})"


def _choices(field: FormField) -> dict[str, object]:
    """Option value → choice, null last where it may be chosen: an empty select says too little on a small screen."""
    return {_key(choice): choice for choice in (*field.choices, *([None] if field.nullable else []))}


def _key(choice: object) -> str:
    """An option's value: JSON, so that 1, "1" and true differ; of a long one its digest, which no other choice has."""
    text = _json(choice)
    return (
        text
        if len(text) <= _VALUE_LIMIT
        else f"SHA-256 {hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()}"
    )


def _json(choice: object) -> str:
    return json.dumps(choice, ensure_ascii=False, default=str)
