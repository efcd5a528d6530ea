"""A value in writing: JSON, or a text as it is where it can be taken for nothing else.

What cannot be seen is escaped; spaces and line ends that could push other things away are counted: `{␣ × 60}`. Two
different values are never written alike: what is written can be read back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from bot.shown import characters
from bot.shown.characters import escaped, visible

LEFT_OUT = object()
"""In the place of a value that is not there before or after an edit."""

SHORT = 100
"""Characters of a value that stands in one line with its name."""

_SAMPLE = 200
_LEFT_OUT = "(left out)"
_LOOKS_LIKE_JSON = re.compile(r"[\"\[{]|(?:true|false|null|none|nan|-?inf(?:inity)?)$|.*[→·]|.*: |.*:$", re.IGNORECASE)
_PLAIN_WORDS = re.compile(r"[\w .@/+-]*")
_SPACES = re.compile(r" {2,}")
_LONG_SPACES = re.compile(r"(?<=[^ \n]) {9,}| {33,}| +$", re.MULTILINE)
_BLANK_LINES = re.compile(r"^\{(␣ × \d+)\}\n(?:\{\1\}\n){2,}", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\A\n+|\n{4,}|\n+\Z")


@dataclass(frozen=True)
class Value:
    """A value in writing: in one line, or as the lines of a box. `kind` says what is in the box; of one that is cut,
    `tail` is its end and `missing` the number of characters between.
    """

    text: str
    kind: str = ""
    tail: str = ""
    missing: int = 0
    has_escapes: bool = False

    @property
    def length(self) -> int:
        return len(self.text) + len(self.tail) + len(self.kind) + 40

    @property
    def height(self) -> int:
        """Lines of its box, as far as it has line ends of its own."""
        return self.text.count("\n") + self.tail.count("\n") + 1 if self.kind else 0


def is_usual(value: object) -> bool:
    """Whether each letter in it is composed as is usual: two that differ only there are written alike."""
    return value is LEFT_OUT or characters.is_usual(json.dumps(value, ensure_ascii=False))


def write(value: object, room: int, *, in_quotes: bool = False) -> Value:
    """A value in at most about `room` characters; a text that stands in one line `in_quotes`, if need be."""
    if value is LEFT_OUT:
        return Value(_LEFT_OUT)
    if isinstance(value, str):
        return _text(value, room, in_quotes)
    compact = json.dumps(value, ensure_ascii=False)
    if len(compact) <= SHORT:
        text, has_escapes = _json(value, None)
        return Value(text, has_escapes=has_escapes)
    kind = f"{_KINDS.get(type(value), 'number')} of {len(compact)} characters"
    if len(compact) > 2 * room:
        return _cut(compact, kind, room)
    text, has_escapes = _json(value, 0)
    return Value(text, kind, has_escapes=has_escapes) if len(text) <= room else _cut(compact, kind, room)


_KINDS: dict[type, str] = {list: "list", dict: "object"}


def _text(value: str, room: int, in_quotes: bool) -> Value:
    if len(value) <= SHORT and "\n" not in value:
        text, has_escapes = quoted(value) if in_quotes else _short(value)
        return Value(text, has_escapes=has_escapes)
    lines = value.count("\n") + 1
    kind = f"text of {lines} lines" if lines > 1 else f"text of {len(value)} characters"
    if "\r\n" in value and value.count("\r\n") == lines - 1:
        kind += ", which end with CRLF"
        value = value.replace("\r\n", "\n")
    if len(value) > 2 * room:
        return _cut(value, kind, room)
    text, has_escapes = _lines(value)
    return Value(text, kind, has_escapes=has_escapes) if len(text) <= room else _cut(value, kind, room)


def _cut(value: str, kind: str, room: int) -> Value:
    """The head and the tail of a text."""
    sample = value[:_SAMPLE] + value[-_SAMPLE:]
    growth = max(1.0, len(_lines(sample)[0]) / len(sample))  # how much longer it is in writing
    head, tail = min(int(room * 0.75 / growth), len(value)), max(int(room * 0.25 / growth), 1)
    while len(_lines(value[:head])[0]) > room * 3 // 4 and head > 1:
        head = head * 2 // 3
    while len(_lines(value[-tail:])[0]) > room // 4 and tail > 1:
        tail = tail * 2 // 3
    head = min(head, len(value) - tail)
    (first, one), (last, other) = _lines(value[:head]), _lines(value[len(value) - tail :])
    return Value(first, kind, last, max(len(value) - head - tail, 1), one or other)


def _short(value: str) -> tuple[str, bool]:
    """A text in one line, quoted where it could be taken for something else; and whether something is escaped in it."""
    return quoted(value) if _is_ambiguous(value) else _marked(*visible(value))


def is_scalar(word: str) -> bool:
    """Whether a word could be a value that is no text."""
    return word.lower() in ("true", "false", "null") or _is_number(word)


def _is_ambiguous(value: str) -> bool:
    if not value or value != value.strip() or "  " in value or "\t" in value or value == _LEFT_OUT:
        return True
    return _LOOKS_LIKE_JSON.match(value) is not None or _is_number(value)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def quoted(value: str) -> tuple[str, bool]:
    """A text as JSON writes it, in one line."""
    text, has_escapes = _marked(*visible(json.dumps(value, ensure_ascii=False)))
    return _SPACES.sub(lambda run: f"{{␣ × {len(run.group())}}}", text), has_escapes


def _marked(text: str, has_escapes: bool) -> tuple[str, bool]:
    """Our own marks for spaces and line ends stand for nothing else."""
    return text.replace("␣", escaped("␣")).replace("⏎", escaped("⏎")), has_escapes or "␣" in text or "⏎" in text


def _lines(value: str) -> tuple[str, bool]:
    """A text line by line: what could push other lines away, or cannot be seen at an end, is counted."""
    text, has_escapes = _marked(*visible(value))
    if "\t" in text or "\r" in text:
        text, has_escapes = text.replace("\t", escaped("\t")).replace("\r", escaped("\r")), True
    text = _LONG_SPACES.sub(lambda run: f"{{␣ × {len(run.group())}}}", text)
    text = _BLANK_LINES.sub(lambda run: f"{{{run[1]}, ⏎ × {run.group().count(chr(10))}}}\n", text)
    return _EMPTY_LINES.sub(_counted, text), has_escapes


def _counted(run: re.Match[str]) -> str:
    """Empty lines in one line that says how many there are; three line ends between lines are two empty lines."""
    is_first, is_last = run.start() == 0, run.end() == len(run.string)
    count = len(run.group()) - (0 if is_first or is_last else 1)
    return f"{'' if is_first else chr(10)}{{⏎ × {count}}}{'' if is_last else chr(10)}"


def _json(value: object, level: int | None) -> tuple[str, bool]:
    """A value as readable JSON, and whether something is escaped in it; in one line where there is no `level`."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        items = [_json(item, _inner(level)) for item in cast("list[object]", value)]
        return _bracketed("[", [text for text, _ in items], "]", level), any(hidden for _, hidden in items)
    if isinstance(value, dict):
        found = cast("dict[str, object]", value)
        entries = [(quoted(name), _json(each, _inner(level))) for name, each in found.items()]
        texts = [f"{name}: {text}" for (name, _), (text, _) in entries]
        return _bracketed("{", texts, "}", level), any(one or other for (_, one), (_, other) in entries)
    return json.dumps(value), False


def _inner(level: int | None) -> int | None:
    return None if level is None else level + 1


def _bracketed(opening: str, texts: Sequence[str], closing: str, level: int | None) -> str:
    if level is None or not texts:
        return f"{opening}{', '.join(texts)}{closing}"
    inside = "\n" + "  " * (level + 1)
    return f"{opening}{inside}{f',{inside}'.join(texts)}\n{'  ' * level}{closing}"


def in_line(value: object, limit: int, *, in_quotes: bool = False) -> str:
    """A value in a line of several, a text `in_quotes` if need be; over `limit` characters where it has more."""
    if isinstance(value, str):
        is_plain = len(value) <= SHORT and not in_quotes and _PLAIN_WORDS.fullmatch(value)
        return _short(value)[0] if is_plain else quoted(value[: limit + 1])[0]
    compact = json.dumps(value, ensure_ascii=False)
    return _json(value, None)[0] if len(compact) <= limit else compact[: limit + 1]
