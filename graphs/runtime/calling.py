"""Calling code that somebody else wrote: a node's, a router's, a tool's, a policy's.

Whatever it raises is the end of that call and of nothing else. `SystemExit`, `KeyboardInterrupt`, `GeneratorExit`, a
cancellation that is not ours: each would end the event loop, or a task that had better go on, so what comes out is an
`Exception` in its place. Only the runtime's own signals (`GraphBubbleUp`), and our own cancellation of the task that
waits, pass as they are. Everything that catches `BaseException` stands here.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar, cast

from graphs.errors import UnexpectedExit
from graphs.runtime import places

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds that a call which is cancelled has to end. One that goes on after that is left to itself."""


class GraphBubbleUp(BaseException):
    """Unwinds a node. No `Exception`, so that the node's own error handling does not swallow it."""


class Paused(GraphBubbleUp):
    """Unwinds a task that asked."""


class TimeIsUp(Exception):
    """A call was still at work after the seconds that it had."""


@dataclass(frozen=True)
class _Outcome:
    """How a call ended. `error` is what stands for what it raised."""

    value: Any = None
    error: BaseException | None = None

    def give(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


def awaitable(fn: Callable[..., Any], *, bounded: bool = True) -> Callable[..., Awaitable[Any]]:
    """The function, to be awaited: an `async def` in the task that awaits it, anything else in a thread.

    Not `bounded`, it never waits for a place among the functions that block.
    """
    if _is_async(fn):
        return partial(_in_this_task, fn)
    return partial(_in_a_thread, fn, None, bounded)


async def invoke(fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """What the function returns: an `async def` runs in a task of its own, so that what it does to its task it does to
    itself; anything else in a thread, which can be waited for and not stopped.
    """
    return await limited(None, fn, *args, **kwargs)


async def limited(seconds: float | None, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """As `invoke`, if it returns within these seconds. They count from when the function begins, not from when it waits
    for a place. Raises `TimeIsUp`: an `async def` was cancelled then, a thread goes on until it ends by itself.
    """
    if not _is_async(fn):
        return await _in_a_thread(fn, seconds, True, *args, **kwargs)
    async with _time_limit(seconds):
        return await _in_a_task(partial(fn, *args, **kwargs))


def held(fn: Callable[..., Any], /, *args: Any) -> Any:
    """What a function returns that is called where it stands, in the event loop."""
    return _outcome_of(partial(fn, *args)).give()


async def _in_this_task(fn: Callable[..., Awaitable[Any]], /, *args: Any, **kwargs: Any) -> Any:
    task = asyncio.current_task()
    try:
        return await fn(*args, **kwargs)
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError | GeneratorExit) and _is_ours(task):
            raise
        other = _stand_in(error)
        if other is error:
            raise
        raise other from error


def _is_ours(task: asyncio.Task[Any] | None) -> bool:
    """Whether this task is being cancelled, or closed: by whoever has it, while nothing runs or another task does."""
    try:
        return task is None or task.cancelling() > 0 or asyncio.current_task() is not task
    except RuntimeError:  # no loop runs
        return True


async def _in_a_thread(
    fn: Callable[..., Any], seconds: float | None, bounded: bool, /, *args: Any, **kwargs: Any
) -> Any:
    place = await places.take(bounded=bounded)
    async with _time_limit(seconds):
        result = (await place.run(partial(_outcome_of, partial(fn, *args, **kwargs)))).give()
        return await _in_a_task(lambda: result) if inspect.isawaitable(result) else result


@asynccontextmanager
async def _time_limit(seconds: float | None) -> AsyncGenerator[None]:
    if seconds is None:
        yield
        return
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if limit.expired():
            raise TimeIsUp from error
        raise  # the function's own


async def _in_a_task(call: Callable[[], Awaitable[Any]]) -> Any:
    task = asyncio.create_task(_outcome_of_awaited(call))
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait([task], timeout=PATIENCE)
        raise
    return (_Outcome(error=_stand_in(asyncio.CancelledError())) if task.cancelled() else task.result()).give()


async def _outcome_of_awaited(call: Callable[[], Awaitable[Any]]) -> _Outcome:
    try:
        return _Outcome(await call())
    except BaseException as error:  # noqa: BLE001 - see the module
        return _Outcome(error=_stand_in(error))


def _is_async(fn: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(getattr(fn, "__call__", None))  # noqa: B004


def _outcome_of(call: Callable[[], Any]) -> _Outcome:
    try:
        return _Outcome(call())
    except BaseException as error:  # noqa: BLE001 - see the module
        return _Outcome(error=_stand_in(error))


def _stand_in(error: BaseException) -> BaseException:
    """What is raised in the place of an error that may not go further; else the error itself."""
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 - an error that cannot even be told
        text = None
    if isinstance(error, GraphBubbleUp) or (text is not None and _may_pass(error)):
        return error
    other = UnexpectedExit(f"{type(error).__name__}: {text}" if text else type(error).__name__)
    other.__cause__ = error
    return other


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        _, others = group.split(GraphBubbleUp)
        return others is None or isinstance(others, Exception)
    # What ends a generator would end whichever it passes through.
    return isinstance(error, Exception) and not isinstance(error, StopIteration | StopAsyncIteration)


class Apart(Generic[T]):
    """Awaits a coroutine in a copy of the context, as a task of its own would, without the task: what it sets of
    context variables stays in it.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine
        self._context: Context = copy_context()

    def __await__(self) -> Generator[Any, Any, T]:
        step, given = self._coroutine.send, None
        while True:
            try:
                waited_for = self._context.run(step, given)
            except StopIteration as end:
                return end.value
            try:
                given, step = (yield waited_for), self._coroutine.send
            except GeneratorExit:
                self._context.run(self._coroutine.close)
                raise
            except BaseException as error:  # noqa: BLE001 - whatever the loop throws in is the coroutine's
                given, step = error, self._coroutine.throw
