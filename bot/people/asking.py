"""Asking once for many: questions to Slack that several have at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

TURN = 0.5
"""Seconds that a call waits for the one before it, at most: that may never be answered."""


@dataclass
class _Call:
    task: asyncio.Task[Any]
    waiting: int = 0


class Asking:
    """At most one call for a thing is under way, and one is next.

    Whoever needs an answer from now on shares the next call with everybody who asks until it begins: two hundred clicks
    at once are a few calls.
    """

    def __init__(self) -> None:
        self._under_way: dict[Hashable, _Call] = {}
        self._next: dict[Hashable, _Call] = {}

    async def ask(self, what: Hashable, ask: Callable[[], Awaitable[T]], *, fresh: bool) -> T:
        """What a call says that is under way, or, where it has to be `fresh`, one that begins now or later. A call goes
        on as long as anybody waits for it.
        """
        call = None if fresh else self._under_way.get(what)
        call = call or self._next.get(what)
        if call is None:
            call = self._next[what] = _Call(asyncio.create_task(self._in_turn(what, ask), name=f"asking {what}"))
        call.waiting += 1
        try:
            return await asyncio.shield(call.task)
        finally:
            call.waiting -= 1
            if not call.waiting:
                call.task.cancel()
                self._forget(what, call)

    async def _in_turn(self, what: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        if (before := self._under_way.get(what)) is not None:
            await asyncio.wait([before.task], timeout=TURN)
        call = self._under_way[what] = self._next.pop(what)
        try:
            return await ask()
        finally:
            self._forget(what, call)

    def _forget(self, what: Hashable, call: _Call) -> None:
        """Nobody shares it from now on."""
        for calls in (self._under_way, self._next):
            if calls.get(what) is call:
                del calls[what]
