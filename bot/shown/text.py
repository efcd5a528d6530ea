"""Text that came from a model, a tool or a person, made safe to show in Slack.

It goes into `plain_text` or into elements of `rich_text`, which Slack never parses: no bold, no emoji code, no mention
and no link in it can fire. Only what must stand inside formatted text goes through `escape` (mrkdwn, and a message's
fallback text); an assistant's reply through `markdown.reply_markdown`. Bare `@here` and `#general` are mere words as
long as `link_names` is unset and mrkdwn objects are `verbatim` (see `mrkdwn`).

A text is cut before it is looked at character by character, so the work depends on the limit, not on the text.
"""

import bisect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bot.shown.characters import visible

Block = dict[str, Any]
"""A Block Kit block, element or object as it goes over the wire."""

TEXT_LIMIT = 3000
"""Characters in one text object (Block Kit, text object)."""

_SPACES = re.compile(r"\s+")
_TOKEN = re.compile(r"(<@[UW][A-Z0-9]+>|<!subteam\^S[A-Z0-9]+>|<!date\^\d+\^[^|<>]*\|[^|<>]*>)")


def escape(text: str, limit: int | None = None) -> str:
    """`text` for use inside mrkdwn: no mention, broadcast, date or link in it can fire, and nothing in it is invisible.

    With `limit` (200 or more) the outcome has at most so many characters; what was cut is counted.

    Bold, italic, emoji codes and code marks stay, since mrkdwn has no way to escape them: a foreign text on a card is
    `plain_text` or `rich`. The three entities are all that Slack decodes (docs.slack.dev, "Formatting message text").
    """
    return entities(visible(text)[0]) if limit is None else _fitted_entities(fitted, text, limit)


def escape_visible(text: str, limit: int | None = None) -> str:
    """`escape` for a text that went through `visible` already: a second time would escape the escapes."""
    return entities(text) if limit is None else _fitted_entities(shorten, text, limit)


def _fitted_entities(fit: Callable[[str, int], str], text: str, limit: int) -> str:
    kept = limit
    while len(escaped := entities(fit(text, kept))) > limit:
        kept = max(40, kept - (len(escaped) - limit + 4) // 5)  # an entity has at most 5 characters
    return escaped


def entities(text: str) -> str:
    """`text` with the three entities of Slack's."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shorten(text: str, limit: int) -> str:
    """`text` in at most `limit` characters; what was cut is counted: `… (+120 characters)`.

    Raises ValueError for a limit too small for that note (under 40).
    """
    if limit < 40:
        raise ValueError(f"expected a limit of at least 40 characters, got {limit!r}")
    if len(text) <= limit:
        return text
    kept = limit
    while kept + len(note := f"… (+{len(text) - kept} characters)") > limit:
        kept -= 1
    return text[:kept] + note


def fitted(text: str, limit: int) -> str:
    """`text` as `visible` shows it, in at most `limit` characters; how many characters of it were cut is counted.

    Raises ValueError for a limit under 40.
    """
    if limit < 40:
        raise ValueError(f"expected a limit of at least 40 characters, got {limit!r}")
    if len(text) <= limit and len(shown := visible(text)[0]) <= limit:
        return shown

    def cut(kept: int) -> str:
        return f"{visible(text[:kept])[0]}… (+{len(text) - kept} characters)"

    fits = bisect.bisect_right(range(min(limit, len(text))), limit, key=lambda kept: len(cut(kept)))
    return cut(max(0, fits - 1))


def one_line(text: str) -> str:
    """`text` in one line, for words of others that stand between our own: what would begin a new line, or push the rest
    away, is one space.
    """
    return _SPACES.sub(" ", text).strip()


def plain_text(text: str, limit: int = TEXT_LIMIT) -> Block:
    """A `plain_text` object: never parsed, invisible characters shown, emoji codes left as written.

    An empty text reads `(empty)`, since Slack refuses an empty object.
    """
    return {"type": "plain_text", "text": fitted(text, limit) or "(empty)", "emoji": False}


def plain_visible(text: str, limit: int = TEXT_LIMIT) -> Block:
    """`plain_text` for a text that went through `visible` already."""
    return {"type": "plain_text", "text": shorten(text, limit) or "(empty)", "emoji": False}


def mrkdwn(text: str) -> Block:
    """A mrkdwn object around text that is already safe: ours, with foreign parts through `escape`.

    `verbatim` keeps Slack from turning bare addresses, channel names and mentions in it into links.
    """
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def context(*elements: Block) -> Block:
    """A block of small print: `plain_text` and `mrkdwn` objects."""
    return {"type": "context", "elements": list(elements)}


def box(text: str) -> Block:
    """A part of a `rich_text` block: the text in a fixed-width box, the place for untrusted arguments, never parsed.

    It is as `visible` gives it, and not empty.
    """
    return {"type": "rich_text_preformatted", "elements": [words(text)]}


def quote(*elements: Block) -> Block:
    """A part of rich text that is marked, at each of its lines, as somebody's words."""
    return {"type": "rich_text_quote", "elements": list(elements)}


def words(text: str, *styles: str) -> Block:
    """An element of rich text that is never parsed. `text` is not empty, and shown as it is: see `visible`."""
    element: Block = {"type": "text", "text": text}
    return {**element, "style": dict.fromkeys(styles, True)} if styles else element


def person(user: str) -> Block:
    """An element of rich text that shows a person by name."""
    return {"type": "user", "user_id": user}


def section(*elements: Block) -> Block:
    """A part of rich text: elements in one line, or as many as they need."""
    return {"type": "rich_text_section", "elements": list(elements)}


def rich(*parts: Block) -> Block:
    """A `rich_text` block of these parts."""
    return {"type": "rich_text", "elements": list(parts)}


def length(blocks: Sequence[Block]) -> int:
    """Characters of text in these blocks, however deep."""
    return sum(_texts(block) for block in blocks)


def _texts(node: object) -> int:
    match node:
        case {"text": str(text)}:
            return len(text)
        case dict():
            return sum(map(_texts, node.values()))  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        case list() | tuple():
            return sum(map(_texts, node))  # pyright: ignore[reportUnknownArgumentType]
        case _:
            return 0


def unformatted(text: str) -> Block:
    """A `rich_text` block that reads as this mrkdwn, of which only people, groups and times count: no bold, no emoji
    code and no mark of a quote in it can fire. `text` is as for `mrkdwn`, and not empty.
    """
    parts = _TOKEN.split(text)  # text, token, text, token, …, text
    return rich(section(*(element for number, part in enumerate(parts) for element in _said(part, number % 2 == 1))))


def _said(part: str, is_token: bool) -> Iterator[Block]:
    if is_token:
        kind, *rest = part.strip("<>").split("^")
        match kind, rest:
            case "!subteam", [group]:
                yield {"type": "usergroup", "usergroup_id": group}
            case "!date", [seconds, form]:
                shown, _, fallback = form.partition("|")
                yield {"type": "date", "timestamp": int(seconds), "format": shown, "fallback": fallback}
            case _:
                yield person(kind.removeprefix("@"))
        return
    text = _characters(part)
    yield from (words(text[start : start + TEXT_LIMIT]) for start in range(0, len(text), TEXT_LIMIT))


def _characters(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
