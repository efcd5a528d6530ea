"""Evaluating a condition that was read, within a budget."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from typing import Any, cast

from celpy import celtypes, evaluation

from graphs.agent.conditions import numbers

logging.getLogger("celpy").setLevel(logging.CRITICAL + 1)  # it would write the arguments into the log

STEPS = 100_000
"""Nodes of a condition that are looked at for one call; what is large counts for more. About half a second."""


class Spent(Exception):
    """The budget is used up. No error that the language has: nothing in a condition makes up for it."""


class Budget:
    """How much may still be looked at. `whole` is what a list or an object of the arguments counts for."""

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.whole = 0

    def take(self, *values: object) -> None:
        """Raises Spent."""
        self.left -= 1
        for each in values:
            if isinstance(each, str | bytes):
                self.left -= len(each) // 64
            elif isinstance(each, list | dict):
                self.left -= self.whole + len(cast("list[object]", each))
        if self.left < 0:
            raise Spent


class Evaluator(evaluation.Evaluator):
    """The library's, with a budget."""

    def __init__(self, tree: Any, activation: evaluation.Activation, budget: Budget) -> None:
        cast("Any", super()).__init__(tree, activation)
        self._budget = budget

    def sub_evaluator(self, ast: Any) -> evaluation.Evaluator:
        return Evaluator(ast, self.activation, self._budget)

    def visit_children(self, tree: Any) -> list[Any]:
        self._budget.take()
        return cast("Any", super()).visit_children(tree)


def functions(budget: Budget) -> Mapping[str, Any]:
    """All that a condition may call, each paid for."""
    return {name: _paid(budget, function) for name, function in _known_functions().items()}


@functools.cache
def _known_functions() -> Mapping[str, Callable[..., Any]]:
    return {
        **evaluation.base_functions,
        **numbers.functions(evaluation.base_functions),
        "size": _size,
        "matches": _matches,
    }


def _paid(budget: Budget, function: Callable[..., Any]) -> Callable[..., Any]:
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
