"""The standard for what people see, and all that the local Slack refuses: for whoever has what is shown at hand."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.demo.workspace.blocks import limits
from tests.support import standard
from tests.support.standard import Block, lines, nodes, read, sentence

__all__ = ["lines", "message", "nodes", "read", "sentence", "view"]


def message(
    text: str,
    blocks: Sequence[Block],
    *,
    first_line: str | None = None,
    told: str | None = None,
    functions: Collection[str] = (),
) -> list[str]:
    """What is wrong with a message: see `standard.message`."""
    found = standard.message(text, blocks, first_line=first_line, told=told, functions=functions)
    return [*limits.message_problems(list(blocks)), *found]


def view(shown: Block, *, functions: Collection[str] = ()) -> list[str]:
    """What is wrong with a modal or with Home: see `standard.view`."""
    return [*limits.view_problems(dict(shown)), *standard.view(shown, functions=functions)]
