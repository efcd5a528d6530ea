"""A message in plainer forms, for a Slack that does not take it as it is. Pure.

First the same words and buttons in the simplest blocks. Then a sentence that says what could not be shown: what an
approval would run is not to be seen there, so only buttons that let nothing run are left. At last that sentence alone.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from bot.shown import cards
from bot.shown.cards import Shown
from bot.shown.text import TEXT_LIMIT, Block, escape_visible, mrkdwn, plain_visible, shorten

HARMLESS = frozenset({cards.REJECT, cards.GIVE_UP, cards.RETRY})
"""Buttons that may stand where nobody sees what they are about."""

BLOCKS_LIMIT = 50
WORDS_LIMIT = 200
LINE_LIMIT = 2900
"""Characters of a line in a box, which has a mark before each."""


def forms(shown: Shown) -> Iterator[Shown]:
    """The message as it is, then each plainer form, the fullest first."""
    yield shown
    plain = tuple(block for each in shown.blocks for block in _plain(each))
    if 0 < len(plain) <= BLOCKS_LIMIT and plain != shown.blocks:
        yield Shown(shorten(shown.text, TEXT_LIMIT), plain)
    said = f"{shorten(shown.text, WORDS_LIMIT)}\n(Slack did not take this message, so the whole is not shown here.)"
    if kept := _harmless(shown.blocks):
        is_less = sum(map(_buttons, kept)) < sum(map(_buttons, shown.blocks))
        why = "\nNobody can approve what is not shown." if is_less else ""
        text = plain_visible(f"⚠ {html.unescape(said)}{why}")
        yield Shown(said, ({"type": "section", "text": text}, *kept))
    yield Shown(said, ())


def can_be_decided(shown: Shown) -> bool:
    """Whether it has buttons."""
    return any(block["type"] == "actions" for block in shown.blocks)


def _buttons(block: Block) -> int:
    return len(block["elements"]) if block["type"] == "actions" else 0


def _plain(block: Block) -> Iterator[Block]:
    match block:
        case {"type": "actions", "elements": elements}:
            bare = [{key: value for key, value in each.items() if key not in ("style", "confirm")} for each in elements]
            yield {**block, "elements": bare}
        case {"type": "markdown", "text": str(text)}:
            yield from _sections(text)
        case {"type": "context_actions"}:
            return  # whether it helped can be left unsaid
        case {"type": "task_card", "title": str(title)}:
            yield {"type": "section", "text": plain_visible(title)}
        case {"type": "section", "text": {"type": "mrkdwn"} as text}:
            yield {"type": "section", "text": text}
        case {"type": "context", "elements": elements}:
            yield from ({"type": "section", "text": each} for each in elements if "text" in each)
        case {"type": "rich_text", "elements": list(parts)}:
            for has_tokens, group in groupby(parts, _has_tokens):  # pyright: ignore[reportUnknownArgumentType]
                if has_tokens:
                    text = "\n".join(_formatted(part) for part in group)
                    yield {"type": "section", "text": mrkdwn(text[:TEXT_LIMIT])}
                else:
                    yield from _sections("\n".join(map(_boxed, group)).strip("\n"))
        case _:
            yield block


def _has_tokens(part: Block) -> bool:
    """Whether it names people, or times, which only formatted text can."""
    return any(_token(each) is not None for each in part.get("elements", ()))


def _token(element: Block) -> str | None:
    match element:
        case {"type": "user", "user_id": user}:
            return f"<@{user}>"
        case {"type": "date", "timestamp": at, "format": form, "fallback": said}:
            return f"<!date^{at}^{form}|{said}>"
        case _:
            return None


def _boxed(part: Block) -> str:
    """What a part says. A box stays one: no line in it can pass for one outside."""
    text = "".join(_words(part))
    if part["type"] not in ("rich_text_preformatted", "rich_text_quote"):
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(["┌", *(piece for line in lines for piece in _pieces(line)), "└"])


def _pieces(line: str) -> Iterator[str]:
    """A line of a box; one that is longer than a section goes on below."""
    for start in range(0, max(len(line), 1), LINE_LIMIT):
        yield f"{'┊' if start else '│'} {line[start : start + LINE_LIMIT]}"


def _formatted(part: Block) -> str:
    """Where people are named: marks in the words beside it may format them, and nothing in them can fire."""
    return "".join(_token(each) or escape_visible("".join(_words(each))) for each in part["elements"])


def _sections(text: str) -> Iterator[Block]:
    """The text whole, in as many sections as it takes; cut between lines, so that none begins in a box unmarked."""
    while text.strip():
        end = len(text) if len(text) <= TEXT_LIMIT else text.rfind("\n", 0, TEXT_LIMIT) + 1 or TEXT_LIMIT
        if text[:end].strip():
            yield {"type": "section", "text": plain_visible(text[:end])}
        text = text[end:]


def _words(part: Any) -> Iterator[str]:
    """What an element of a rich text says."""
    match part:
        case {"type": "link", "url": str(url), **rest}:
            yield f"{rest.get('text', '')} {url}".strip()
        case {"text": str(text)}:
            yield text
        case {"elements": list(elements), **rest}:
            if rest.get("type") == "rich_text_list":
                yield "\n".join("".join(_words(each)) for each in elements)  # pyright: ignore[reportUnknownVariableType]
            else:
                for each in elements:  # pyright: ignore[reportUnknownVariableType]
                    yield from _words(each)
        case _:
            return


def _harmless(blocks: Sequence[Block]) -> list[Block]:
    """The buttons that let nothing run, where they stand."""
    groups = [block for block in blocks if block["type"] == "actions"]
    kept = [[each for each in block["elements"] if each["action_id"] in HARMLESS] for block in groups]
    return [{**block, "elements": elements} for block, elements in zip(groups, kept, strict=True) if elements]
