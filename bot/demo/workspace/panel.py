"""The side panel: the tables of a SQLite file that belongs to somebody else, shown as they are."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

Table = dict[str, Any]

ROWS = 200
"""Rows shown of a table, the first ones."""

TABLES = """
select name from sqlite_schema where type = 'table' and name not like 'sqlite#_%' escape '#' order by rowid
"""

INTERVAL = 0.3
"""Seconds between two looks at the file."""


class Panel:
    """Reads every table of `file`, read-only. A file that does not exist (yet) has no tables."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._shown: list[Table] = []

    async def tables(self) -> list[Table]:
        """`[{name, columns, rows, keys, count}]`, in the order the tables were created.

        keys: what each row is known by, whatever changes in it: its primary key, else its rowid.
        count: how many rows there are, shown or not.
        """
        if self._file is None or not self._file.exists():
            return []
        with suppress(sqlite3.OperationalError):  # locked, or being created: the last look stands until the next one
            self._shown = await asyncio.to_thread(_read, self._file)
        return self._shown

    async def watch(self, changed: Callable[[list[Table]], None], watched: Callable[[], bool]) -> None:
        """Calls `changed` whenever the tables did, as long as somebody looks. Runs until it is cancelled."""
        if self._file is None:
            return
        stamp: tuple[Any, ...] | None = None
        shown: list[Table] | None = None
        while True:
            await asyncio.sleep(INTERVAL)
            if not watched() or (now := _stamp(self._file)) == stamp:
                continue
            stamp, tables = now, await self.tables()
            if tables != shown:
                changed(tables)
            shown = tables


def _stamp(file: Path) -> tuple[Any, ...]:
    """What changes with every commit, without opening the database: the file and its write-ahead log."""
    parts = (file, file.with_name(file.name + "-wal"))
    return tuple((part.stat().st_mtime_ns, part.stat().st_size) if part.exists() else None for part in parts)


def _read(file: Path) -> list[Table]:
    database = sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=0.2)
    try:
        names = database.execute(TABLES).fetchall()
        return [_table(database, name) for (name,) in names]
    finally:
        database.close()


def _table(database: sqlite3.Connection, name: str) -> Table:
    identifier = _quoted(name)
    columns, key = _columns(database, name)
    wanted = ", ".join(map(_quoted, (*key, *columns)))
    found = database.execute(f"select {wanted} from {identifier} limit {ROWS}").fetchall()  # noqa: S608 - from the schema
    (count,) = database.execute(f"select count(*) from {identifier}").fetchone()  # noqa: S608
    return {
        "name": name,
        "columns": columns,
        "rows": [[_shown(value) for value in row[len(key) :]] for row in found],
        "keys": [json.dumps([_key(value) for value in row[: len(key)]]) for row in found],
        "count": count,
    }


def _columns(database: sqlite3.Connection, name: str) -> tuple[list[str], list[str]]:
    """All columns of a table, and those that tell its rows apart."""
    described = database.execute("select name, pk from pragma_table_xinfo(?) where hidden <> 1 order by cid", (name,))
    columns: dict[str, int] = dict(described.fetchall())
    primary = sorted((column for column in columns if columns[column]), key=lambda column: columns[column])
    taken = {column.lower() for column in columns}
    # A table has a rowid under the first of these names that is no column, unless it has a primary key instead.
    rowid = [each for each in ("rowid", "_rowid_", "oid") if each not in taken]
    return list(columns), primary or rowid[:1] or list(columns)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _key(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _shown(value: Any) -> Any:
    return f"({len(value)} bytes)" if isinstance(value, bytes) else value
