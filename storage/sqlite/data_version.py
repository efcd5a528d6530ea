"""SQLite's own count of commits, which tells of those that other connections and processes made."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

from storage.changes import POLL
from storage.errors import is_passing
from storage.sqlite.connections import Connection, JobConnection, connect


class DataVersion:
    """The count of one file. A connection to it is opened when first used, for nothing else, because SQLite counts
    versions for each connection apart.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._watcher: JobConnection | None = None
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")
        self._found = 0

    async def now(self) -> int:
        """The count, at most half a `POLL` old: however many wait, it is asked once. An old one wakes too often, and
        never too late. What cannot be asked now is taken to be as it was: it is asked again soon.
        """
        async with self._looking:
            if time.monotonic() - self._looked_at >= POLL / 2:
                try:
                    if self._watcher is None:
                        self._watcher = await connect(self._path, new=False, timeout=POLL).__aenter__()
                    self._found = await self._watcher.run(_data_version)
                except (sqlite3.Error, OSError) as error:
                    if not is_passing(error):
                        raise
                self._looked_at = time.monotonic()
            return self._found

    async def close(self) -> None:
        if self._watcher is not None:
            await self._watcher.close()


def _data_version(db: Connection) -> int:
    return db.execute("pragma data_version").fetchone()[0]
