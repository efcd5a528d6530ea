"""Waiting, in a thread without an event loop, for what runs in one.

Scripts and notebooks have no loop: for them the process has one, on a thread of its own, started when it is first used.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext, suppress
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")

PATIENCE = 1.0
"""Seconds that the end of the process waits for the background loop to end."""


class _Background:
    """The event loop of the process, on a daemon thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="background loop", daemon=True)
                self._thread.start()
            return self._loop

    def end(self) -> None:
        """The process ends. Nobody is left who waits for what runs in it."""
        if self._loop is None or self._thread is None:
            return
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        if not self._thread.is_alive():
            self._loop.close()


_background = _Background()
atexit.register(lambda: _background.end())


def _forget() -> None:
    """In a process that was forked: the thread has stayed behind."""
    global _background
    _background = _Background()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def background_loop() -> asyncio.AbstractEventLoop:
    """The loop for whoever has none."""
    return _background.loop()


def is_in_loop() -> bool:
    """Whether an event loop runs in this thread, so that nobody may wait in it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def refuse_in_loop(what: str, instead: str) -> None:
    """Raises `RuntimeError` where waiting would block an event loop."""
    if is_in_loop():
        raise RuntimeError(f"{what} blocks, and an event loop runs in this thread: use `{instead}`")


class Holder(Protocol):
    """What a thread holds that waits here."""

    def lent(self) -> AbstractContextManager[None]:
        """Around each time that it waits."""
        ...

    def attending(self, cancel: Callable[[], None]) -> AbstractContextManager[None]:
        """Around the whole of what it waits for. `cancel` is called when nobody needs that any more."""
        ...


class _Nothing:
    def lent(self) -> AbstractContextManager[None]:
        return nullcontext()

    def attending(self, cancel: Callable[[], None]) -> AbstractContextManager[None]:
        return nullcontext()


NOTHING: Holder = _Nothing()


def run(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T], holder: Holder = NOTHING) -> T:
    """What the coroutine returns or raises in this loop, which another thread runs; in this thread's context.

    What interrupts the waiting (Ctrl-C) cancels it and is raised once it has ended. Raises `RuntimeError` when the loop
    does not run.
    """
    work = _Work(loop, coroutine, holder)
    with holder.attending(work.cancel):
        return work.result()


def iterate(
    loop: asyncio.AbstractEventLoop, source: AsyncIterator[T], holder: Holder = NOTHING
) -> Generator[T, None, None]:
    """What `source` gives in this loop, each when it is asked for. A generator that is closed ends the source."""
    asked = asyncio.Semaphore(0)
    given: SimpleQueue[tuple[T] | None] = SimpleQueue()

    async def hand_out() -> None:
        try:
            await asked.acquire()
            async for item in source:
                given.put((item,))
                await asked.acquire()
        finally:
            if isinstance(source, AsyncGenerator):
                await source.aclose()

    work = _Work(loop, hand_out(), holder, has_ended=lambda: given.put(None))
    try:
        with holder.attending(work.cancel):
            while True:
                loop.call_soon_threadsafe(asked.release)
                item = work.wait(given.get)
                if item is None:
                    return work.result()
                yield item[0]
    finally:
        work.end()


class _Work(Generic[T]):
    """A coroutine at work in a loop, for a thread that waits for it. `has_ended` is called in the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        coroutine: Coroutine[Any, Any, T],
        holder: Holder,
        has_ended: Callable[[], None] = lambda: None,
    ) -> None:
        self._loop = loop
        self._holder = holder
        self._has_ended = has_ended
        self._task: asyncio.Task[T] | None = None
        self._ended = threading.Event()
        try:
            if not loop.is_running():
                raise RuntimeError(
                    "the event loop in which this storage was opened does not run any more: open it anew"
                )
            loop.call_soon_threadsafe(self._begin, coroutine)
        except BaseException:
            coroutine.close()
            raise

    def result(self) -> T:
        """What the coroutine returns or raises, once it has ended."""
        self.wait(self._ended.wait)
        assert self._task is not None
        return self._task.result()

    def wait(self, until: Callable[[], R]) -> R:
        """What `until()` returns, which waits for something that the coroutine does."""
        try:
            with self._holder.lent():
                return until()
        except BaseException:
            self.end()
            raise

    def cancel(self) -> None:
        """From any thread."""
        with suppress(RuntimeError):  # the loop is closed, and everything in it has ended
            self._loop.call_soon_threadsafe(self._cancel)

    def end(self) -> None:
        """Cancel it, and wait for its end where one can wait."""
        if self._ended.is_set():
            return
        self.cancel()
        if not is_in_loop():  # where a generator may be collected that nobody closed
            with self._holder.lent():
                self._ended.wait()

    def _begin(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._task = self._loop.create_task(coroutine)
        self._task.add_done_callback(self._end)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _end(self, task: asyncio.Task[T]) -> None:
        if not task.cancelled():
            task.exception()  # who waited has it, or has gone
        self._ended.set()
        self._has_ended()


class InALoop(Protocol):
    """What is used in one event loop."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop: ...


S = TypeVar("S", bound=InALoop)
P = ParamSpec("P")


def either_way(
    method: Callable[Concatenate[S, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """A method that is awaited in an event loop, and that blocks and gives its result at once where none runs."""

    @functools.wraps(method)
    def call(self: S, *args: P.args, **kwargs: P.kwargs) -> Any:
        coroutine = method(self, *args, **kwargs)
        return coroutine if is_in_loop() else run(self.loop, coroutine)

    return call


class EitherWay(AbstractAsyncContextManager[T], AbstractContextManager[T]):
    """What `async with` opens in the loop that runs, and `with` in the background's. Entered once."""

    def __init__(self, opening: AbstractAsyncContextManager[T], name: str) -> None:
        self._opening = opening
        self._name = name

    async def __aenter__(self) -> T:
        return await self._opening.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        return await self._opening.__aexit__(kind, error, traceback)

    def __enter__(self) -> T:
        refuse_in_loop(f"with {self._name}", f"async with {self._name}")
        return run(background_loop(), self._opening.__aenter__())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        run(background_loop(), self._opening.__aexit__(None, None, None))  # what was raised is raised on
