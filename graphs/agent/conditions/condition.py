"""A condition: read once, and then true of the arguments of a call, or not, or unworkable."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, cast

from celpy import celparser, celtypes, evaluation

from graphs.agent.arguments import Arguments
from graphs.agent.conditions import names, words
from graphs.agent.conditions.evaluating import STEPS, Budget, Evaluator, Spent, functions
from graphs.agent.conditions.values import as_cel
from graphs.agent.errors import InvalidCondition, Unworkable

LONGEST = 2000
"""Characters of a condition."""

DEEPEST = 100
"""Levels of a condition: half of what the stack of a thread holds when it is evaluated."""

_TOO_DEEP = "it is nested too deeply, or has too many parts. Make several rules of it."


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
            budget = Budget(STEPS)
            given = {"args": as_cel(arguments, budget)}
            activation = evaluation.Activation(functions=functions(budget))
            value: object = Evaluator(self._tree, activation, budget).evaluate(cast("Any", given))
        except Spent:
            raise Unworkable("it takes too long for arguments of this size") from None
        except Exception as error:  # noqa: BLE001 - the library raises errors of any kind, and its words repeat arguments
            raise Unworkable(f"it fails ({type(error).__name__})") from None
        if not isinstance(value, celtypes.BoolType | bool):
            raise Unworkable("it gives neither true nor false")
        return bool(value)

    def in_words(self, secret: Collection[str] = ()) -> str:
        """What it asks about, as a clause after "because". What it says of a `secret` argument stays unsaid."""
        return words.in_words(self._tree, secret)


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
        if (wrong := next(names.unknown(tree), None)) is not None:
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
