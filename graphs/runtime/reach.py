"""What a node's code says of where it may lead beyond what it declares.

It is read, not run: names in the code of a function, of the functions within it and of those of its module that it
uses. What comes from elsewhere, as a command that another module makes, is not seen; `destinations=` declares it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from types import CodeType
from typing import Any

from graphs.runtime.annotations import code_of
from graphs.runtime.program import Program
from graphs.runtime.types import END, Command

_CALLS = frozenset({"ainvoke", "invoke", "astream", "stream"})
"""How a graph is called."""


def mentions_command(fn: Callable[..., Any]) -> bool:
    """Whether the code uses a name that stands for `Command`."""
    known = getattr(inspect.unwrap(code_of(fn)), "__globals__", {})
    aliases = {name for name, value in known.items() if value is Command}
    return bool(_names(fn) & (aliases | {"Command"}))


def commands_caller(fn: Callable[..., Any]) -> bool:
    """Whether the code mentions `Command.PARENT`: where it leads is then the caller's business."""
    return "PARENT" in _names(fn)


def calls_graphs(fn: Callable[..., Any]) -> bool:
    """Whether the code calls something as a graph is called, whose nodes may command this one to go anywhere."""
    return bool(_names(fn) & _CALLS)


def leads_out(program: Program) -> bool:
    """Whether a node of a graph may command the node that calls the graph."""
    inside = {*program.topology.nodes, END}
    return any(
        node.outward
        or (mentions_command(node.fn) if not node.destinations else not inside.issuperset(node.destinations))
        for node in program.topology.nodes.values()
    )


def _names(fn: Callable[..., Any]) -> set[str]:
    """The names in the code of a function, and in that of the functions of its module which it uses."""
    pending, seen, found = [inspect.unwrap(code_of(fn))], set[int](), set[str]()
    while pending:
        each = pending.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        names = _names_in(getattr(each, "__code__", None))
        found |= names
        known = getattr(each, "__globals__", {}) | _closed_over(each)
        used = [inspect.unwrap(known[name]) for name in names if inspect.isfunction(known.get(name))]
        pending += [other for other in used if other.__module__ == each.__module__]
    return found


def _names_in(code: CodeType | None) -> set[str]:
    if code is None:
        return set()
    within = [_names_in(constant) for constant in code.co_consts if inspect.iscode(constant)]
    return {*code.co_names, *code.co_freevars}.union(*within)


def _closed_over(fn: Callable[..., Any]) -> dict[str, Any]:
    code, cells = getattr(fn, "__code__", None), getattr(fn, "__closure__", None)
    if code is None or cells is None:
        return {}
    found: dict[str, Any] = {}
    for name, cell in zip(code.co_freevars, cells, strict=True):
        with suppress(ValueError):  # it is not filled yet
            found[name] = cell.cell_contents
    return found
