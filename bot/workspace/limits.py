"""Slack's limits."""

from typing import Any

Json = dict[str, Any]


def view_problems(view: Json) -> list[str]:
    return []


def message_problems(blocks: list[Json]) -> list[str]:
    return []


TEXT_LENGTH = 40_000
MARKDOWN_LENGTH = 12_000
MESSAGE_LENGTH = 13_200


def block_text_length(blocks):
    return 0
