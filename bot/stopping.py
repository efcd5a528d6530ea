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
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Self, TypeVar

from graphs.runtime import places

logger = logging.getLogger(__name__)

T = TypeVar("T")

LIMIT = 14.0
"""Seconds from the signal until the process ends, whatever still runs in it: those that the worker gives the steps in
flight, and a few in which everything is closed.
"""


THREADS = 256
"""Of the loop's own, for `asyncio.to_thread`. Tools that are not `async def` have others."""

TAKEN_BACK_EVERY = 1.0
"""Seconds after which the signals are ours again that an agent's code, or a library of it, has taken over."""


def run_to_end(main: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, for a whole process: on a loop that only the end of `main` ends. Once that was told to `Stop`,
    the process ends within `LIMIT` seconds.
    """
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)


def leave(code: int) -> None:
    """End the process now if a call still blocks a thread: while the interpreter ends by itself it would end that
    thread wherever it stands, and abort where that is inside a library that does not take it (pydantic's is one).
    """
    if places.are_busy():
        logging.shutdown()
        os._exit(code)


class _Loop(asyncio.SelectorEventLoop):
    """Goes on where a task or a callback raises `SystemExit` or `KeyboardInterrupt`, or stops the loop: those that an
    agent's code leaves behind, for what is awaited is caught where it is called.

    `stops` is put into when the process has to end, also from a signal's handler: how it exits if it does not end by
    itself.
    """

    def __init__(self) -> None:
        super().__init__()
        # An agent may send what blocks there too, and names are looked up there. A thread is made when it is needed.
        self.set_default_executor(ThreadPoolExecutor(THREADS, "default"))
        self.stops: SimpleQueue[int] = SimpleQueue()
        threading.Thread(target=self._end, name="stop", daemon=True).start()

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

    def _end(self) -> None:
        """In a thread, which nothing that runs in the loop can hold up."""
        code = self.stops.get()
        time.sleep(LIMIT)
        logger.error(
            "still not ended %d s after it was told to; what runs is left, and a call that was begun is in doubt after "
            "the next start",
            LIMIT,
        )
        os._exit(code)


class Stop(asyncio.Event):
    """Set by SIGTERM and SIGINT while it is entered, or by whoever finds that the process has to end.

    A signal is heard in a busy loop too.
    """

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._stops: SimpleQueue[int] = self._loop.stops if isinstance(self._loop, _Loop) else SimpleQueue()
        self._before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        for number in self._before:
            self._take(number)
        self._again = self._loop.call_later(TAKEN_BACK_EVERY, self._take_back)
        return self

    def __exit__(self, *_: object) -> None:
        self._again.cancel()
        for number, handler in self._before.items():
            self._loop.remove_signal_handler(number)
            signal.signal(number, handler)

    def set(self) -> None:
        self._stops.put(1)
        super().set()

    def _take(self, number: signal.Signals) -> None:
        self._loop.add_signal_handler(number, self.set)  # wakes the loop, whichever thread the signal came to
        signal.signal(number, self._told)

    def _take_back(self) -> None:
        for number in self._before:
            if signal.getsignal(number) != self._told:
                logger.warning("something took %s over, which tells the bot to stop; it is taken back", number.name)
            self._take(number)
        self._again = self._loop.call_later(TAKEN_BACK_EVERY, self._take_back)

    def _told(self, *_: object) -> None:
        self._stops.put(0)
