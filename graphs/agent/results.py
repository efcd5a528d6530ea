"""What a tool returned, or that it failed → what is on record of it, and the text of its tool message."""

import dataclasses
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypedDict, cast

from pydantic import BaseModel

from graphs.texts.canonical import json_tree
from graphs.texts.redaction import NO_SECRETS, Redaction
from graphs.texts.surrogates import mended

RESULT_LENGTH = 100_000
"""Characters of a result: some 30,000 tokens, as much as a model makes use of."""

STRUCTURE_LENGTH = 90_000
"""Characters of its parts, where it is no text: the rest is for quotes and escapes."""

MARGIN = 1_000
"""Characters beyond a cut in which a secret is still looked for."""

SMALLEST = 2
"""Characters that the smallest item takes, with its comma."""

SHORTEST_CUT = 400
"""Characters of a text that are kept where there is no room left."""


MOST_KEPT = 10_000_000
"""Bytes of the files of one result that are kept."""


@dataclass(frozen=True)
class ResultFile:
    """What people see of a result, and a model is not told in full."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class ToolResult:
    """What a tool returns that has files beside what the model is told."""

    text: str
    files: Sequence[ResultFile] = ()


class Failure(TypedDict):
    """A call that went wrong, as it stands in its claim. `failed` is for people, `told` is what the model reads."""

    failed: str
    told: str


def failure(message: str, told: str, redact: Redaction = NO_SECRETS) -> Failure:
    """What is on record of a call that went wrong; without the call's secrets."""
    return {"failed": result_text(message, redact), "told": result_text(told, redact)}


def told(recorded: str | Failure) -> str:
    """What the model reads of a result on record."""
    return recorded if isinstance(recorded, str) else recorded["told"]


def read_result(text: str | None) -> str | Failure:
    """A claim's result, from its JSON."""
    return cast("str | Failure", json.loads(text or '""'))


def result_text(result: object, redact: Redaction = NO_SECRETS) -> str:
    """A str as it is, nothing as "Done.", the rest as compact JSON in its own order, secrets masked.

    What has no JSON is shown as `str` shows it, and half a surrogate pair as U+FFFD. It asks the result's own methods,
    so it may take long, and raise whatever they raise. `redact` takes the call's secrets out of it. What has more than
    `RESULT_LENGTH` characters is cut in the middle, and says so to whoever reads it; the work depends on that bound,
    not on the result's size.
    """
    match result:
        case None:
            text = "Done."
        case str():
            text = result
        case _:
            text = _json(result)
    return _cut(text, RESULT_LENGTH, lambda part: redact(mended(part)))


def _json(result: object) -> str:
    kept = result
    try:
        kept = _Room(STRUCTURE_LENGTH).kept(result)
        tree = json_tree(kept, mask_secrets=True)
        return json.dumps(tree, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (ValueError, TypeError, RecursionError):
        pass
    try:
        return str(kept)
    except (ValueError, RecursionError):  # a number of thousands of digits, lists within lists without end
        return unwritable(result)


def whole(result: object, redact: Redaction = NO_SECRETS) -> ToolResult:
    """A text, or a result with files, as one with files: a text that is too long for a model is one of them. They are
    without the call's secrets, and no more than `MOST_KEPT`; the text says what is left out.
    """
    given = result if isinstance(result, ToolResult) else ToolResult(str(result))
    files = list(given.files)
    if len(given.text) > RESULT_LENGTH:
        files.append(ResultFile("result.txt", "text/plain", mended(given.text).encode()))
    kept, lines, left = list[ResultFile](), list[str](), MOST_KEPT
    for each in files:
        if len(each.data) > left:
            lines.append(f"[{each.name}, {size(len(each.data))}, is too large and was not kept]")
            continue
        left -= len(each.data)
        kept.append(_without_secrets(each, redact))
    return ToolResult("\n".join([result_text(given.text, redact), *lines]), kept)


def size(number: int) -> str:
    """Bytes, for people."""
    if number < 1000:
        return f"{number} bytes"
    return f"{number / 1000:.0f} kB" if number < 1_000_000 else f"{number / 1_000_000:.1f} MB"


def _without_secrets(file: ResultFile, redact: Redaction) -> ResultFile:
    if not redact.has_secrets or not file.media_type.startswith("text/"):
        return file
    return dataclasses.replace(file, data=redact(file.data.decode(errors="replace")).encode())


def unwritable(result: object) -> str:
    """What is said of a result that nothing more can be said of."""
    return f"The result, of type {type(result).__name__}, cannot be written as text."


@dataclass
class _Room:
    """How many more characters of a result may be kept."""

    left: int

    def kept(self, value: object) -> object:
        """`value` as far as there is room; each list, object or text that is cut says what is left out."""
        match value:
            case Enum():
                return value
            case str():
                self.left -= len(value)
                return value if self.left >= 0 else _cut(value, max(self.left + len(value), SHORTEST_CUT))
            case BaseModel():
                return self.kept(value.model_dump(by_alias=True))
            case Mapping():
                return self._entries(cast("Mapping[object, object]", value))
            case list() | tuple():
                return self._items(cast("Sequence[object]", value), len(cast("Sequence[object]", value)))
            case set() | frozenset() if len(cast("set[object]", value)) > self.left // SMALLEST:
                return self._items(cast("set[object]", value), len(cast("set[object]", value)))
            case Iterator() | AsyncIterator():  # reading it would run the tool on, perhaps without end
                return f"{type(cast(object, value)).__name__} that was not read; the tool has to return a list"
            case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
                return self._entries({each.name: getattr(value, each.name) for each in dataclasses.fields(value)})
            case _:
                self.left -= SMALLEST
                return value

    def _items(self, items: Iterable[object], length: int) -> list[object]:
        kept: list[object] = []
        for item in items:
            if self.left <= 0:
                kept.append(f"… {length - len(kept)} of {length} items left out")
                break
            self.left -= SMALLEST
            kept.append(self.kept(item))
        return kept

    def _entries(self, entries: Mapping[object, object]) -> dict[object, object]:
        kept: dict[object, object] = {}
        for key, value in entries.items():
            if self.left <= 0:
                kept["…"] = f"{len(entries) - len(kept)} of {len(entries)} entries left out"
                break
            self.left -= SMALLEST + (len(key) if isinstance(key, str) else 0)
            kept[key] = self.kept(value)
        return kept


def _cut(text: str, limit: int, clean: Callable[[str], str] = str) -> str:
    """The head and the tail of a text that has more characters than `limit`, and how much is missing between them.

    What is kept is cleaned before it is cut: a secret is not recognised by a half of it.
    """
    if len(text) <= limit:
        return clean(text)
    head, tail = limit * 3 // 4, limit // 4
    left_out = len(text) - head - tail
    note = f"[… {left_out} of {len(text)} characters left out here; ask for less at a time …]"
    first, last = clean(text[: head + MARGIN]), clean(text[-tail - MARGIN :])
    return f"{first[:head]}\n{note}\n{last[-tail:]}"
