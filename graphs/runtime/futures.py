"""What a call of a `@task` gives: a future. A coroutine awaits it, a plain `def` asks for its `result()`.

In an event loop it is one of asyncio's, in a thread one of `concurrent.futures`: whatever takes those takes it
(`asyncio.gather`, `asyncio.wait`, `concurrent.futures.as_completed`).
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from graphs.runtime import places
from graphs.runtime.frames import Begun
from storage.blocking import NOTHING, is_in_loop

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class TaskFuture(Protocol[R_co]):
    """A task that has begun."""

    def __await__(self) -> Generator[Any, Any, R_co]: ...

    def result(self, timeout: float | None = None) -> R_co:
        """What the task returned, or raises what it raised. In a plain `def` this waits, at most `timeout` seconds.

        Raises `InvalidStateError` in an event loop, where waiting would block, when the task has not ended.
        """
        ...

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What the task raised; as `result`."""
        ...

    def done(self) -> bool: ...
    def cancelled(self) -> bool: ...
    def cancel(self) -> bool:
        """Cancel the task. True when it had not ended."""
        ...

    def add_done_callback(self, fn: Callable[[Any], object], /) -> None: ...


def _refuse_to_wait() -> None:
    if is_in_loop():
        raise asyncio.InvalidStateError(
            "the task has not ended, and an event loop runs here: await it; .result() waits in a plain `def`"
        )


class InLoop(asyncio.Future[R]):
    """The future of a task that was begun in the event loop of its run."""

    def __init__(self, begun: Begun, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._begun = begun

    def __await__(self) -> Generator[Any, None, R]:
        try:
            return (yield from super().__await__())
        finally:
            self._tell()

    __iter__ = __await__

    def result(self, timeout: float | None = None) -> R:
        self._wait(timeout)
        self._tell()
        return super().result()

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self._wait(timeout)
        self._tell()
        return super().exception()

    def end(self, result: Any = None, error: BaseException | None = None) -> None:
        """In the loop, when the task has ended."""
        if isinstance(error, asyncio.CancelledError):
            super().cancel()
        elif error is None:
            self.set_result(result)
        else:
            self.set_exception(error)
            super().exception()  # where nobody asks for it, it is raised at the end of what began the task

    def cancel(self, msg: Any | None = None) -> bool:
        if self.done():
            return False
        self.get_loop().call_soon_threadsafe(self._begun.cancel)
        return True

    def _tell(self) -> None:
        if self.done():
            self._begun.tell()

    def _wait(self, timeout: float | None) -> None:
        """In a thread that it was handed to."""
        if self.done():
            return
        _refuse_to_wait()
        ended = InThread[None](self._begun)

        def wake(_: asyncio.Future[R]) -> None:
            ended.end()

        self.get_loop().call_soon_threadsafe(self.add_done_callback, wake)
        ended.result(timeout)


class InThread(concurrent.futures.Future[R]):
    """The future of a task that was begun in a thread: in a plain `def`."""

    def __init__(self, begun: Begun) -> None:
        super().__init__()
        self._begun = begun

    def __await__(self) -> Generator[Any, None, R]:
        try:
            return (yield from asyncio.wrap_future(self).__await__())
        finally:
            self._tell()

    def result(self, timeout: float | None = None) -> R:
        self._wait(timeout)
        self._tell()
        return super().result(timeout=0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self._wait(timeout)
        self._tell()
        return super().exception(timeout=0)

    def end(self, result: Any = None, error: BaseException | None = None) -> None:
        """In the loop, when the task has ended."""
        if self.done():  # nobody waits any more
            return
        if isinstance(error, asyncio.CancelledError):
            super().cancel()
            self.set_running_or_notify_cancel()
        elif error is None:
            self.set_result(result)
        else:
            self.set_exception(error)

    def cancel(self) -> bool:
        if self.done():
            return False
        self._begun.by.session.loop.call_soon_threadsafe(self._begun.cancel)
        return True

    def _tell(self) -> None:
        if self.done():
            self._begun.tell()

    def _wait(self, timeout: float | None) -> None:
        if self.done():
            return
        _refuse_to_wait()
        holder = places.here() or NOTHING
        with holder.attending(self._give_up), holder.lent():
            concurrent.futures.wait([self], timeout)
        if not self.done():
            raise TimeoutError

    def _give_up(self) -> None:
        """Nobody waits any more for the thread that waits here."""
        with suppress(concurrent.futures.InvalidStateError):
            self.set_exception(asyncio.CancelledError())
