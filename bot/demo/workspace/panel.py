"""The side panel: the tables of a SQLite file that belongs to somebody else, shown as they are."""

import asyncio
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
        """`[{name, columns, rows}]`, in the order the tables were created."""
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
    identifier = '"' + name.replace('"', '""') + '"'
    cursor = database.execute(f"select * from {identifier} limit {ROWS}")  # noqa: S608 - a name read from the schema
    columns = [column[0] for column in cursor.description]
    return {"name": name, "columns": columns, "rows": [[_shown(value) for value in row] for row in cursor]}


def _shown(value: Any) -> Any:
    return f"({len(value)} bytes)" if isinstance(value, bytes) else value
