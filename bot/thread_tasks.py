"""One task a thread, for whoever works on threads."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from graphs.texts.log_ids import known
from storage.errors import DatabaseGone, StorageUnavailable
from storage.ids import ThreadId
from storage.recent import Recent

logger = logging.getLogger(__name__)

REST = 2.0
"""Seconds that a thread is left alone whose task raised: what it stored on its way would begin it again at once."""

CUT_OFF = 2.0
"""Seconds that what is cut off has to end."""

REMEMBERED = 1000
"""Threads of which it is remembered that they rest."""


class ThreadTasks:
    """One task a thread at most. What asks for another meanwhile is looked at again when it ends: `wake` is called."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._tasks: dict[ThreadId, asyncio.Task[None]] = {}
        self._again: set[ThreadId] = set()
        self._rests_until = Recent(REMEMBERED)
        self._said = Recent(REMEMBERED)

    def start(self, thread_id: ThreadId, work: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """False when the thread has a task, or rests."""
        if thread_id in self._tasks:
            self._again.add(thread_id)
            return False
        if (self._rests_until.look(thread_id) or 0.0) > time.monotonic():
            return False
        with known({"thread": thread_id}):
            task = asyncio.create_task(work(), name=thread_id)
        self._tasks[thread_id] = task
        task.add_done_callback(lambda ended: self._ended(thread_id, ended))
        return True

    def __contains__(self, thread_id: ThreadId) -> bool:
        return thread_id in self._tasks

    async def end(self, seconds: float) -> Collection[ThreadId]:
        """Let them end by themselves for so long. What does not is cut off: the threads of those."""
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=seconds)
        left = dict(self._tasks)
        for task in left.values():
            task.cancel()
        if left:
            await asyncio.wait(left.values(), timeout=CUT_OFF)
        return left

    def _ended(self, thread_id: ThreadId, task: asyncio.Task[None]) -> None:
        with known({"thread": thread_id}):
            self._note_end(thread_id, task)
        if thread_id in self._again:
            self._again.discard(thread_id)
            self._wake()

    def _note_end(self, thread_id: ThreadId, task: asyncio.Task[None]) -> None:
        del self._tasks[thread_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            # The first two were said when that began.
            if isinstance(error, DatabaseGone | StorageUnavailable) or self._said.look(thread_id) == repr(error):
                logger.debug("thread %s is left as it is: %s", thread_id, error)
            else:
                logger.error("thread %s could not be looked after", thread_id, exc_info=error)
                self._said.put(thread_id, repr(error))
            self._rests_until.put(thread_id, time.monotonic() + REST)
