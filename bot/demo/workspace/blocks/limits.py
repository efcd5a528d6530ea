"""What Slack refuses: blocks and views against the tables of `block_kit`, and the rules that reach across fields."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from bot.demo.workspace.blocks import block_kit
from bot.demo.workspace.blocks.ids import elements, options, with_ids
from bot.demo.workspace.blocks.shapes import check, problem

Json = dict[str, Any]

TEXT_LENGTH = 40_000
"""Characters of a message's `text`; more is `msg_too_long`."""

MARKDOWN_LENGTH = 12_000
"""Characters of `markdown_text`, and of all markdown blocks of a message together."""

BLOCKS_LENGTH = 13_200
"""Characters of text in all blocks of a message; more is `msg_blocks_too_long` (measured, bolt-js #2509)."""


def message_problems(blocks: list[Any]) -> list[str]:
    """Why Slack would refuse these blocks in a message (`invalid_blocks`); empty when it would take them."""
    problems = list(check(blocks, block_kit.MESSAGE, "/blocks"))
    if problems:
        return problems
    problems = list(_across(blocks, "/blocks"))
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown > MARKDOWN_LENGTH:
        problems.append(problem(f"markdown blocks must be less than {MARKDOWN_LENGTH + 1} characters", "/blocks"))
    return problems


def view_problems(view: Json) -> list[str]:
    """Why Slack would refuse this view (`invalid_arguments`); empty when it would take it."""
    if view.get("type") not in ("modal", "home"):
        return [problem("must be a valid enum value: modal, home", "/view/type")]
    shape = block_kit.MODAL if view["type"] == "modal" else block_kit.HOME
    problems = list(check(view, shape, "/view"))
    if problems:
        return problems
    problems = list(_across(view["blocks"], "/view/blocks"))
    has_input = any(block["type"] == "input" for block in view["blocks"])
    if has_input and view["type"] == "modal" and not view.get("submit"):
        problems.append(problem("missing required field: submit", "/view"))
    return problems


def blocks_length(blocks: list[Json]) -> int:
    """Characters of text in the blocks, however deep."""
    return sum(_texts(block) for block in blocks)


def _texts(node: Any) -> int:
    if isinstance(node, list):
        return sum(_texts(each) for each in node)
    if not isinstance(node, dict):
        return 0
    return sum(
        len(value) if name == "text" and isinstance(value, str) else _texts(value) for name, value in node.items()
    )


def _across(blocks: list[Json], pointer: str) -> Iterator[str]:
    """The rules that one field cannot show: what is there twice, defaults that cannot be."""
    seen: set[str] = set()
    identified = with_ids(blocks)
    if sum(bool(element.get("focus_on_load")) for _, element in elements(identified)) > 1:
        yield problem("only one element can have focus_on_load", pointer)
    for index, block in enumerate(identified):
        here = f"{pointer}/{index}"
        if block["block_id"] in seen:
            yield problem("block_id already exists", f"{here}/block_id")
        seen.add(block["block_id"])
        if block["type"] == "section" and not block.get("text") and not block.get("fields"):
            yield problem("missing required field: text", here)
        inside = list(elements([block]))
        counts = Counter((block_id, element["action_id"]) for block_id, element in inside)
        for (_, action_id), count in counts.items():
            if count > 1:
                yield problem(f"action_id {action_id!r} already exists", here)
        for _, element in inside:
            yield from _impossible_default(element, here)


def _impossible_default(element: Json, pointer: str) -> Iterator[str]:
    """A default that the person could not have entered, or chosen."""
    initial = element.get("initial_value")
    if element["type"] == "plain_text_input" and initial:
        most, least = element.get("max_length", 3000), element.get("min_length", 0)
        if len(initial) > most:
            yield problem(f"must be less than {most + 1} characters", f"{pointer}/element/initial_value")
        if len(initial) < least:
            yield problem(f"must be more than {least - 1} characters", f"{pointer}/element/initial_value")
    offered = list(options(element))
    if not offered and element["type"] in ("static_select", "multi_static_select"):
        yield problem("missing required field: options", f"{pointer}/element")
    chosen = [element["initial_option"]] if element.get("initial_option") else element.get("initial_options", [])
    if offered and any(option not in offered for option in chosen):
        yield problem("initial option must exactly match one of the options", f"{pointer}/element/initial_option")
