"""Arguments as a card shows them: two different calls never look alike.

A short value stands behind its name, in one line; a text that could be taken for another value, or for more than a
value, is quoted as JSON writes it. A longer one stands in a box of its own below its name, and boxes hold nothing else
then. So no value writes another one's line, or pushes it out of sight.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from bot.shown.characters import escaped, visible
from bot.shown.text import Block, section, words
from graphs.agent.canonical import digest

LEFT_OUT = object()
"""In the place of a value that is not there before or after an edit."""

SHORT = 100
"""Characters of a value that stands in one line with its name."""

LEAST = 80
"""Characters that are shown of each value, however many there are."""

MOST_NAMES = 40
"""Arguments that are shown one by one."""

_BESIDE = 150  # characters of what stands beside a value that is cut
_SAMPLE = 200
_LEFT_OUT = "(left out)"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_LOOKS_LIKE_JSON = re.compile(r"[\"\[{]|(?:true|false|null|none|nan|-?inf(?:inity)?)$|.*→|.*: |.*:$", re.IGNORECASE)
_PLAIN_WORDS = re.compile(r"[\w .@/+-]*")
_SPACES = re.compile(r" {2,}")
_LONG_SPACES = re.compile(r"(?<=[^ \n]) {9,}| {33,}| +$", re.MULTILINE)
_BLANK_LINES = re.compile(r"^\{(␠ × \d+)\}\n(?:\{\1\}\n){2,}", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\A\n+|\n{4,}|\n+\Z")


@dataclass(frozen=True)
class Written:
    """Arguments as parts of a `rich_text` block.

    `length` counts their characters. `is_whole`: nothing of them is cut. `notes` are sentences about how they are
    written.
    """

    parts: Sequence[Block]
    length: int
    is_whole: bool
    notes: Sequence[str]


@dataclass(frozen=True)
class _Value:
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


def written(args: Mapping[str, Any], edited: Mapping[str, Any], limit: int) -> Written:
    """These arguments, and where they were edited what took their place, in about `limit` characters.

    What does not fit is cut in the middle, with the number of characters that are missing, and the SHA-256 of the
    canonical JSON of all that would run.
    """
    names = list(dict.fromkeys([*args, *edited]))
    count = min(len(names), MOST_NAMES)
    while True:
        made = _written(names[:count], args, edited, limit)
        if made.length <= limit or count <= 1:
            break
        count //= 2
    if made.is_whole and count == len(names) and all(len(name) <= SHORT for name in names):
        return made
    more = f"{len(names) - count} more arguments. " if count < len(names) else ""
    whole = _whole(edited or args)
    said = section(words(f"{more}All of them: {len(whole)} bytes of JSON, SHA-256 {digest(whole)}"))
    return Written([*made.parts, said], made.length + 200, False, made.notes)


def _written(names: Sequence[str], args: Mapping[str, Any], edited: Mapping[str, Any], limit: int) -> Written:
    versions = {name: _versions(args.get(name, LEFT_OUT), edited.get(name, LEFT_OUT), edited) for name in names}
    sizes = [_value(each, limit).length + len(_name(name)) for name, both in versions.items() for each in both]
    room = limit if sum(sizes) <= limit else _share(sizes, limit)
    rows = [(_name(name), [_value(each, room) for each in both]) for name, both in versions.items()]
    made = [piece for _, pieces in rows for piece in pieces]
    if any(piece.kind for piece in made):
        parts = [part for name, pieces in rows for part in _rows(name, pieces)]
    else:
        parts = [_box("\n".join(_row(name, pieces) for name, pieces in rows))] if rows else []
    length = sum(len(element["text"]) for part in parts for element in part["elements"])
    return Written(parts, length, not any(value.missing for value in made), list(_notes(made)))


def _whole(args: Mapping[str, Any]) -> bytes:
    """Canonical JSON of arguments, also of such as could not be run."""
    return json.dumps(args, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(errors="surrogatepass")


def in_line(args: Mapping[str, Any], limit: int) -> str:
    """These arguments in one line of at most about `limit` characters; one that is cut ends with the SHA-256 of all."""
    line = ""
    for name, value in args.items():
        line += f"{', ' if line else ''}{_name(name)}: {value_in_line(value, limit)}"
        if len(line) > limit or len(name) > SHORT:
            return f"{line[:limit]}… (SHA-256 {digest(_whole(args))})"
    return line


def value_in_line(value: object, limit: int) -> str:
    """A value in a line of several; more than `limit` characters of one that has more."""
    if isinstance(value, str):
        is_plain = len(value) <= SHORT and _PLAIN_WORDS.fullmatch(value)
        return _short(value)[0] if is_plain else _quoted(value[: limit + 1])[0]
    compact = json.dumps(value, ensure_ascii=False)
    return _json(value, None)[0] if len(compact) <= limit else compact[: limit + 1]


def _versions(before: object, after: object, edited: Mapping[str, Any]) -> list[object]:
    """One value, or the two that differ."""
    return [before] if not edited or _same(before, after) else [before, after]


def _same(one: object, other: object) -> bool:
    """Whether they are the same JSON; `True == 1 == 1.0` in Python."""
    if one is LEFT_OUT or other is LEFT_OUT:
        return one is other
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _share(sizes: Sequence[int], limit: int) -> int:
    """How many characters each value may have, so that all fit: the small ones leave their room to the others."""
    left = limit
    for number, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - number)
        if size > share:
            return max(share - _BESIDE, LEAST)
        left -= size
    return limit


def _row(name: str, pieces: Sequence[_Value]) -> str:
    return f"{name}: {' → '.join(piece.text for piece in pieces)}"


def _rows(name: str, pieces: Sequence[_Value]) -> Iterator[Block]:
    if not any(piece.kind for piece in pieces):
        yield section(words(_row(name, pieces)))
        return
    for piece, when in zip(pieces, ("before, ", "after, ") if len(pieces) > 1 else ("",), strict=True):
        if not piece.kind:
            yield section(words(f"{name} ({when.rstrip(', ')}): {piece.text}"))
            continue
        yield section(words(f"{name} ({when}{piece.kind}):"))
        yield _box(piece.text)
        if piece.missing:
            yield section(words(f"({piece.missing} characters of {name} are left out here)"))
            yield _box(piece.tail)


def _box(text: str) -> Block:
    return {"type": "rich_text_preformatted", "elements": [words(text)]}


def _notes(values: Sequence[_Value]) -> Iterator[str]:
    if any(value.has_escapes for value in values):
        yield "Characters that cannot be seen, or look like a space, are written as \\u{…}."
    if any(mark in value.text + value.tail for value in values for mark in ("{␠ × ", "{⏎ × ")):
        yield "Repeated spaces and empty lines are counted: {␠ × 2}, {⏎ × 2}."


def _name(name: str) -> str:
    return name if _NAME.fullmatch(name) and len(name) <= SHORT else _quoted(name[:SHORT])[0]


def _value(value: object, room: int) -> _Value:
    """A value in at most about `room` characters."""
    if value is LEFT_OUT:
        return _Value(_LEFT_OUT)
    if isinstance(value, str):
        return _text(value, room)
    compact = json.dumps(value, ensure_ascii=False)
    if len(compact) <= SHORT:
        text, has_escapes = _json(value, None)
        return _Value(text, has_escapes=has_escapes)
    kind = f"{_KINDS.get(type(value), 'number')} of {len(compact)} characters"
    if len(compact) > 2 * room:
        return _cut(compact, kind, room)
    text, has_escapes = _json(value, 0)
    return _Value(text, kind, has_escapes=has_escapes) if len(text) <= room else _cut(compact, kind, room)


_KINDS: dict[type, str] = {list: "list", dict: "object"}


def _text(value: str, room: int) -> _Value:
    if len(value) <= SHORT and "\n" not in value:
        text, has_escapes = _short(value)
        return _Value(text, has_escapes=has_escapes)
    lines = value.count("\n") + 1
    kind = f"text of {lines} lines" if lines > 1 else f"text of {len(value)} characters"
    if "\r\n" in value and value.count("\r\n") == lines - 1:
        kind += ", which end with CRLF"
        value = value.replace("\r\n", "\n")
    if len(value) > 2 * room:
        return _cut(value, kind, room)
    text, has_escapes = _lines(value)
    return _Value(text, kind, has_escapes=has_escapes) if len(text) <= room else _cut(value, kind, room)


def _cut(value: str, kind: str, room: int) -> _Value:
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
    return _Value(first, kind, last, max(len(value) - head - tail, 1), one or other)


def _short(value: str) -> tuple[str, bool]:
    """A text in one line, quoted where it could be taken for something else; and whether something is escaped in it."""
    return _quoted(value) if _is_ambiguous(value) else _marked(*visible(value))


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


def _quoted(value: str) -> tuple[str, bool]:
    """A text as JSON writes it, in one line."""
    text, has_escapes = _marked(*visible(json.dumps(value, ensure_ascii=False)))
    return _SPACES.sub(lambda run: f"{{␠ × {len(run.group())}}}", text), has_escapes


def _marked(text: str, has_escapes: bool) -> tuple[str, bool]:
    """Our own marks for spaces and line ends stand for nothing else."""
    return text.replace("␠", escaped("␠")).replace("⏎", escaped("⏎")), has_escapes or "␠" in text or "⏎" in text


def _lines(value: str) -> tuple[str, bool]:
    """A text line by line: what could push other lines away, or cannot be seen at an end, is counted."""
    text, has_escapes = _marked(*visible(value))
    if "\t" in text or "\r" in text:
        text, has_escapes = text.replace("\t", escaped("\t")).replace("\r", escaped("\r")), True
    text = _LONG_SPACES.sub(lambda run: f"{{␠ × {len(run.group())}}}", text)
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
        return _quoted(value)
    if isinstance(value, list):
        items = [_json(item, _inner(level)) for item in cast("list[object]", value)]
        return _bracketed("[", [text for text, _ in items], "]", level), any(hidden for _, hidden in items)
    if isinstance(value, dict):
        found = cast("dict[str, object]", value)
        entries = [(_quoted(name), _json(each, _inner(level))) for name, each in found.items()]
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
