"""Ids inside blocks: Slack gives one to whatever has none, and interactions find elements by them."""

import secrets
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

INTERACTIVE = frozenset(
    {
        "button",
        "checkboxes",
        "radio_buttons",
        "overflow",
        "static_select",
        "multi_static_select",
        "external_select",
        "multi_external_select",
        "users_select",
        "multi_users_select",
        "conversations_select",
        "multi_conversations_select",
        "channels_select",
        "multi_channels_select",
        "datepicker",
        "timepicker",
        "datetimepicker",
        "plain_text_input",
        "number_input",
        "email_text_input",
        "url_text_input",
        "rich_text_input",
        "file_input",
        "feedback_buttons",
        "icon_button",
        "workflow_button",
    }
)
"""Element types that have an `action_id`."""


def is_interactive(node: Json) -> bool:
    return isinstance(kind := node.get("type"), str) and kind in INTERACTIVE


def with_ids(blocks: list[Json]) -> list[Json]:
    """The blocks with a `block_id` and `action_id` wherever the sender gave none."""
    return [_with_ids(block, is_block=True) for block in blocks]


def _with_ids(node: Any, *, is_block: bool = False) -> Any:
    if isinstance(node, list):
        return [_with_ids(each) for each in node]
    if not isinstance(node, dict):
        return node
    filled = {name: _with_ids(value) for name, value in node.items()}
    if is_block:
        filled.setdefault("block_id", _short_id())
        if filled.get("type") == "container":
            filled["child_blocks"] = with_ids(node["child_blocks"])
    if is_interactive(node):
        filled.setdefault("action_id", _short_id())
    return filled


def elements(blocks: list[Json]) -> Iterator[tuple[str, Json]]:
    """Every interactive element with the id of the block it stands in."""
    for block in blocks:
        yield from _elements(block, block.get("block_id", ""))


def _elements(node: Any, block_id: str) -> Iterator[tuple[str, Json]]:
    if isinstance(node, list):
        for each in node:
            yield from _elements(each, block_id)
    elif isinstance(node, dict):
        block_id = node.get("block_id", block_id)
        if is_interactive(node) and isinstance(node.get("action_id"), str):
            yield block_id, node
        for value in node.values():
            yield from _elements(value, block_id)


def find_element(blocks: list[Json], block_id: str, action_id: str) -> Json | None:
    """The element that a click names."""
    found = (each for block, each in elements(blocks) if block == block_id and each["action_id"] == action_id)
    return next(found, None)


def options(element: Json) -> Iterator[Json]:
    """What a select, a list of checkboxes or a menu offers, groups unfolded."""
    yield from element.get("options", [])
    for group in element.get("option_groups", []):
        yield from group["options"]


def _short_id() -> str:
    return secrets.token_urlsafe(4)
