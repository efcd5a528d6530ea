"""A description of a function that is the same in every process, so that a changed policy is noticed after a restart.

A function counts by its compiled code with its constants, names, defaults and closed-over values. What it reads
elsewhere (globals, the functions it calls, files) is not seen. Another Python version compiles it differently and so
gives another description: then what waits is asked anew, which is the safe side.
"""

import functools
import types
from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, cast

from graphs.texts.canonical import canonical_json

_PLAIN = bool | int | float | complex | str | bytes | Decimal | date | timedelta


def of(value: object, *, seen: frozenset[int] = frozenset()) -> Any:
    """`value` as JSON without addresses, line numbers or the order of sets; `seen` are the objects this one lies in."""
    if id(value) in seen:
        return "itself"
    inside = seen | {id(value)}
    match value:
        case None:
            return None
        case Enum():
            return [_kind(value), value.name]
        case _ if isinstance(value, _PLAIN):
            return [_kind(value), repr(value)]
        case tuple() | list():
            return [_kind(cast(object, value)), *_all(cast("list[object]", value), inside)]
        case set() | frozenset():
            return ["set", *sorted(_all(cast("set[object]", value), inside), key=canonical_json)]
        case dict():
            return ["dict", *_all(list(cast("dict[object, object]", value).items()), inside)]
        case _:
            return _code(value, inside)


def is_fixed(value: object) -> bool:
    """Whether its description can never change: nothing, or a function that holds no values of its own."""
    if value is None:
        return True
    return isinstance(value, types.FunctionType) and not (
        value.__closure__ or value.__defaults__ or value.__kwdefaults__
    )


def _code(value: object, seen: frozenset[int]) -> Any:
    match value:
        case types.FunctionType():
            closed_over = [_content(cell) for cell in value.__closure__ or ()]
            return ["function", *_all([value.__code__, value.__defaults__, value.__kwdefaults__, closed_over], seen)]
        case types.CodeType():
            compiled = [value.co_code, value.co_exceptiontable, value.co_consts, value.co_names, value.co_freevars]
            return ["code", *_all(compiled, seen)]
        case types.MethodType():
            return ["method", *_all([value.__func__, value.__self__], seen)]
        case functools.partial():
            partial = cast("functools.partial[Any]", value)
            return ["partial", *_all([partial.func, partial.args, partial.keywords], seen)]
        case types.BuiltinFunctionType() | type() | types.ModuleType():
            return [_kind(value), getattr(value, "__module__", None), value.__name__]
        case _:
            return ["object", _kind(value), of(vars(type(value)).get("__call__"), seen=seen)]


def _all(values: Collection[object], seen: frozenset[int]) -> list[Any]:
    return [of(each, seen=seen) for each in values]


def _content(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not yet assigned
        return None


def _kind(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
