"""The body of an answer: bytes as they come → the JSON values in it. No I/O.

Asked for a stream, servers send server-sent events; some one JSON document, or a line of JSON each. Comments, line
ends of every kind, a byte order mark, events with no empty line between them, and bytes that are no UTF-8 are read.
Source: the HTML standard, "Server-sent events", 9.2.6.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LARGEST_ANSWER = 64 * 2**20
"""Bytes of an answer that are read at most; no model writes as many, at some three hundred for a token."""

_BOM = b"\xef\xbb\xbf"
_DONE = re.compile(r"\s*\"?(?:\[DONE\]|DONE\s*\Z)", re.IGNORECASE)


_FIELDS = ("", "data", "event", "id", "retry")


@dataclass(frozen=True)
class Event:
    """One JSON value. `name` is the event's, mostly empty; `is_document` when it is the whole answer."""

    data: Any
    name: str = ""
    is_document: bool = False


END = Event(None)
"""The server has said that there is no more."""


class EventReader:
    """Reads one answer. `is_done` once the server has said that it is at its end."""

    def __init__(self) -> None:
        self._size = 0
        self._head: bytes | None = b""
        self._line: list[bytes] = []
        self._document: list[bytes] | None = None
        self._data: list[str] = []
        self._name = ""
        self.foreign = ""
        """The first line that belongs to no stream of events, as in a web page."""
        self.is_done = False

    def feed(self, piece: bytes) -> Iterator[Event]:
        """The events that end with this piece. Raises ValueError for what is no JSON, and for an answer without end."""
        self._size += len(piece)
        if self._size > LARGEST_ANSWER:
            raise ValueError("the answer does not end")
        if self._head is not None:
            piece = self._begin(self._head + piece)
        if self._document is not None:
            self._document.append(piece)
        elif piece:
            yield from self._feed_lines(piece)

    def end(self) -> Iterator[Event]:
        """What the last bytes hold. What they leave open was cut off, and is nothing."""
        with contextlib.suppress(ValueError):
            if self._document is not None:
                yield from _document(b"".join(self._document))
            else:
                yield from self._feed_lines(b"\n")
                yield from self._dispatch()

    def _begin(self, head: bytes) -> bytes:
        """What follows the byte order mark and the blanks; b"" until it is clear what this is."""
        rest = head.removeprefix(_BOM).lstrip()
        if not rest or (len(head) < len(_BOM) and _BOM.startswith(head)):
            self._head = head
            return b""
        self._head = None
        if rest[:1] in b"{[":
            self._document = []
        return rest

    def _feed_lines(self, piece: bytes) -> Iterator[Event]:
        self._line.append(piece)
        if b"\n" not in piece and b"\r" not in piece:
            return
        lines = b"".join(self._line).splitlines(keepends=True)
        # A "\r" at the end may be half a line end.
        self._line = [] if lines[-1].endswith(b"\n") else [lines.pop()]
        for line in lines:
            yield from self._read(line.rstrip(b"\r\n").decode(errors="replace"))

    def _read(self, line: str) -> Iterator[Event]:
        field, _, value = line.partition(":")
        while field == "data" and value.lstrip().startswith("data:"):  # by a proxy that says it once more
            value = value.lstrip().removeprefix("data:")
        value = value.removeprefix(" ")
        if not line:
            yield from self._dispatch()
        elif field == "event":
            self._name = value.strip()
        elif field == "data" and _DONE.match(value):
            yield from self._dispatch()
            self.is_done = True
            yield END
        elif field == "data" and not self.is_done:
            yield from self._add(value)
        elif field not in _FIELDS and not self.foreign:
            self.foreign = line

    def _add(self, data: str) -> Iterator[Event]:
        """Mostly an event has one line of data: it need not wait for the empty line, which some servers leave out."""
        if not self._data:
            try:
                yield Event(_value(data), self._name)
            except ValueError:
                pass
            else:
                return
        self._data.append(data)

    def _dispatch(self) -> Iterator[Event]:
        data, self._data = "\n".join(self._data), []
        name, self._name = self._name, ""
        if data.strip():
            yield Event(_value(data), name)


def _document(body: bytes) -> Iterator[Event]:
    text = body.decode(errors="replace")
    try:
        yield Event(_value(text), is_document=True)
    except ValueError:
        for line in filter(str.strip, text.split("\n")):
            yield Event(_value(line))


def _value(text: str) -> Any:
    """Raises ValueError for what is no JSON, and for what is nested beyond reason."""
    try:
        return json.loads(text, strict=False)  # some leave line breaks and tabs in texts as they are
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
