"""Waiting until something was committed, by this process or by another."""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple

import aiosqlite

from storage.migrations import fetch_one

POLL = 0.25
"""Seconds between two looks for what another process has committed."""


class Mark(NamedTuple):
    """A moment in the database's life: our own commits, and SQLite's count of everybody's."""

    commits: int
    data_version: int


class Changes:
    """Tells waiters of commits: our own at once, another process's within `POLL` seconds.

    `watcher` is a connection used for nothing else, because SQLite counts versions for each connection apart; None in
    memory, where there is no other process.
    """

    def __init__(self, watcher: aiosqlite.Connection | None) -> None:
        self._watcher = watcher
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
        return Mark(commits, 0 if self._watcher is None else (await fetch_one(self._watcher, "pragma data_version"))[0])

    async def wait(self, since: Mark, timeout: float) -> bool:
        """True as soon as something was committed after `since`, False after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while await self.mark() == since:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            try:
                async with asyncio.timeout(min(left, POLL)):
                    await self._committed.wait()
            except TimeoutError:
                continue
        return True
