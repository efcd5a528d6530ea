"""Halves of surrogate pairs: no UTF-8 can carry one, so they are mended where a text comes in.

JSON writes a character above U+FFFF as two escapes, each of which may stand alone in it; what was cut between them
holds a half. Two halves that belong together become their character, one that is alone becomes U+FFFD.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, cast

_HALF = re.compile("[\ud800-\udfff]")
_FIRST_HALF = re.compile("[\ud800-\udbff]")
_PERHAPS_HALF = re.compile(r"\\u[dD][89a-fA-F]")
# A pair, a half, or any other escape: so that none begins inside another.
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)


def mended(text: str) -> str:
    """The text with no half of a pair in it; the very same when there is none."""
    if text.isascii() or _HALF.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def mended_json(text: str) -> str:
    """JSON text with no half of a pair in it, escaped ones included; the very same when there is none."""
    text = mended(text)
    if _PERHAPS_HALF.search(text) is None:
        return text
    return _ESCAPE.sub(lambda found: r"\ufffd" if found["half"] else found[0], text)


def mended_tree(value: Any) -> Any:
    """A JSON value with no half of a pair in it, in keys neither; the very same when there is none."""
    return value if _is_whole(value) else _mended(value)


def _is_whole(value: Any) -> bool:
    """Whether it can be written as UTF-8, which is quicker to try than to look at each text of it."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return mended(value)
    if isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value)
        return {_mended(key): _mended(each) for key, each in entries.items()}
    if isinstance(value, list):
        return [_mended(each) for each in cast("list[Any]", value)]
    return value


class Pieces:
    """Mends a text that comes in pieces: the first half of a pair waits for the piece that may bring the second."""

    def __init__(self) -> None:
        self._half = ""

    def add(self, piece: str) -> str:
        """What is mended by now."""
        text = self._half + piece
        self._half = text[-1] if text and _FIRST_HALF.match(text[-1]) else ""
        return mended(text.removesuffix(self._half) if self._half else text)

    def end(self) -> str:
        """What is left: a half whose other never came."""
        left, self._half = self._half, ""
        return mended(left)
