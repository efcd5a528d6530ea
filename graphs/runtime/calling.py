"""Calling a function that somebody else wrote: `async def` here, anything else in a worker thread."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any


async def invoke(fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """What the function returns. A plain one blocks nobody; it can be waited for, not stopped."""
    if inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(getattr(fn, "__call__", None)):  # noqa: B004
        return await fn(*args, **kwargs)
    result = await asyncio.to_thread(fn, *args, **kwargs)
    return await result if inspect.isawaitable(result) else result
