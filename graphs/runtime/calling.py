"""Calling a function that somebody else wrote: `async def` here, anything else in a worker thread."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import Context, copy_context
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")


def awaitable(fn: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """The function, to be awaited. A plain one blocks nobody; it can be waited for, not stopped."""
    if inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(getattr(fn, "__call__", None)):  # noqa: B004
        return fn
    return partial(_in_a_thread, fn)


async def _in_a_thread(fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    result = await asyncio.to_thread(fn, *args, **kwargs)
    return await result if inspect.isawaitable(result) else result


async def invoke(fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """What the function returns."""
    return await awaitable(fn)(*args, **kwargs)


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
