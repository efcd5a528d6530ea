"""The calls of a Chat Completions reply, put together from pieces. Servers differ in how they tell calls apart.

OpenAI numbers them and gives each an id once. Others give all one number, or none; no ids, or one for all; the name
with each piece; or a whole call a piece. What never differs: nothing follows a complete JSON object in one call.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from graphs.models.errors import TooManyCalls
from graphs.models.extra import Fields, merge, unnamed

MOST_CALLS = 128
"""Calls of one reply; a model that repeats itself for ever writes more."""

_CALL_KEYS = frozenset({"index", "id", "type", "function"})
_FUNCTION_KEYS = frozenset({"name", "arguments"})


@dataclass
class CallPieces:
    """One call as far as it has come. `extra` are fields of it, and of its function, that the wire does not name."""

    index: str | None = None
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list[str])
    extra: Fields = field(default_factory=Fields)
    repeats: bool = False
    """Whether the call before it has the same name: unless arguments follow, it is that one, named once more."""

    @property
    def is_empty(self) -> bool:
        """Whether it turned out to be no call."""
        return not self.text.strip() and (self.repeats or not self.name)

    @property
    def text(self) -> str:
        return "".join(self.arguments)

    def is_complete(self) -> bool:
        """Whether its arguments are a whole JSON value: what comes after it belongs to another call."""
        last = next((piece.rstrip()[-1] for piece in reversed(self.arguments) if piece.strip()), "")
        return last in ("}", '"') and _is_json(self.text)


@dataclass(frozen=True)
class _Piece:
    index: str | None
    id: str
    name: str
    arguments: str
    extra: Fields

    @staticmethod
    def read(given: Mapping[str, Any]) -> _Piece:
        function = given.get("function")
        named: Mapping[str, Any] = cast("Mapping[str, Any]", function) if isinstance(function, Mapping) else {}
        extra = unnamed(given, _CALL_KEYS)
        if more := unnamed(named, _FUNCTION_KEYS):
            extra["function"] = more
        return _Piece(_index(given.get("index")), _id(given.get("id")), _text(named.get("name")), written(named), extra)


class Calls:
    """The calls of one reply, in the order in which they began."""

    def __init__(self) -> None:
        self._calls: list[CallPieces] = []

    def __iter__(self) -> Iterator[CallPieces]:
        return (call for call in self._calls if not call.is_empty)

    def __bool__(self) -> bool:
        return any(True for _ in self)

    def add(self, pieces: list[Any]) -> None:
        """Take what one chunk brings."""
        touched: set[int] = set()
        for given in pieces:
            if isinstance(given, Mapping):
                piece = _Piece.read(cast("Mapping[str, Any]", given))
                call = self._call_of(piece, touched)
                touched.add(id(call))
                _extend(call, piece)

    def add_whole(self, given: list[Any]) -> None:
        """Take the calls of a message: each is one."""
        for each in given:
            if isinstance(each, Mapping):
                piece = _Piece.read(cast("Mapping[str, Any]", each))
                self._new(CallPieces())
                _extend(self._calls[-1], piece)

    def forget(self, index: str) -> None:
        """Drop the calls of this number."""
        self._calls = [call for call in self._calls if call.index != index]

    def _call_of(self, piece: _Piece, touched: set[int]) -> CallPieces:
        """The call that the piece goes on with, or a new one."""
        call = self._begun(piece)
        is_touched = call is not None and id(call) in touched
        if call is None or _begins_another(call, piece, is_touched=is_touched):
            is_named_again = call is not None and call.name == piece.name and piece.id in ("", call.id)
            call = CallPieces(index=piece.index, repeats=is_named_again and not is_touched)
            self._new(call)
        return call

    def _new(self, call: CallPieces) -> None:
        if len(self._calls) == MOST_CALLS:
            raise TooManyCalls(MOST_CALLS)
        self._calls.append(call)

    def _begun(self, piece: _Piece) -> CallPieces | None:
        """The newest call that the piece could belong to: by its number and id, else by one of them, else the last."""
        newest = list(reversed(self._calls))
        numbered = [call for call in newest if call.index == piece.index] if piece.index is not None else newest
        if not piece.id:
            if numbered or piece.name or not newest:
                return numbered[0] if numbered else None
            return None if newest[0].is_complete() else newest[0]  # a server that numbers the pieces
        same = next((call for call in numbered if call.id == piece.id), None)
        if same is None and not piece.name:
            same = next((call for call in newest if call.id == piece.id), None)
        if same is not None or not numbered or (piece.name and (piece.index is None or numbered[0].id)):
            return same
        return numbered[0]  # its id comes late, or is another one with each piece


def _begins_another(call: CallPieces, piece: _Piece, *, is_touched: bool) -> bool:
    if piece.id and call.id and piece.id != call.id:
        return bool(piece.name) or call.is_complete()
    if not piece.name:
        return False
    if not call.name and not piece.arguments:
        return False  # its name comes late
    if call.name and piece.name != call.name:
        return not _is_rest_of_name(call, piece)
    is_same = bool(piece.id) and piece.id == call.id
    if is_same and _is_same(piece.arguments, call.text):
        return False  # the same call, told once more
    return (is_touched and not is_same) or call.is_complete()


def _is_rest_of_name(call: CallPieces, piece: _Piece) -> bool:
    """Whether a name comes in pieces: from a server that gives each call a number, and its id where it begins."""
    is_one_call = piece.index is not None and piece.index == call.index and bool(call.id) and piece.id in ("", call.id)
    return is_one_call and not call.text.strip()


def _extend(call: CallPieces, piece: _Piece) -> None:
    call.id = call.id or piece.id
    if piece.name and piece.name != call.name:
        call.name = piece.name if piece.name.startswith(call.name) else call.name + piece.name
    if piece.arguments.lstrip().startswith("{") and call.text.strip() == "{}":
        call.arguments.clear()  # some servers begin with an empty object, and then tell what is in it
    is_repeated = call.is_complete() and _is_same(piece.arguments, call.text)
    if piece.arguments and not is_repeated:
        call.arguments.append(piece.arguments)
    merge(call.extra, piece.extra)


def written(function: Mapping[str, Any]) -> str:
    """The arguments as text, from a function that may have them as an object, or as nothing."""
    given = function.get("arguments")
    if given is None:
        return ""
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)


def _index(given: Any) -> str | None:
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    return str(given) if isinstance(given, int | str) and str(given) else None


def _id(given: Any) -> str:
    return str(given) if isinstance(given, int | str) else ""


def _text(given: Any) -> str:
    return given if isinstance(given, str) else ""


def _is_same(one: str, other: str) -> bool:
    """Whether these are the same arguments, however they are spaced."""
    if one.strip() == other.strip():
        return True
    return one.strip().endswith("}") and _is_json(one) and _is_json(other) and json.loads(one) == json.loads(other)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
