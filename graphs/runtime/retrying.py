"""Attempts: how often what raised is called again, how long after, and how long one call may take."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar, cast

from graphs.errors import (
    InDoubt,
    InterruptMisused,
    InvalidAnswer,
    NodeTimeoutError,
    QuestionChanged,
    QuestionExpired,
    ThreadBusy,
)
from graphs.runtime.calling import held
from graphs.runtime.types import RetryPolicy, TimeoutPolicy

T = TypeVar("T")

NEVER_RETRIED = (InDoubt, InterruptMisused, InvalidAnswer, QuestionChanged, QuestionExpired, ThreadBusy)
"""What another attempt would only raise again."""

Retries = RetryPolicy | Sequence[RetryPolicy] | None
Timeout = float | timedelta | TimeoutPolicy | None


def policies(given: Retries) -> tuple[RetryPolicy, ...] | None:
    """The policies, of which the first that applies to an error counts; None when nobody said."""
    if given is None:
        return None
    several = isinstance(cast(object, given), Sequence)
    found = tuple(cast("Sequence[RetryPolicy]", given if several else (given,)))
    if wrong := [each for each in found if not isinstance(cast(object, each), RetryPolicy)]:
        raise TypeError(f"retry_policy is a RetryPolicy or several, not {wrong[0]!r}")
    return found


def seconds(given: Timeout) -> float | None:
    """How long one attempt may take; None: as long as it takes. Raises `ValueError` for what is not above zero."""
    if isinstance(given, TimeoutPolicy):
        given = given.run_timeout
    if given is None:
        return None
    if isinstance(cast(object, given), bool) or not isinstance(cast(object, given), int | float | timedelta):
        raise TypeError(f"a timeout is in seconds, a timedelta or a TimeoutPolicy; not {given!r}")
    found = given.total_seconds() if isinstance(given, timedelta) else float(given)
    if found <= 0:
        raise ValueError(f"a timeout is greater than 0 seconds, not {found:g}")
    return found


async def attempts(
    call: Callable[[], Awaitable[T]], what: str, retries: Sequence[RetryPolicy] = (), timeout: float | None = None
) -> T:
    """Await `call()` until it returns, at most as often as the first of the policies says that applies to its error.
    Each attempt may take `timeout` seconds; `NodeTimeoutError` names `what` took longer. Raises what the last raised.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            return await call() if timeout is None else await _within(timeout, what, call)
        except NEVER_RETRIED:
            raise
        except Exception as error:
            policy = next((each for each in retries if held(applies, each, error)), None)
            if policy is None or attempt >= policy.max_attempts:
                raise
            interval = policy.interval(attempt)
        await asyncio.sleep(interval * random.uniform(0.5, 1.0) if policy.jitter else interval)


async def _within(limit: float, what: str, call: Callable[[], Awaitable[T]]) -> T:
    clock = asyncio.get_running_loop().time
    began, timeout = clock(), asyncio.timeout(limit)
    try:
        async with timeout:
            return await call()
    except TimeoutError as error:
        if not timeout.expired():  # the call's own
            raise
        raise NodeTimeoutError(what, clock() - began, run_timeout=limit) from error


def applies(policy: RetryPolicy, error: Exception) -> bool:
    """Whether a policy is about this error. Raises `TypeError` for a `retry_on` that says nothing of errors."""
    on: Any = policy.retry_on
    if isinstance(on, type):
        return isinstance(error, on)
    if callable(on):
        return bool(on(error))
    if isinstance(on, Sequence) and not isinstance(on, str):
        return isinstance(error, tuple(cast("Sequence[type[Exception]]", on)))
    raise TypeError(f"retry_on must be an Exception class, several of them, or a function of the error, not {on!r}")
