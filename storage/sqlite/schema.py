"""Which tables and columns there are in a database of a version, of either kind: asked of one in memory."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache

from storage.migrations import migrate

NOT_COPIED = frozenset({"owners"})
LAST = "conversations"
"""A thread that comes after its conversation would mark that as out of date."""

_ORDER = {"votes": "rowid"}
"""The order of rows that have no number of their own, where it counts."""


@dataclass(frozen=True)
class Table:
    """A table as both kinds of database have it. `numbered` is the column whose numbers are never given twice, `order`
    the one in whose order rows are copied.
    """

    name: str
    columns: tuple[str, ...]
    numbered: str | None
    order: str | None

    @property
    def listed(self) -> str:
        """The columns, in SQL."""
        return ", ".join(f'"{column}"' for column in self.columns)

    @property
    def select(self) -> str:
        return f"select {self.listed} from {self.name}" + (f" order by {self.order}" if self.order else "")


@lru_cache
def tables(version: int) -> tuple[Table, ...]:
    """Those of a database of this version, in the order in which they are copied."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db, version)
        names = [row[0] for row in db.execute("select name from sqlite_master where type = 'table' order by name")]
        found = [_table(db, name) for name in names if not name.startswith("sqlite_") and name not in NOT_COPIED]
    return tuple(sorted(found, key=lambda table: table.name == LAST))


def _table(db: sqlite3.Connection, name: str) -> Table:
    columns = db.execute(f"pragma table_info({name})").fetchall()  # which names no generated ones
    (made,) = db.execute("select sql from sqlite_master where name = ?", (name,)).fetchone()
    number = next((column[1] for column in columns if column[5] and column[2].lower() == "integer"), None)
    numbered = number if "autoincrement" in made else None
    return Table(name, tuple(column[1] for column in columns), numbered, number or _ORDER.get(name))
