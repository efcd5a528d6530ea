"""What a person entered in a view: Slack's `state.values`, and the checks that Slack's client makes before it sends."""

import re
from collections.abc import Callable
from typing import Any

from bot.demo.workspace.blocks.ids import elements

Json = dict[str, Any]

STATE_FIELDS: dict[str, tuple[str, str | None]] = {
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "file_input": ("files", None),
}
"""Element type → the field of its state, and the field it starts from."""

REQUIRED = "Please complete this required field."


def state_values(blocks: list[Json], given: Json) -> Json:
    """`{block_id: {action_id: state}}` of every input: what was given, else what it started with, else empty."""
    values: Json = {}
    for block_id, element in elements(blocks):
        kind, action_id = element["type"], element["action_id"]
        if kind not in STATE_FIELDS:
            continue
        field, initial = STATE_FIELDS[kind]
        entered = given.get(block_id, {}).get(action_id)
        if entered is None:
            empty = [] if field.endswith("s") else None
            entered = {field: element.get(initial, empty) if initial else empty}
        if entered.get(field) == "":
            entered = entered | {field: None}  # Slack sends null for an input that was cleared
        values.setdefault(block_id, {})[action_id] = entered | {"type": kind}
    return values


def input_errors(blocks: list[Json], values: Json) -> dict[str, str]:
    """`{block_id: sentence}` for what Slack's client would not let through, so that the bot never sees it."""
    errors: dict[str, str] = {}
    for block in blocks:
        element = block.get("element", {})
        if block.get("type") != "input" or element.get("type") not in STATE_FIELDS:
            continue
        field, _ = STATE_FIELDS[element["type"]]
        value = values.get(block["block_id"], {}).get(element["action_id"], {}).get(field)
        if value in (None, []):
            if not block.get("optional"):
                errors[block["block_id"]] = REQUIRED
        elif check := _CHECKS.get(element["type"]):
            sentence = check(element, value) if isinstance(value, str) else "This value has to be sent as text."
            errors |= {block["block_id"]: sentence} if sentence else {}
    return errors


def _text_problem(element: Json, value: str) -> str | None:
    if len(value) < (least := element.get("min_length", 0)):
        return f"Please use at least {least} characters."
    if len(value) > (most := element.get("max_length", 3000)):
        return f"Please use no more than {most} characters."
    return None


def _number_problem(element: Json, value: str) -> str | None:
    pattern = r"-?\d+(\.\d+)?" if element.get("is_decimal_allowed") else r"-?\d+"
    if not re.fullmatch(pattern, value):
        return "Please enter a number." if element.get("is_decimal_allowed") else "Please enter a whole number."
    if "min_value" in element and float(value) < float(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and float(value) > float(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None


def _email_problem(element: Json, value: str) -> str | None:
    return None if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value) else "Please enter a valid email address."


def _url_problem(element: Json, value: str) -> str | None:
    return None if re.match(r"https?://\S+", value) else "Please enter a valid URL."


_CHECKS: dict[str, Callable[[Json, str], str | None]] = {
    "plain_text_input": _text_problem,
    "number_input": _number_problem,
    "email_text_input": _email_problem,
    "url_text_input": _url_problem,
}
