"""Validated arguments as the language has them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from celpy import celtypes

from graphs.agent.arguments import Arguments
from graphs.agent.conditions.evaluating import Budget


def as_cel(arguments: Arguments, budget: Budget) -> Any:
    """Their JSON values; a Decimal stays one, also where JSON has it as its digits in a text."""
    return _as_cel(arguments.values, arguments.signature.plain(arguments.model), budget)


def _as_cel(value: object, kept: object, budget: Budget) -> Any:
    """A JSON value as the language has it. `kept` is what it was before it was written down: a Decimal stays one."""
    budget.whole += 1
    match value:
        case None:
            return None
        case bool():
            return celtypes.BoolType(value)
        case int() | float() | str() if isinstance(kept, Decimal):
            return Decimal(str(value))
        case int():
            return celtypes.IntType(value) if -(2**63) <= value < 2**63 else Decimal(value)
        case float():
            return celtypes.DoubleType(value)
        case str():
            return celtypes.StringType(value)
        case list():
            found, were = cast("list[object]", value), _members(kept, len(cast("list[object]", value)))
            return celtypes.ListType([_as_cel(*each, budget) for each in zip(found, were, strict=True)])
        case _:
            entries = cast("dict[str, object]", value)
            before = cast("dict[object, object]", kept) if isinstance(kept, Mapping) else {}
            made = {celtypes.StringType(k): _as_cel(v, before.get(k), budget) for k, v in entries.items()}
            return celtypes.MapType(cast("Any", made))


def _members(kept: object, count: int) -> list[object]:
    """What the members of a list were; of a set, which has no order, only that all were Decimals."""
    if isinstance(kept, list | tuple) and len(cast("list[object]", kept)) == count:
        return list(cast("list[object]", kept))
    if isinstance(kept, set | frozenset) and all(isinstance(each, Decimal) for each in cast("set[object]", kept)):
        return [Decimal(0)] * count
    return [None] * count
