"""Retention: finished threads that nobody touched for long are deleted while the bot runs, as `signoff.toml` says.

What Slack shows of them stays. Whoever writes in such a conversation later begins a new one there. Several bots on one
database do no harm: each deletes what is still there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from datetime import timedelta

from bot.durations import in_short
from storage import Storage, retention
from storage.errors import DatabaseGone, StorageError
from storage.ids import ThreadId

logger = logging.getLogger(__name__)

LOOK_EVERY = 60.0
"""Seconds from one look for what is old enough to the next."""

AT_ONCE = 50
"""Threads that one look finds: when there are more, the next follows at once."""

REST, LONGEST_REST = 9.0, 5.0
"""How long it rests after each thread: so many times as long as that took, and seconds at most. So whoever has to be
answered has the database nine tenths of the time, and more of it where it is busy and everything takes longer.
"""

SAID_EVERY = 3600.0
"""Seconds from one line in the log to the next."""


class Retention:
    """Deletes finished threads of this age, until it is stopped."""

    def __init__(self, storage: Storage, age: timedelta, look_every: float = LOOK_EVERY) -> None:
        self._storage = storage
        self._age = age
        self._look_every = look_every
        self._stopping = asyncio.Event()
        self._deleted = 0
        self._said_at = float("-inf")

    async def run(self) -> None:
        """Work until `stop`."""
        while not self._stopping.is_set():
            try:
                is_more = await self._look()
            except DatabaseGone:
                return
            except StorageError as error:  # it is tried again
                logger.warning("nothing can be looked for that is old enough to be deleted: %s", error)
                is_more = False
            self._say()
            await self._rest(0.0 if is_more else self._look_every)
        self._say(now=True)

    def stop(self) -> None:
        """Ask `run` to end, after the thread that it deletes."""
        self._stopping.set()

    async def _look(self) -> bool:
        """Delete what is old enough now. True when there may be more."""
        before = self._storage.now() - self._age.total_seconds()
        found = await self._storage.read(lambda db: retention.finished(db, before, AT_ONCE))
        for thread_id in found:
            if self._stopping.is_set():
                return False
            began = time.monotonic()
            await self._delete(thread_id, before)
            await self._rest(min(REST * (time.monotonic() - began), LONGEST_REST))
        return len(found) == AT_ONCE

    async def _delete(self, thread_id: ThreadId, before: float) -> None:
        if await self._storage.write(lambda db: retention.delete(db, thread_id, before)):
            self._deleted += 1
            logger.debug("thread %s is deleted: it was finished, and old enough", thread_id)

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    def _say(self, *, now: bool = False) -> None:
        if self._deleted and (now or time.monotonic() - self._said_at >= SAID_EVERY):
            age = in_short(self._age)
            threads = "1 finished thread" if self._deleted == 1 else f"{self._deleted} finished threads"
            logger.info("%s that nobody had touched for %s: deleted", threads, age)
            self._deleted, self._said_at = 0, time.monotonic()
