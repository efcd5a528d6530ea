"""Numbers in conditions: integers, doubles and decimals compare, and count with each other, by what is written.

`0.1` means a tenth beside a Decimal, not the double next to it; so it does within lists and objects. Equality of other
values, and arithmetic of numbers of one kind, is the language's own; a number and a text cannot be compared. Knows no
library: it is given the functions that it stands before.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from functools import partial
from typing import Any, cast

_EXACT = Context(prec=400)
"""Enough for the sums and products of what a double or an argument holds, and few enough to be quick."""

_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "_<_": operator.lt,
    "_<=_": operator.le,
    "_>_": operator.gt,
    "_>=_": operator.ge,
}
_COUNTED: Mapping[str, Callable[[Decimal, Decimal], Decimal]] = {
    "_+_": lambda left, right: left + right,
    "_-_": lambda left, right: left - right,
    "_*_": lambda left, right: left * right,
    "_/_": lambda left, right: left / right,
}


@dataclass(frozen=True)
class _Functions:
    """Those that stand before the language's `own`. What failed before is an error in the place of a value."""

    own: Mapping[str, Callable[..., Any]]

    def equal(self, left: Any, right: Any) -> Any:
        if (numbers := _numbers(left, right)) is not None:
            return self.own["bool"](numbers[0] == numbers[1])
        if left is None or right is None:
            failed = _failed(left, right)
            return self.own["bool"](left is right) if failed is None else failed
        if isinstance(left, list) and isinstance(right, list):
            return self._same(cast("list[Any]", left), cast("list[Any]", right))
        if isinstance(left, dict) and isinstance(right, dict):
            return self._same_entries(cast("dict[Any, Any]", left), cast("dict[Any, Any]", right))
        is_odd = _number(left) is not None or _number(right) is not None
        if is_odd and _failed(cast("object", left), cast("object", right)) is None:
            raise TypeError("no such overload")  # as of the language's own numbers: a text is none, whatever it says
        return self.own["_==_"](left, right)

    def _same(self, left: list[Any], right: list[Any]) -> Any:
        """Raises TypeError for members that cannot be compared, where no others differ."""
        if len(left) != len(right):
            return self.own["bool"](False)
        odd: TypeError | None = None
        for pair in zip(left, right, strict=True):
            try:
                if not (same := self.equal(*pair)):
                    return same
            except TypeError as error:
                odd = error
        if odd is not None:
            raise odd
        return self.own["bool"](True)

    def _same_entries(self, left: dict[Any, Any], right: dict[Any, Any]) -> Any:
        if left.keys() != right.keys():
            return self.own["bool"](False)
        return self._same(list(left.values()), [right[key] for key in left])

    def unequal(self, left: Any, right: Any) -> Any:
        same = self.equal(left, right)
        return same if _failed(same) else self.own["bool"](not same)

    def is_in(self, item: Any, container: Any) -> Any:
        """Raises TypeError where the item cannot be compared with all members, and is none of the others."""
        if (failed := _failed(item, container)) is not None:
            return failed
        if not isinstance(container, list | dict):
            raise TypeError("no such overload")
        odd: TypeError | None = None
        for each in cast("list[Any]", container):
            try:
                same = self.equal(each, item)
            except TypeError as error:
                odd = error
                continue
            if same:
                return same
        if odd is not None:
            raise odd
        return self.own["bool"](False)

    def negated(self, value: Any) -> Any:
        return value.copy_negate() if isinstance(value, Decimal) else self.own["-_"](value)

    def compared(self, name: str, left: Any, right: Any) -> Any:
        numbers = _numbers(left, right)
        return self.own[name](left, right) if numbers is None else self.own["bool"](_ORDERED[name](*numbers))

    def counted(self, name: str, left: Any, right: Any) -> Any:
        numbers = _numbers(left, right)
        if numbers is None or (type(left) is type(right) and not isinstance(left, Decimal)):
            return self.own[name](left, right)
        with localcontext(_EXACT):
            return _COUNTED[name](*numbers)


def functions(own: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """The functions to have in the place of the language's `own`, by name."""
    ours = _Functions(own)
    return {
        **{name: partial(ours.compared, name) for name in _ORDERED},
        **{name: partial(ours.counted, name) for name in _COUNTED},
        "_==_": ours.equal,
        "_!=_": ours.unequal,
        "_in_": ours.is_in,
        "-_": ours.negated,
    }


def _failed(*values: object) -> Exception | None:
    return next((each for each in values if isinstance(each, Exception)), None)


def _numbers(left: Any, right: Any) -> tuple[Decimal, Decimal] | None:
    """Both as they are written; None where one is no number."""
    one, other = _number(left), _number(right)
    return None if one is None or other is None else (one, other)


def _number(value: Any) -> Decimal | None:
    match value:
        case Decimal():
            return value
        case float():
            return Decimal(float.__repr__(value))
        case int() if type(value).__name__ not in ("bool", "BoolType"):
            return Decimal(int.__repr__(value))
        case _:
            return None
