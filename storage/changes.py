"""Waiting until something was committed, by this process or by another."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

POLL = 0.25
"""Seconds between two looks for what another process has committed."""


class Mark(NamedTuple):
    """A moment in the database's life: our own commits, and a count of everybody's."""

    commits: int
    others: int


async def _nobody() -> int:
    return 0


class Changes:
    """Tells waiters of commits: our own at once, another process's within `poll` seconds, or as soon as whoever hears
    of it calls `commit_happened`.

    `others` is a count that differs once somebody else has committed; of a database in memory there is nobody else.
    `look_after` says after how many seconds whoever waits has to look by himself: what is heard may be too little.
    """

    def __init__(
        self,
        others: Callable[[], Awaitable[int]] = _nobody,
        poll: float = POLL,
        look_after: Callable[[], float] = lambda: math.inf,
    ) -> None:
        self._others = others
        self._poll = poll
        self._look_after = look_after
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
        return Mark(commits, await self._others())

    async def wait(self, since: Mark, timeout: float) -> bool:
        """True as soon as something was committed after `since`, or may have been; False after `timeout` seconds."""
        began = time.monotonic()
        while self._commits == since.commits and await self._others() == since.others:
            waited = time.monotonic() - began
            left = timeout - waited
            if left <= 0:
                return False
            if waited >= self._look_after():
                return True
            try:
                async with asyncio.timeout(min(left, self._poll)):
                    await self._committed.wait()
            except TimeoutError:
                continue
        return True
