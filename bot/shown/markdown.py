"""An assistant's Markdown, made safe for a `markdown` block or a stream.

No `<…>` token of Slack's fires, and no label hides where its link leads: `](` and a reference's `]:` are parted, so
that the address stands beside the label. Code stays as it is where every reader of Markdown takes it for code; where
readers differ (indented code, fences in lists and quotes), only what would lead somewhere is parted. Source of what
code is: CommonMark 0.31, "Code spans", "Fenced code blocks", "Links", "Link reference definitions"; GFM, "Tables".
"""

import copy
import re
from collections import deque
from collections.abc import Sequence
from enum import Enum

_LINE_END = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
_REORDERING = {code: f"\\u{{{code:x}}}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}

_QUOTE_MARKS = re.compile(r"[ \t]*(?:>[ \t]?)*")
_EMPHASIS = frozenset("*_~")
_LONGEST_WORD = 500
_LONGEST_ADDRESS = 200
_BLOCK_MARKS = re.compile(r"[ \t]*(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]*)*")
_LINK = re.compile(r"\](?=[(:])")
_TICKS = re.compile(r"`+")

_FENCE = re.compile(r"`{3,}[^`|]*")
_OTHER_FENCE = re.compile(r"[ \t]*(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]*)*(?:`{3,}[^`]*|~{3,}.*)")
_NEAR_FENCE = re.compile(r" {1,3}`{3,}\s*")
_INDENTED = re.compile(r" {4}| {0,3}\t")

# What follows `](` when a reader could make a link of it that leads somewhere: a scheme, a host, a path, an escape.
_LEADS = re.compile(r"[ \t]*(?:$|/|<?[a-zA-Z][a-zA-Z0-9+.-]*:|[^)]{0,200}(?://|[\\&@]|\w\.\w)|[^)]{200})")
# What follows `]:`: a word, of a bounded length, and the blanks after it.
_WORD = re.compile(r"[ \t]*(\S{0,201})([ \t]*)")
_OPENS, _CLOSES = re.compile(r"(?<!\\)\["), re.compile(r"(?<!\\)\]")


class _As(Enum):
    """How a piece of a line is taken."""

    TEXT = "text"
    CODE = "code"
    EITHER = "either"


def reply_markdown(text: str) -> str:
    """An assistant's Markdown with its formatting and without its tokens.

    Headings, lists, tables, code, emphasis and quotes stay. `&` stays: Slack decodes entities for display only, and not
    at all inside an address.
    """
    return Stream().piece(text, len(text))


def safe_end(text: str) -> int:
    """How far a text that still grows can be shown: whole lines, and words of a line in which nothing has begun that
    its rest could make something else of.
    """
    line = text.rfind("\n") + 1
    if any(mark in text[line:] for mark in "[]<`~\r"):
        return line
    return max(line, text.rfind(" ") + 1)


class Stream:
    """A reply that is shown while it grows. All its pieces together are what `reply_markdown` makes of the whole."""

    def __init__(self) -> None:
        self._lines = _Lines()
        self._begin = 0  # of the line that is not whole yet
        self._shown = 0  # characters of that line, as they were shown

    def piece(self, text: str, end: int) -> str:
        """What is shown next, so that `text[:end]` is shown: a safe end of it, or all of it."""
        pieces: list[str] = []
        for line_end in _LINE_END.finditer(text, self._begin, end):
            pieces.append(self._lines.safe(text[self._begin : line_end.start()])[self._shown :] + "\n")
            self._begin, self._shown = line_end.end(), 0
        begun = copy.copy(self._lines).safe(text[self._begin : end])
        pieces.append(begun[self._shown :])
        self._shown = len(begun)
        return "".join(pieces)


class _Lines:
    """Makes a text safe line by line; what a line is depends on those before it, never on those that follow."""

    def __init__(self) -> None:
        self._fence = 0  # how many backticks began the fence that we are in
        self._other_fence = False  # in one that stands in a list or quote, or is made of tildes
        self._has_other_fence = False  # there was one: a list or quote that ends may end it, so nobody knows
        self._has_open_tick = False  # a backtick of this paragraph has no partner yet
        self._differs = False  # readers differ about what the rest is

    def safe(self, line: str) -> str:
        """The line, without its end, as it may be shown."""
        taken, spans = self._take(line)
        label_end = _label_end(line)
        pieces: list[str] = []
        end = 0
        for link in _LINK.finditer(line):
            while spans and spans[0][1] <= link.start():
                spans.popleft()
            how = spans[0][2] if spans and spans[0][0] <= link.start() else taken
            if _hides(line, link.start(), how, label_end):
                pieces.append(line[end : link.end()] + " ")
                end = link.end()
        return _escaped("".join([*pieces, line[end:]]))

    def _take(self, line: str) -> tuple[_As, deque[tuple[int, int, _As]]]:
        """How a line is taken, and which spans of it otherwise."""
        if self._differs or self._fence or line.startswith("```"):
            return self._in_fence(line), deque()
        if _OTHER_FENCE.fullmatch(line):
            self._other_fence, self._has_open_tick = not self._other_fence, False
            self._has_other_fence = True
            return _As.EITHER, deque()
        if not line.strip():
            self._has_open_tick = False
            return _As.TEXT, deque()
        spans = self._spans(line)
        is_code = self._other_fence or _INDENTED.match(line)
        return (_As.EITHER, deque()) if is_code else (_As.TEXT, spans)

    def _in_fence(self, line: str) -> _As:
        """A line in a fence, or that begins or ends one."""
        marks = line.strip()
        if not self._fence:
            self._differs |= self._has_other_fence or not _FENCE.fullmatch(line)
            self._fence, self._has_open_tick = len(line) - len(line.lstrip("`")), False
        elif line.startswith("`" * self._fence) and not marks.strip("`"):
            self._fence = 0
        elif line.startswith("```") or _NEAR_FENCE.fullmatch(line):
            self._differs = True
        return _As.EITHER if self._differs else _As.CODE

    def _spans(self, line: str) -> deque[tuple[int, int, _As]]:
        """The code spans of a line of text. None once a backtick is in doubt, until the paragraph ends."""
        ticks = list(_TICKS.finditer(line))
        pairs, has_open_tick = _paired(ticks)
        has_long = any(len(each.group()) > 1 for each in ticks)  # not every reader knows such
        if self._has_open_tick or (has_long and has_open_tick) or "\\`" in line:
            self._has_open_tick = self._has_open_tick or bool(ticks)
            return deque()
        self._has_open_tick = has_open_tick
        spans: deque[tuple[int, int, _As]] = deque()
        open_labels, marks, end = 0, set[str](), 0
        for first, last in pairs:
            outside = line[end : first.start()]
            open_labels += outside.count("[") - outside.count("]")
            marks |= _EMPHASIS & set(outside)
            end = last.end()
            span = line[first.start() : end]
            # Not so surely code: a table's cell, or where an emphasis, a label or an address may end that began before.
            word = line[max(0, first.start() - _LONGEST_WORD) : first.start()].rpartition(" ")[2]
            differs = has_long or "|" in span or open_labels > 0 or marks & set(span) or "://" in word
            spans.append((first.start(), end, _As.EITHER if differs else _As.CODE))
        return spans


def _paired(ticks: Sequence[re.Match[str]]) -> tuple[list[tuple[re.Match[str], re.Match[str]]], bool]:
    """The backticks that begin and end each code span of a line, up to one that has no partner; and whether one has
    none.
    """
    places: dict[int, deque[int]] = {}
    for place, each in enumerate(ticks):
        places.setdefault(len(each.group()), deque()).append(place)
    pairs: list[tuple[re.Match[str], re.Match[str]]] = []
    first = 0
    while first < len(ticks):
        alike = places[len(ticks[first].group())]
        while alike and alike[0] <= first:
            alike.popleft()
        if not alike:
            return pairs, True
        pairs.append((ticks[first], ticks[alike[0]]))
        first = alike[0] + 1
    return pairs, False


def _label_end(line: str) -> int:
    """The last place of the line where a bracket can close the name of a reference: such a name begins a line, this
    one or one before, and has no bracket of its own.
    """
    closes = _CLOSES.search(line)
    end = closes.start() if closes is not None else len(line)
    marks = _BLOCK_MARKS.match(line)
    opens = _OPENS.search(line, marks.end() if marks is not None else 0)
    if opens is None or opens.start() > end or line.startswith("[", marks.end() if marks is not None else 0):
        return end
    return opens.start()


def _hides(line: str, at: int, how: _As, label_end: int) -> bool:
    """Whether the bracket that closes there could close the label of a link."""
    if how is _As.CODE:
        return False
    if line[at + 1] == "(":
        return how is _As.TEXT or _LEADS.match(line, at + 2) is not None
    return at <= label_end and _defines(line, at + 2)


def _defines(line: str, begin: int) -> bool:
    """Whether the rest of a line could say where a reference leads: an address alone or before a title, or nothing, as
    it may stand in the next line.
    """
    word = _WORD.match(line, begin)
    if word is None or not word[1] or len(word[1]) > _LONGEST_ADDRESS or word.end() == len(line):
        return True
    is_titled = bool(word[2]) and line[word.end()] in "\"'("
    return is_titled or any(mark in word[1] for mark in "/&\\@")


def _escaped(line: str) -> str:
    quote = _QUOTE_MARKS.match(line)
    marks = quote.group() if quote else ""
    return marks + line[len(marks) :].replace("<", "&lt;").replace(">", "&gt;").translate(_REORDERING)
