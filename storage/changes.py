"""Waiting until something was committed, by this process or by another."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import NamedTuple

from storage.connections import Connection, JobConnection, connect
from storage.errors import is_passing

POLL = 0.25
"""Seconds between two looks for what another process has committed."""


class Mark(NamedTuple):
    """A moment in the database's life: our own commits, and SQLite's count of everybody's."""

    commits: int
    data_version: int


class Changes:
    """Tells waiters of commits: our own at once, another process's within `POLL` seconds.

    `path` is the file's: a connection to it is opened when first used, for nothing else, because SQLite counts versions
    for each connection apart; None in memory, where there is no other process.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._watcher: JobConnection | None = None
        self._looking = asyncio.Lock()
        self._looked_at = float("-inf")
        self._data_version = 0
        self._commits = 0
        self._committed = asyncio.Event()

    def commit_happened(self) -> None:
        """Wake whoever waits; also for a reason that is no commit, such as that it is time to stop."""
        self._commits += 1
        self._committed.set()
        self._committed = asyncio.Event()

    async def mark(self) -> Mark:
        """Now. Take it before looking, hand it to `wait` after: what is committed in between is not missed."""
        commits = self._commits
        return Mark(commits, await self._version())

    async def wait(self, since: Mark, timeout: float) -> bool:
        """True as soon as something was committed after `since`, False after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while self._commits == since.commits and await self._version() == since.data_version:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            try:
                async with asyncio.timeout(min(left, POLL)):
                    await self._committed.wait()
            except TimeoutError:
                continue
        return True

    async def close(self) -> None:
        if self._watcher is not None:
            await self._watcher.close()

    async def _version(self) -> int:
        """SQLite's count, at most half a `POLL` old: however many wait, it is asked once. An old one wakes too often,
        and never too late. What cannot be asked now is taken to be as it was: it is asked again soon.
        """
        if self._path is None:
            return 0
        async with self._looking:
            if time.monotonic() - self._looked_at >= POLL / 2:
                try:
                    if self._watcher is None:
                        self._watcher = await connect(self._path, new=False, timeout=POLL).__aenter__()
                    self._data_version = await self._watcher.run(_data_version)
                except (sqlite3.Error, OSError) as error:
                    if not is_passing(error):
                        raise
                self._looked_at = time.monotonic()
            return self._data_version


def _data_version(db: Connection) -> int:
    return db.execute("pragma data_version").fetchone()[0]
