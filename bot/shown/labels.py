"""What the arguments of a call are called where people read them, and which texts have to stand in quotes there. Pure.

A label is followed by its value, with nothing between: "order id 1042". So a text must not begin with the rest of
another label ("order" with the text "id 1042"), nor end as a value that another label might have.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bot.shown.values import SHORT, is_scalar, quoted

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*")
_BRACKETS = frozenset('"[]{}')


def label(name: str) -> str:
    """`due_date` → "due date"; any other name as JSON writes it. No two names have one label."""
    if _NAME.fullmatch(name) and len(name) <= SHORT:
        return name.replace("_", " ")
    return quoted(name[:SHORT])[0]


@dataclass(frozen=True)
class Labels:
    """Those of a tool's arguments; `declared` is None where nobody knows which it might have."""

    declared: Collection[str] | None = None

    @classmethod
    def of(cls, names: Iterable[str] | None) -> Labels:
        return cls(None if names is None else frozenset(map(label, names)))

    def takes_quotes(self, name: str, value: object) -> bool:
        """Whether this value is a text that could be read as another argument's, unless it stands in quotes."""
        if not isinstance(value, str):
            return False
        mine = label(name)
        if self.declared is None or mine not in self.declared:
            ends = value.split()[-1:]
            return " " in mine or bool(_BRACKETS & set(value)) or any(map(is_scalar, ends))
        return any(f"{mine} {value} ".startswith(f"{other} ") for other in self.declared if len(other) > len(mine))
