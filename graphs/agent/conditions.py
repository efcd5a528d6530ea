"""Conditions in CEL, the Common Expression Language: `args.amount > 50`. The only module that knows which library
evaluates them.

What differs from the library's own: numbers of all kinds compare and add up exactly, as they are written; a condition
has a budget; a name that there is not is found when it is read. Whatever goes wrong is an `Unworkable` condition.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from celpy import celparser, celtypes, evaluation

from graphs.agent import condition_names, condition_numbers, condition_words
from graphs.agent.arguments import Arguments
from graphs.agent.errors import InvalidCondition, Unworkable

logging.getLogger("celpy").setLevel(logging.CRITICAL + 1)  # it would write the arguments into the log

LONGEST = 2000
"""Characters of a condition."""

DEEPEST = 100
"""Levels of a condition: half of what the stack of a thread holds when it is evaluated."""

_TOO_DEEP = "it is nested too deeply, or has too many parts. Make several rules of it."

STEPS = 100_000
"""Nodes of a condition that are looked at for one call; what is large counts for more. About half a second."""


class _Spent(Exception):
    """The budget is used up. No error that the language has: nothing in a condition makes up for it."""


@dataclass(frozen=True)
class Condition:
    """Of a call's validated arguments, `args`. Raises InvalidCondition for what is none."""

    text: str
    _tree: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tree", _read(self.text))

    def holds(self, arguments: Arguments) -> bool:
        """Whether it is true of these arguments. Raises Unworkable where that cannot be told."""
        try:
            budget = _Budget(STEPS)
            names = {"args": _as_cel(arguments.values, arguments.model.model_dump(by_alias=True), budget)}
            activation = evaluation.Activation(functions=_functions(budget))
            value: object = _Evaluator(self._tree, activation, budget).evaluate(cast("Any", names))
        except _Spent:
            raise Unworkable("it takes too long for arguments of this size") from None
        except Exception as error:  # noqa: BLE001 - the library raises errors of any kind, and its words repeat arguments
            raise Unworkable(f"it fails ({type(error).__name__})") from None
        if not isinstance(value, celtypes.BoolType | bool):
            raise Unworkable("it gives neither true nor false")
        return bool(value)

    def in_words(self, secret: Collection[str] = ()) -> str:
        """What it asks about, as a clause after "because". What it says of a `secret` argument stays unsaid."""
        return condition_words.in_words(self._tree, secret)


def _read(text: str) -> Any:
    if not text.strip():
        raise InvalidCondition("it is empty. Leave `when` out to have every call asked about.")
    if len(text) > LONGEST:
        raise InvalidCondition(f"it has {len(text)} characters; {LONGEST} are enough for a condition.")
    try:
        # Not by an `Environment`, which sets the recursion limit of the whole process.
        tree: Any = cast("Any", celparser.CELParser()).parse(text)
        if _depth(tree) > DEEPEST:
            raise InvalidCondition(_TOO_DEEP)
        if (wrong := next(condition_names.unknown(tree), None)) is not None:
            raise InvalidCondition(wrong)
    except celparser.CELParseError as error:
        raise InvalidCondition(_where(text, error.line, error.column)) from None
    except RecursionError:
        raise InvalidCondition(_TOO_DEEP) from None
    except InvalidCondition:
        raise
    except Exception as error:  # noqa: BLE001 - the library's parser raises errors of any kind
        raise InvalidCondition(f"it cannot be read ({type(error).__name__}).") from None
    return tree


def _depth(tree: Any) -> int:
    deepest, left = 0, [(tree, 1)]
    while left:
        node, depth = left.pop()
        deepest = max(deepest, depth)
        left += [(each, depth + 1) for each in getattr(node, "children", ())]
    return deepest


def _where(text: str, line: int | None, column: int | None) -> str:
    if line is None or column is None or line < 1 or column < 1:
        return "it ends too early."
    in_line = f"line {line}, " if "\n" in text.strip() else ""
    return f"it cannot be read from {in_line}character {column} on."


class _Budget:
    """How much may still be looked at. `whole` is what a list or an object of the arguments counts for."""

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.whole = 0

    def take(self, *values: object) -> None:
        """Raises _Spent."""
        self.left -= 1
        for each in values:
            if isinstance(each, str | bytes):
                self.left -= len(each) // 64
            elif isinstance(each, list | dict):
                self.left -= self.whole + len(cast("list[object]", each))
        if self.left < 0:
            raise _Spent


class _Evaluator(evaluation.Evaluator):
    """The library's, with a budget."""

    def __init__(self, tree: Any, activation: evaluation.Activation, budget: _Budget) -> None:
        cast("Any", super()).__init__(tree, activation)
        self._budget = budget

    def sub_evaluator(self, ast: Any) -> evaluation.Evaluator:
        return _Evaluator(ast, self.activation, self._budget)

    def visit_children(self, tree: Any) -> list[Any]:
        self._budget.take()
        return cast("Any", super()).visit_children(tree)


def _functions(budget: _Budget) -> Mapping[str, Any]:
    """All that a condition may call, each paid for."""
    return {name: _paid(budget, function) for name, function in _known_functions().items()}


@functools.cache
def _known_functions() -> Mapping[str, Callable[..., Any]]:
    return {
        **evaluation.base_functions,
        **condition_numbers.functions(evaluation.base_functions),
        "size": _size,
        "matches": _matches,
    }


def _paid(budget: _Budget, function: Callable[..., Any]) -> Callable[..., Any]:
    if isinstance(function, type):
        return function  # compared with as a type

    def paid(*given: Any) -> Any:
        budget.take(*given)
        made = function(*given)
        budget.take(made)
        return made

    return paid


def _size(value: Any) -> Any:
    if not isinstance(value, str | bytes | list | dict):
        raise TypeError("no such overload")
    return celtypes.IntType(len(cast("list[object]", value)))


def _matches(text: object, pattern: object) -> Any:
    if not isinstance(text, str) or not isinstance(pattern, str):
        raise TypeError("no such overload")
    regular: Any = cast("Any", evaluation).re2
    options = regular.Options()
    options.log_errors = False  # else it writes the pattern to stderr, which may be an argument
    return celtypes.BoolType(regular.search(pattern, text, options=options) is not None)


def _as_cel(value: object, kept: object, budget: _Budget) -> Any:
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
