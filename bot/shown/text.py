"""Text that came from a model, a tool or a person, made safe to show in Slack.

Arguments go into `preformatted` or `plain_text`, which Slack never parses. Only what must stand inside formatted text
goes through `escape` (mrkdwn) or `reply_markdown` (an assistant's reply). Shorten first, escape afterwards: a cut could
split an entity. Both functions stop Slack's `<…>` tokens; bare `@here` and `#general` are mere words as long as
`link_names` is unset and mrkdwn objects are `verbatim` (see `mrkdwn`).
"""

import re
import unicodedata
from typing import Any

Block = dict[str, Any]
"""A Block Kit block, element or object as it goes over the wire."""

TEXT_LIMIT = 3000
"""Characters in one text object (Block Kit, text object)."""

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Drawn as nothing although their category says letter, mark or symbol (Unicode's Default_Ignorable_Code_Point, and the
# blank Braille cell).
_HIDDEN_RANGES = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xE0100, 0xE01EF),
)
_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"
_KEYCAP = "\u20e3"
_ALSO_EMOJI = frozenset("‼⁉ℹ↔◻◼◽◾⤴⤵〰〽")  # emoji whose category is not "other symbol"
_SKIN_TONES = range(0x1F3FB, 0x1F400)

_PLAIN = re.compile(r"[\n\t\x20-\x7e]*")
"""What nearly every text is: nothing in it can be hidden."""

_QUOTE_MARKS = re.compile(r"[ \t]*(?:>[ \t]?)*")
# `]: ` before something that could be an address: a reference definition, which gives a link elsewhere a false label.
_REFERENCE = re.compile(r"\]:(?=\s*[^\s\]]*[/&\\@])")


def escape(text: str, limit: int | None = None) -> str:
    """`text` for use inside mrkdwn: no mention, broadcast, date or link in it can fire, and nothing in it is invisible.

    With `limit` (200 or more) the outcome has at most so many characters; what was cut is counted.

    Bold, italic and code marks stay, since mrkdwn has no way to escape them; text whose looks matter belongs in a block
    of its own. The three entities are all that Slack decodes (docs.slack.dev, "Formatting message text").
    """
    shown, _ = visible(text)
    if limit is None:
        return _entities(shown)
    kept = limit
    while len(escaped := _entities(shorten(shown, kept))) > limit:
        kept = max(40, kept - (len(escaped) - limit + 4) // 5)  # an entity has at most 5 characters
    return escaped


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def reply_markdown(text: str) -> str:
    """An assistant's Markdown for a `markdown` block or `markdown_text`, with its formatting and without its tokens.

    Headings, lists, tables, code, emphasis and quotes stay. A link shows its address beside its label, so that no label
    can hide where it leads. `&` stays: Slack decodes entities for display only, and not at all inside an address.
    A stream is passed in whole lines, never in smaller pieces: half a link escapes notice.
    """
    unlinked = text.replace("](", "] (")
    lines = [_escape_line(line) for line in unlinked.split("\n")]
    return _REFERENCE.sub("] :", "\n".join(lines))


def _escape_line(line: str) -> str:
    quote = _QUOTE_MARKS.match(line)
    marks = quote.group() if quote else ""
    return marks + line[len(marks) :].replace("<", "&lt;").replace(">", "&gt;")


def visible(text: str) -> tuple[str, bool]:
    """`text` with every invisible, bidi and control character written as `\\u{…}`, and whether there was one.

    Newline and tab stay, and so do the joiners that hold an emoji together. A `\\u{` that stands in the text itself is
    shown as `\\u{5c}u{`, so that two different texts never look the same.
    """
    if _PLAIN.fullmatch(text) and "\\u{" not in text:
        return text, False
    pieces: list[str] = []
    found = False
    for index, character in enumerate(text):
        if _is_hidden(text, index):
            pieces.append(f"\\u{{{ord(character):x}}}")
            found = True
        elif character == "\\" and text.startswith("u{", index + 1):
            pieces.append("\\u{5c}")
        else:
            pieces.append(character)
    return "".join(pieces), found


def _is_hidden(text: str, index: int) -> bool:
    character = text[index]
    if character in "\n\t":
        return False
    if unicodedata.category(character) not in _HIDDEN_CATEGORIES and not any(
        first <= ord(character) <= last for first, last in _HIDDEN_RANGES
    ):
        return False
    return not _belongs_to_emoji(text, index)


def _belongs_to_emoji(text: str, index: int) -> bool:
    following = text[index + 1 : index + 2]
    before = text[:index][-3:]
    if text[index] == _EMOJI_STYLE:
        return following == _KEYCAP or _is_pictograph(before[-1:]) or before[-1:] in _ALSO_EMOJI
    if text[index] == _JOINER:
        bare = before.rstrip(_EMOJI_STYLE)
        if bare and ord(bare[-1]) in _SKIN_TONES:
            bare = bare[:-1]
        return _is_pictograph(bare[-1:]) and _is_pictograph(following)
    return False


def _is_pictograph(character: str) -> bool:
    return character != "" and character != "\u2800" and unicodedata.category(character) == "So"


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


def plain_text(text: str, limit: int = TEXT_LIMIT) -> Block:
    """A `plain_text` object: never parsed, invisible characters shown, emoji codes left as written.

    An empty text reads `(empty)`, since Slack refuses an empty object.
    """
    shown, _ = visible(text)
    return {"type": "plain_text", "text": shorten(shown, limit) or "(empty)", "emoji": False}


def mrkdwn(text: str) -> Block:
    """A mrkdwn object around text that is already safe: ours, with foreign parts through `escape`.

    `verbatim` keeps Slack from turning bare addresses, channel names and mentions in it into links.
    """
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def preformatted(text: str, limit: int | None = None) -> Block:
    """A `rich_text` block with `text` in a fixed-width box: the place for untrusted arguments, never parsed.

    Invisible characters are shown; whether there were any is `visible`'s second answer. With `limit` it shows at most
    so many characters, and counts what was cut.
    """
    shown, _ = visible(text)
    content = {"type": "text", "text": (shown if limit is None else shorten(shown, limit)) or "(empty)"}
    return {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [content]}]}
