"""What a node's code says of where it may lead beyond what it declares.

It is read, not run: names in the code of a function and of the functions within it. What comes from elsewhere, as a
command that another module makes, is not seen; `destinations=` declares it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from graphs.runtime.program import Program
from graphs.runtime.types import Command

_CALLS = frozenset({"ainvoke", "invoke", "astream", "stream"})
"""How a graph is called."""


def mentions_command(fn: Callable[..., Any]) -> bool:
    """Whether the code uses a name that stands for `Command`."""
    aliases = {name for name, value in getattr(fn, "__globals__", {}).items() if value is Command}
    return bool(_names(fn) & (aliases | {"Command"}))


def commands_caller(fn: Callable[..., Any]) -> bool:
    """Whether the code mentions `Command.PARENT`: where it leads is then the caller's business."""
    return "PARENT" in _names(fn)


def calls_graphs(fn: Callable[..., Any]) -> bool:
    """Whether the code calls something as a graph is called, whose nodes may command this one to go anywhere."""
    return bool(_names(fn) & _CALLS)


def leads_out(program: Program) -> bool:
    """Whether a node of a graph may command the node that calls the graph."""
    nodes = program.topology.nodes
    return any(node.anywhere or node.outward or not {*node.destinations} <= {*nodes} for node in nodes.values())


def _names(fn: Callable[..., Any]) -> set[str]:
    pending = [getattr(inspect.unwrap(fn), "__code__", None)]
    found: set[str] = set()
    while pending:
        code = pending.pop()
        if code is not None:
            found |= {*code.co_names, *code.co_freevars}
            pending += [constant for constant in code.co_consts if inspect.iscode(constant)]
    return found
