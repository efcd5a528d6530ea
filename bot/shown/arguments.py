"""Arguments as a card shows them: two different calls never look alike.

Short values stand behind their labels, several in a line: "order id 1042 · reason it came late". A text that could be
taken for another value, or for more than a value, is quoted as JSON writes it. A longer one stands in a box of its own
below its label, after the shorter ones, and boxes hold nothing else. So no value writes another one's line, or pushes
it out of sight.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.shown import values
from bot.shown.labels import Labels, label
from bot.shown.text import Block, box, section, words
from bot.shown.values import LEFT_OUT, SHORT, Value
from graphs.texts.canonical import digest

LEAST = 80
"""Characters that are shown of each value, however many there are."""

MOST_NAMES = 40
"""Arguments that are shown one by one."""

MOST_UNUSUAL = 3
"""Arguments that are named in a note."""

LINE = 120
"""Characters of a line that several arguments share."""

BETWEEN = " · "

UNKNOWN = Labels()
"""Of arguments of which nobody knows what others there might be."""

_BESIDE = 150  # characters of what stands beside a value that is cut


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
    file: bytes = b""
    """All that would run, where that is cut here."""


def written(args: Mapping[str, Any], edited: Mapping[str, Any], limit: int, labels: Labels = UNKNOWN) -> Written:
    """These arguments, and where they were edited what took their place, in about `limit` characters. `labels` are
    those of the tool's arguments.

    What does not fit is cut in the middle, with the number of characters that are missing, and the SHA-256 of a file
    of all that would run.
    """
    names = list(dict.fromkeys([*args, *edited]))
    count = min(len(names), MOST_NAMES)
    while True:
        made = _written(names[:count], args, edited, limit, labels)
        if made.length <= limit or count <= 1:
            break
        count //= 2
    if made.is_whole and count == len(names) and all(len(name) <= SHORT for name in names):
        return made
    more = f"{len(names) - count} more arguments. " if count < len(names) else ""
    whole = in_a_file(edited or args)
    said = section(words(f"{more}All of them: {len(whole)} bytes of JSON, SHA-256 {digest(whole)}"))
    return Written([*made.parts, said], made.length + 200, False, made.notes, whole)


def _written(
    names: Sequence[str], args: Mapping[str, Any], edited: Mapping[str, Any], limit: int, labels: Labels
) -> Written:
    versions = {name: _versions(args.get(name, LEFT_OUT), edited.get(name, LEFT_OUT), edited) for name in names}
    sizes = [values.write(each, limit).length + len(label(name)) for name, both in versions.items() for each in both]
    room = limit if sum(sizes) <= limit else _share(sizes, limit)
    rows = [(name, [_value(name, each, room, labels) for each in both]) for name, both in versions.items()]
    made = [piece for _, pieces in rows for piece in pieces]
    short = [_row(name, pieces) for name, pieces in rows if not any(piece.kind for piece in pieces)]
    boxed = [(name, pieces) for name, pieces in rows if any(piece.kind for piece in pieces)]
    boxed.sort(key=lambda row: max(piece.height for piece in row[1]))  # none pushes a shorter one away
    parts = [section(words(line)) for line in _lines(short)]
    parts += [part for name, pieces in boxed for part in _boxes(label(name), pieces)]
    length = sum(len(element["text"]) for part in parts for element in part["elements"])
    notes = list(_notes(made))
    if unusual := [name for name, both in versions.items() if not all(map(values.is_usual, (name, *both)))]:
        named, all_of_them = ", ".join(map(label, unusual[:MOST_UNUSUAL])), digest(_whole(edited or args))
        notes.append(f"Letters are composed in an unusual way, which cannot be seen, in {named}. SHA-256 {all_of_them}")
    return Written(parts, length, not any(value.missing for value in made), notes)


def _value(name: str, value: object, room: int, labels: Labels) -> Value:
    return values.write(value, room, in_quotes=labels.takes_quotes(name, value))


def _lines(rows: Sequence[str]) -> list[str]:
    """As many in a line as it takes."""
    found: list[str] = []
    for row in rows:
        if found and len(found[-1]) + len(BETWEEN) + len(row) <= LINE:
            found[-1] += BETWEEN + row
        else:
            found.append(row)
    return found


def in_a_file(args: Mapping[str, Any]) -> bytes:
    """All of these arguments as JSON that a person can read."""
    return (json.dumps(args, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode(errors="surrogatepass")


def _whole(args: Mapping[str, Any]) -> bytes:
    """Canonical JSON of arguments, also of such as could not be run."""
    return json.dumps(args, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(errors="surrogatepass")


def in_line(args: Mapping[str, Any], limit: int, labels: Labels = UNKNOWN) -> str:
    """These arguments in one line of at most about `limit` characters; one that is cut ends with the SHA-256 of all."""
    line = ""
    for name, value in args.items():
        in_quotes = labels.takes_quotes(name, value)
        line += f"{BETWEEN if line else ''}{label(name)} {values.in_line(value, limit, in_quotes=in_quotes)}"
        if len(line) > limit or len(name) > SHORT:
            return f"{line[:limit]}… (SHA-256 {digest(_whole(args))})"
    return line if values.is_usual(args) else f"{line} (SHA-256 {digest(_whole(args))})"


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


def _row(name: str, pieces: Sequence[Value]) -> str:
    return f"{label(name)} {' → '.join(piece.text for piece in pieces)}"


def _boxes(name: str, pieces: Sequence[Value]) -> Iterator[Block]:
    for piece, when in zip(pieces, ("before, ", "after, ") if len(pieces) > 1 else ("",), strict=True):
        if not piece.kind:
            yield section(words(f"{name} ({when.rstrip(', ')}): {piece.text}"))
            continue
        yield section(words(f"{name} ({when}{piece.kind}):"))
        yield box(piece.text)
        if piece.missing:
            yield section(words(f"({piece.missing} characters of {name} are left out here)"))
            yield box(piece.tail)


def _notes(made: Sequence[Value]) -> Iterator[str]:
    if any(value.has_escapes for value in made):
        yield "Characters that cannot be seen, or look like a space, are written as \\u{…}."
    if any(mark in value.text + value.tail for value in made for mark in ("{␣ × ", "{⏎ × ")):
        yield "Repeated spaces and empty lines are counted: {␣ × 2}, {⏎ × 2}."
