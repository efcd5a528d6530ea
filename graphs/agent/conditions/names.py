"""The names in a condition: a call's arguments, and what the language has. Another is found when a condition is read.

What a library adds to the language is none of it: a macro that builds up a value over a list has no bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_MACROS = frozenset({"all", "exists", "exists_one", "filter", "map"})
_OF_TIMES = (
    "Date",
    "DayOfMonth",
    "DayOfWeek",
    "DayOfYear",
    "FullYear",
    "Hours",
    "Milliseconds",
    "Minutes",
    "Month",
    "Seconds",
)
_METHODS = {"contains", "endsWith", "matches", "size", "startsWith", *(f"get{each}" for each in _OF_TIMES)}
_TYPES = frozenset({"bool", "bytes", "double", "duration", "int", "list", "map", "null_type", "string", "timestamp"})
_FUNCTIONS = _TYPES | {"dyn", "has", "matches", "size", "type", "uint"}


def unknown(tree: Any) -> Iterator[str]:
    """What is wrong with the names in a condition that was read, each in a sentence."""
    return _unknown(tree, frozenset({"args"}))


def _unknown(tree: Any, known: frozenset[str]) -> Iterator[str]:
    """What is wrong with the names in it, where only these variables are `known`."""
    if not hasattr(tree, "data"):
        return
    parts: list[Any] = tree.children
    match tree.data:
        case "ident" | "dot_ident" if str(parts[0]) not in known | _TYPES:
            yield f"there is no {str(parts[0])!r} (character {parts[0].column}); a call's arguments are args.NAME."
        case "ident_arg" | "dot_ident_arg" if str(parts[0]) not in _FUNCTIONS:
            yield f"there is no function {str(parts[0])!r} (character {parts[0].column})."
        case "member_object":
            yield "it makes an object, which nothing here has a use for."
        case "member_dot_arg":
            yield from _unknown(parts[0], known)
            yield from _unknown_method(parts, known)
        case _:
            for each in parts:
                yield from _unknown(each, known)


def _unknown_method(parts: list[Any], known: frozenset[str]) -> Iterator[str]:
    name = str(parts[1])
    given: list[Any] = parts[2].children if len(parts) > 2 else []
    if name in _MACROS:
        variables = [str(each.children[0]) for each in given[0].find_data("ident")] if len(given) == 2 else []
        if len(variables) != 1:
            yield f"{name} (character {parts[1].column}) takes a name and an expression: {name}(each, each > 1)."
            return
        yield from _unknown(given[1], known | {variables[0]})
    elif name not in _METHODS:
        yield f"there is no function {name!r} (character {parts[1].column})."
    else:
        for each in given:
            yield from _unknown(each, known)
