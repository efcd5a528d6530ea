"""A reply that is too long for one message, cut into several: where nothing that belongs together is torn."""

import re
import unicodedata
from collections.abc import Iterator

from bot.shown.markdown import reply_markdown

_ANY_FENCE = re.compile(r"([ \t>]*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)?)(`{3,}|~{3,})(.*)")
_INLINE = re.compile(r"`[^`\n]{0,1000}`|!?\[[^\]\n]{0,200}\]\([^)\n]{0,1000}\)|<[^>\n]{0,1000}>")
_ITEM = re.compile(r"[^\s>]")
_JOINED = "\u200d\ufe0e\ufe0f"
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_LONGEST_CHARACTER = 40
_LONGEST_INFO = 60
_LONGEST_RUN = 12_000  # flags in a row, of two letters each


def parts(text: str, limit: int, most: int) -> Iterator[str]:
    """The text in parts, each of which is at most `limit` characters long as Markdown that is safe: cut between
    paragraphs, lines or words. A fence that is cut is closed, and begun again in the next part.

    After `most` parts the rest is left out, and counted.
    """
    begin, opened = 0, ""
    for number in range(1, most + 1):
        end = begin + _room(text, begin, opened, limit)
        if end < len(text):
            end = _cut(text, begin, end)
        part = opened + text[begin:end]
        begin, fence = end, _open_fence(part)
        if not text[begin:].strip():
            if part.strip():
                yield part
            return
        opened = closing = ""
        if fence is not None:
            opened = fence.group(1) + fence.group(2) + fence.group(3)[:_LONGEST_INFO] + "\n"
            closing = ("" if part.endswith("\n") else "\n") + _ITEM.sub(" ", fence.group(1)) + fence.group(2)
        more = f"\n\n… (+{len(text) - begin} characters)" if number == most else ""
        yield part + closing + more


def _room(text: str, begin: int, opened: str, limit: int) -> int:
    """How many characters fit into a part."""
    count = min(len(text) - begin, limit - len(opened))
    while count > 1 and len(reply_markdown(opened + text[begin : begin + count])) > limit:
        count = count * 2 // 3
    return max(count, 1)


def _cut(text: str, begin: int, end: int) -> int:
    """Where to cut before `end`: not in the first half, as long as there is a place."""
    half = (begin + end) // 2
    for mark in ("\n\n", "\n"):
        if (at := text.rfind(mark, half, end)) >= 0:
            return at + len(mark)
    line = max(text.rfind("\n", begin, end) + 1, begin)
    whole = [range(found.start(), found.end()) for found in _INLINE.finditer(text, line, end + 1000)]
    at = end
    while (at := text.rfind(" ", half, at)) >= 0:
        if not any(at in each for each in whole):
            return at + 1
    at = end
    while at > max(half, end - _LONGEST_CHARACTER) and _goes_on(text, at):
        at -= 1
    return at if not _goes_on(text, at) else end


def _goes_on(text: str, at: int) -> bool:
    """Whether what looks like one character is cut there."""
    before, after = text[at - 1], text[at]
    letters = text[max(0, at - _LONGEST_RUN) : at] if after in _FLAG_LETTERS else ""
    is_flag = (len(letters) - len(letters.rstrip(_FLAG_LETTERS))) % 2 == 1
    is_tag = "\U000e0020" <= after <= "\U000e007f"
    is_tone = "\U0001f3fb" <= after <= "\U0001f3ff"
    return is_flag or is_tag or is_tone or after in _JOINED or before == "\u200d" or _is_mark(after)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Mc", "Me", "Cs")


def _open_fence(text: str) -> re.Match[str] | None:
    """The line that began the fence in which the text ends."""
    opened: re.Match[str] | None = None
    for line in text.split("\n"):
        found = _ANY_FENCE.fullmatch(line)
        if found is None:
            continue
        marks, info = found.group(2), found.group(3)
        if opened is None:
            if marks[0] == "~" or "`" not in info:
                opened = found
        elif marks.startswith(opened.group(2)) and not info.strip():
            opened = None
    return opened
