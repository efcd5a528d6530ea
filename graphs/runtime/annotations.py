"""What a function that is handed to a graph says of itself: its name, and where it may go."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin, get_type_hints

from graphs.errors import InvalidGraph
from graphs.runtime.types import Command


def name_of(node: Any) -> str:
    """The name that a node has when none is given: a function's, a method's, a class's own, else that of its class."""
    return getattr(node, "__name__", None) or type(node).__name__


def checked_function(name: str, fn: Any) -> Callable[..., Any]:
    """Raises `InvalidGraph` for what cannot be called."""
    if not callable(fn):
        raise InvalidGraph(
            f"node {name!r} is no function, but {fn!r}" if fn is not None else f"node {name!r} has no function"
        )
    return fn


def declared_destinations(fn: Callable[..., Any]) -> tuple[str, ...] | None:
    """Where a node's return annotation says that it may go; None when it says nothing."""
    hint = _return_hint(fn)
    for part in (hint, *get_args(hint)):
        if get_origin(part) is Command and (named := _literals(get_args(part)[0])):
            return named
    return None


def declared_targets(router: Callable[..., Any]) -> tuple[str, ...]:
    """Where a router's return annotation says that it leads."""
    return _literals(_return_hint(router))


def code_of(fn: Callable[..., Any]) -> Any:
    """The function that is run: that of a partial, or the `__call__` of an object."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    return fn if inspect.isroutine(fn) or isinstance(fn, type) else type(fn).__call__


def _return_hint(fn: Callable[..., Any]) -> Any:
    try:
        return get_type_hints(code_of(fn)).get("return")
    except (NameError, TypeError, AttributeError):  # an annotation that cannot be evaluated here declares nothing
        return None


def _literals(hint: Any) -> tuple[str, ...]:
    if get_origin(hint) is Literal:
        return tuple(get_args(hint))
    return tuple(name for part in get_args(hint) for name in _literals(part))
