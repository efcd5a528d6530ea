"""Outages: while nothing can be stored or read (a lock, a full disk), whoever needs it waits, and it is said once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Literal

from storage.errors import StorageUnavailable
from storage.pauses import doubling

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
"""Seconds between two attempts. The longest is what a person waits at most once it is over."""

Deed = Literal["store", "read"]


def pauses() -> Iterator[float]:
    """How long to wait before each further attempt, in seconds."""
    return doubling(FIRST_PAUSE, LONGEST_PAUSE)


class Outage:
    """What cannot be done now, and since when. A line in the log says when it begins, and another when it is over."""

    def __init__(self) -> None:
        self._failing: set[Deed] = set()
        self.since = 0.0
        """When the newest began, by a clock that only counts: it tells one from another."""
        self._begun = asyncio.Event()
        self._over = asyncio.Event()
        self._giving_up = asyncio.Event()

    @property
    def is_on(self) -> bool:
        return bool(self._failing)

    @property
    def is_given_up(self) -> bool:
        """Whether nobody waits any more: what cannot be done at once has failed."""
        return self._giving_up.is_set()

    def failed(self, deed: Deed, error: BaseException) -> None:
        """An attempt failed, and will be made again."""
        if not self._failing:
            self.since = time.monotonic()
            self._over.clear()
            self._begun.set()
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            said = str(error).partition("\n")[0]
            logger.error("the database cannot %s now: %s (%s); trying until it can", deed, said, name)
        self._failing.add(deed)

    def worked(self, deed: Deed) -> None:
        if deed not in self._failing:
            return
        self._failing.discard(deed)
        if not self._failing:
            self._begun.clear()
            self._over.set()
            logger.warning("the database works again, after %.0f s", time.monotonic() - self.since)

    async def lasts(self, seconds: float) -> None:
        """Return once there is one that has lasted so long."""
        while True:
            await self._begun.wait()
            try:
                async with asyncio.timeout(max(0.0, self.since + seconds - time.monotonic())):
                    await self._over.wait()
            except TimeoutError:
                return

    async def ends(self, within: float) -> None:
        """Return once it is over, or so many seconds have passed."""
        if self._failing:
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await self._over.wait()

    def give_up(self) -> None:
        """Let nobody wait for its end: it is time to stop."""
        self._giving_up.set()

    async def pause(self, seconds: float, error: BaseException) -> None:
        """Wait before the next attempt. Raises `StorageUnavailable` when nobody waits any more."""
        try:
            async with asyncio.timeout(seconds):
                await self._giving_up.wait()
        except TimeoutError:
            return
        raise unavailable(error) from error


def unavailable(error: BaseException | None = None) -> StorageUnavailable:
    """What somebody who does not wait for longer is told."""
    return StorageUnavailable(f"the database cannot be used now{'' if error is None else f': {error}'}")
