"""Waiting for what another task, thread or process does: for the thing itself, never for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")

LIMIT = 20.0
"""Seconds after which a test has waited in vain."""

PAUSES = (0.005, 0.01, 0.02)
"""Seconds between the first looks; the last goes on for all that follow."""


@overload
async def until(look: Callable[[], Awaitable[T | None]], what: str | Callable[[], str]) -> T: ...


@overload
async def until(look: Callable[[], T | None], what: str | Callable[[], str]) -> T: ...


async def until(look: Callable[[], Any], what: str | Callable[[], str]) -> Any:
    """The first true answer of `look`. After the limit it fails, saying what was waited for."""
    end = time.monotonic() + LIMIT
    looks = 0
    while True:
        answer = look()
        found = await answer if isinstance(answer, Awaitable) else answer
        if found:
            return found
        assert time.monotonic() < end, f"waited {LIMIT:.0f} s for {what if isinstance(what, str) else what()}"
        await asyncio.sleep(PAUSES[min(looks, len(PAUSES) - 1)])
        looks += 1
