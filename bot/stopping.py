"""How the process ends: when it is told to, in bounded time, and by nothing that an agent's code does.

An agent's code runs in this process, and may hold anything in it up: the event loop, a task, a thread.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Coroutine
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

LIMIT = 14.0
"""Seconds from the signal until the process ends, whatever still runs in it: those that the worker gives the steps in
flight, and a few in which everything is closed.
"""


def run_to_end(main: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, on a loop that only the end of `main` ends."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)


class _Loop(asyncio.SelectorEventLoop):
    """Goes on where a task or a callback raises `SystemExit` or `KeyboardInterrupt`, or stops the loop: those that an
    agent's code leaves behind, for what is awaited is caught where it is called.
    """

    def run_until_complete(self, future: Any) -> Any:
        main = asyncio.ensure_future(future, loop=self)
        while True:
            try:
                return super().run_until_complete(main)
            except (SystemExit, KeyboardInterrupt, RuntimeError) as error:
                was_stopped = isinstance(error, RuntimeError) and "stopped before" in str(error)
                if main.done() or not (was_stopped or isinstance(error, SystemExit | KeyboardInterrupt)):
                    raise
                logger.error("something that no call waits for raised %r in the event loop; it goes on", error)


class Stop(asyncio.Event):
    """Set by SIGTERM and SIGINT, or by whoever finds that the process has to end. From then on it has `LIMIT` seconds.

    The signal is heard in a busy loop too, and the time is kept by a thread that nothing can hold up.
    """

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._begun: SimpleQueue[None] = SimpleQueue()  # may be put into from a signal's handler
        self._is_told = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told)
        threading.Thread(target=self._end, name="stop", daemon=True).start()

    def set(self) -> None:
        self._begun.put(None)
        super().set()

    def _told(self, *_: object) -> None:
        self._is_told = True
        self._begun.put(None)
        with suppress(RuntimeError):  # the loop is closed: it is ending already
            self._loop.call_soon_threadsafe(self.set)

    def _end(self) -> None:
        self._begun.get()
        time.sleep(LIMIT)
        logger.error(
            "still not ended %d s after it was told to; what runs is left, and a call that was begun is in doubt after "
            "the next start",
            LIMIT,
        )
        os._exit(0 if self._is_told else 1)
