"""What a node or router takes beside the state: which of its parameters a run fills, by name or by annotation."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from graphs.errors import NodeError
from graphs.runtime.parts import StreamWriter
from graphs.runtime.types import Config, Runtime

Kind = Literal["config", "runtime", "writer", "error"]

_NAMES: Mapping[str, Kind] = {"config": "config", "runtime": "runtime", "writer": "writer", "error": "error"}
_TYPES: Mapping[Any, Kind] = {Config: "config", Runtime: "runtime", StreamWriter: "writer", NodeError: "error"}
_TEXTS: Mapping[str, Kind] = {
    "Config": "config",
    "RunnableConfig": "config",
    "Runtime": "runtime",
    "StreamWriter": "writer",
    "NodeError": "error",
}
"""How annotations read that cannot be evaluated where they stand."""

_FILLED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def extras_of(fn: Callable[..., Any], *, after_first: bool = True) -> dict[str, Kind]:
    """The parameters that a run fills, and with what. The first takes the state, whatever its name, unless the run may
    fill that too (not `after_first`).
    """
    try:
        parameters = list(inspect.signature(fn).parameters.values())
    except (TypeError, ValueError):  # a builtin without a signature takes the state alone
        return {}
    if after_first and parameters and parameters[0].kind is not inspect.Parameter.KEYWORD_ONLY:
        parameters = parameters[1:]
    code, given = _beneath(fn)
    found: dict[str, Kind] = {}
    for parameter in parameters:
        if parameter.kind in _FILLED and parameter.name not in given:
            kind = _kind_of(parameter, getattr(code, "__globals__", {}))
            if kind is not None:
                found[parameter.name] = kind
    return found


def _beneath(fn: Any) -> tuple[Any, set[str]]:
    """The function whose parameters these are, and those that a `partial` has given already."""
    given: set[str] = set()
    while isinstance(fn, functools.partial):
        given |= fn.keywords.keys()
        fn = fn.func
    fn = inspect.unwrap(fn)
    if not inspect.isroutine(fn) and not inspect.isclass(fn):
        fn = inspect.unwrap(type(fn).__call__)
    return getattr(fn, "__func__", fn), given


def _kind_of(parameter: inspect.Parameter, names: dict[str, Any]) -> Kind | None:
    annotation = parameter.annotation
    if isinstance(annotation, str):
        try:
            annotation = eval(annotation, names)  # noqa: S307 - the node's own annotation, as `get_type_hints` does
        except Exception:  # noqa: BLE001 - it names what is not there: a local class, an import for type checkers
            found = re.match(r"(?:\w+\.)*(\w+)", annotation)
            annotation = found[1] if found else annotation
    kind = _read(annotation)
    if kind is None and (annotation is inspect.Parameter.empty or parameter.default is inspect.Parameter.empty):
        return _NAMES.get(parameter.name)
    return kind


def _read(annotation: Any) -> Kind | None:
    """What is asked for by an annotation; None for one that asks for nothing of a run."""
    if isinstance(annotation, str):
        return _TEXTS.get(annotation)
    origin = get_origin(annotation)
    if origin is Annotated:
        return _read(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return next((kind for each in get_args(annotation) if (kind := _read(each)) is not None), None)
    made = origin or annotation
    if not isinstance(made, type):
        return None
    return _TYPES.get(made) or ("config" if made.__name__ == "RunnableConfig" else None)
