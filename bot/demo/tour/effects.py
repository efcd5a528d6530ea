"""What happened in the side panel's tables between two looks at them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

Row = Mapping[str, str]
Tables = Mapping[str, Sequence[Row]]

MACHINE_KEY = re.compile(r"[0-9a-f-]{32,}")
"""A cell that says nothing to a person."""


@dataclass(frozen=True)
class Change:
    """A cell that changed, or a row that came (`column` is empty then). `row` is the row's first cell."""

    table: str
    row: str
    column: str
    before: str
    after: str

    def __str__(self) -> str:
        if not self.column:
            return f"{self.table}: a new row, {self.after}"
        return f"{self.table}, {self.row}: {self.column} {self.before} → {self.after}"


def changes(before: Tables, after: Tables) -> list[Change]:
    """Rows are compared in their order: nobody takes one away here."""
    return [
        change
        for name, rows in after.items()
        for old, new in zip_longest(before.get(name, ()), rows)
        for change in _row_changes(name, old, new)
    ]


def _row_changes(table: str, old: Row | None, new: Row | None) -> list[Change]:
    if new is None:
        return [Change(table, "", "", "", "less")]
    key, *cells = new.values()
    if old is None:
        told = [cell for cell in cells if cell and not MACHINE_KEY.fullmatch(cell)]
        return [Change(table, key, "", "", ", ".join(told))]
    return [Change(table, key, column, old[column], cell) for column, cell in new.items() if old[column] != cell]
