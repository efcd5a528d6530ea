"""Where each entry of a TOML or JSON text stands: its line by its path, `("approvals", "rules", 1, "quorum")`.

Both texts have been read as a whole before; an entry that is not found has no line.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, cast

Path = tuple[str | int, ...]
Lines = Mapping[Path, int]

_KEY = re.compile(r"""(?:"(?:\\.|[^"\\])*"|'[^']*'|[^"'=])*=""")
_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\])*"|'[^']*'|\#[^\n]*|[][{},]|[^]["'{},=\s\#]+''', re.DOTALL
)
_BLANK = re.compile(r"[\s,:]*")


def nearest(lines: Lines, path: Path) -> int:
    """The line of the entry, or of the innermost one around it that has a line; 0 for none."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


def toml_lines(text: str) -> Lines:
    """Each statement is read by itself, with as many lines as it takes: what it is about follows from what it gives."""
    found: dict[Path, int] = {}
    table: Path = ()
    counts: dict[Path, int] = {}
    for number, tree, is_header, statement in _statements(text.replace("\r\n", "\n").split("\n")):
        if is_header:
            table = _opened(tree, counts)
            found.setdefault(table, number)
            if isinstance(table[-1], int):
                found.setdefault(table[:-1], number)
        else:
            start = _array(tree)
            below = _lines_below(statement) if start and "\n" in statement else {}
            for path in _paths(tree):
                found.setdefault((*table, *path), number + nearest(below, path[len(start) :]))
    return found


def _statements(rows: list[str]) -> Iterator[tuple[int, dict[str, Any], bool, str]]:
    start = 0
    while start < len(rows):
        for end in range(start + 1, len(rows) + 1):
            try:
                tree = tomllib.loads(statement := "\n".join(rows[start:end]))
            except tomllib.TOMLDecodeError:
                continue
            if tree:
                yield start + 1, tree, rows[start].lstrip().startswith("["), statement
            start = end
            break
        else:
            start += 1


def _opened(tree: dict[str, Any], counts: dict[Path, int]) -> Path:
    """The path of the table that a header opens: of an array of tables its last, of which the header may make one."""
    path: Path = ()
    inner: Any = tree
    while inner:
        ((key, inner),) = inner.items()
        path = (*path, key)
        if isinstance(inner, list):  # [[key]]: one more of them
            counts[path] = counts.get(path, -1) + 1
            return (*path, counts[path])
        if path in counts:
            path = (*path, counts[path])
    return path


def _array(tree: Any) -> Path:
    """The path of the array that a statement may give a key, else none."""
    path: Path = ()
    while isinstance(tree, dict) and len(cast("dict[str, Any]", tree)) == 1:
        ((key, tree),) = cast("dict[str, Any]", tree).items()
        path = (*path, key)
    return path if isinstance(tree, list) else ()


def _lines_below(statement: str) -> Lines:
    """How far below its beginning the members of an array stand, and those of arrays in it. What is within an inline
    table stands where that begins.
    """
    found: dict[Path, int] = {}
    at: list[int] = []
    tables = line = end = 0
    key = _KEY.match(statement)
    for token in _TOKEN.finditer(statement, key.end() if key is not None else 0):
        line, end = line + statement.count("\n", end, token.start()), token.start()
        sign = token[0][0]
        if sign not in "#,]}" and at and not tables:
            found.setdefault(tuple(at), line)
        tables += (sign == "{") - (sign == "}")
        if not tables and sign == "[":
            at.append(0)
        elif not tables and sign == "]" and at:
            at.pop()
        elif not tables and sign == "," and at:
            at[-1] += 1
    return found


def _paths(tree: Any) -> Iterator[Path]:
    entries: Any = ()
    if isinstance(tree, dict):
        entries = cast("dict[str, Any]", tree).items()
    elif isinstance(tree, list):
        entries = enumerate(cast("list[Any]", tree))
    for key, value in entries:
        yield (key,)
        for path in _paths(value):
            yield (key, *path)


def json_lines(text: str) -> Lines:
    """Of the objects in it, and of what is in them."""
    found: dict[Path, int] = {}
    _object(text, _BLANK.match(text, 0).end(), (), found)  # type: ignore[union-attr] - it matches nothing, too
    return found


def _object(text: str, at: int, path: Path, found: dict[Path, int]) -> int:
    """The place after the object that begins here."""
    decoder = json.JSONDecoder()
    at = _after_blank(text, at + 1)
    while text[at] != "}":
        key, end = decoder.raw_decode(text, at)
        found[(*path, key)] = text.count("\n", 0, at) + 1
        at = _after_blank(text, end)
        if text[at] == "{":
            at = _object(text, at, (*path, key), found)
        else:
            _, at = decoder.raw_decode(text, at)
        at = _after_blank(text, at)
    return at + 1


def _after_blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found is not None else at
