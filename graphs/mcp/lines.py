"""What a server writes on its standard output, cut into lines and read as messages, each within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator

import mcp_types as types
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from graphs.texts.canonical import structure

LARGEST_MESSAGE = 32_000_000
"""Bytes of one message: more than any result that is kept has in base64."""

LARGE = 1_000_000
"""Bytes of a message that is read beside the event loop, and that it may have without its strings."""

TOO_LARGE = -32099
"""The error code of a result that was refused for its size. In JSON-RPC's range for servers, and no SDK's."""

_ID = re.compile(rb'"id"\s*:\s*(\d{1,15})\s*[,}]')
HEAD = 400
"""Bytes of a message in which the request is looked for that it answers."""


class InvalidMessage(Exception):
    """A line that is no message of the protocol."""


class Lines:
    """Cuts bytes into lines. Of one with more than `most` bytes the first `head` are kept."""

    def __init__(self, most: int, head: int) -> None:
        self._most, self._head = most, head
        self._kept, self._length = bytearray(), 0

    def fed(self, chunk: bytes) -> Iterator[tuple[bytes, bool]]:
        """The lines that end in this piece, and whether each is whole."""
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            self._add(part)
            yield bytes(self._kept), self._length <= self._most
            self._kept, self._length = bytearray(), 0
        self._add(rest)

    def _add(self, part: bytes) -> None:
        self._length += len(part)
        self._kept += part if self._length <= self._most else part[: self._head]
        if self._length > self._most:
            del self._kept[self._head :]


def message(line: bytes, is_whole: bool) -> SessionMessage | Exception | None:
    """What a line says. One that is too large is the refusal of the request that it answers, where that can be told."""
    if not is_whole:
        return _refused(line, f"more than {LARGEST_MESSAGE // 1_000_000} MB")
    if len(line) > LARGE and structure(line) > LARGE:
        return _refused(line, "more values than can be read")
    if not line.strip():
        return None
    try:
        return SessionMessage(types.jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValidationError:
        return InvalidMessage("it wrote a line that is no message of the protocol on its standard output")


def _refused(line: bytes, what: str) -> SessionMessage | Exception:
    found = _ID.search(line[:HEAD])
    if found is None:
        return InvalidMessage(f"it wrote {what} at once")
    error = types.ErrorData(code=TOO_LARGE, message=f"It returned {what}.")
    return SessionMessage(types.JSONRPCError(jsonrpc="2.0", id=int(found[1]), error=error))
