"""Calls under way on a connection of the older protocol, where a server asks while it waits for the answer.

What it asks does not say which call it is about. So it is that of the one call which is at work; where several are, it
is refused once, and from then on they are at work one after another. A call that waits for a person is not at work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import mcp_types as types
from mcp.shared.exceptions import MCPError

KEPT_FOR = 900.0
"""Seconds that a call under way waits for a person. After that it is given up, and begun again once they answered."""

LOOK_EVERY = 2.0
"""Seconds after which it is looked whether such a call is still waited for: its question may have been taken back."""

MOST_KEPT = 20
"""Calls of one connection that wait so."""

UNCLEAR = "Several calls are under way, and this client cannot tell which one this is about. It should be called again."

NOTHING = "Nothing is under way that this could be about."


class LiveCall:
    """One call under way: what was asked so far, in its order, and what it comes to."""

    def __init__(self, begin: Callable[[], Coroutine[Any, Any, Any]], released: Callable[[LiveCall], None]) -> None:
        self._asked: list[tuple[types.ElicitRequestParams, asyncio.Future[types.ElicitResult]]] = []
        self._news = asyncio.Event()
        self._task = asyncio.create_task(begin())
        self._task.add_done_callback(lambda task: self._done(task, released))
        self._keeping: asyncio.Task[None] | None = None

    @property
    def is_at_work(self) -> bool:
        """Whether it waits for nobody."""
        return not self._task.done() and all(answer.done() for _, answer in self._asked)

    async def question(self, number: int) -> types.ElicitRequestParams | None:
        """The `number`-th thing that it asks, from 0, once it does; None once it has come to its end."""
        self._let_go()
        while len(self._asked) <= number:
            if self._task.done():
                return None
            self._news.clear()
            await self._news.wait()
        return self._asked[number][0]

    def answer(self, number: int, result: types.ElicitResult) -> None:
        """Tell it. Nothing where it was told before."""
        _, answer = self._asked[number]
        if not answer.done():
            answer.set_result(result)

    async def result(self) -> Any:
        """What it came to. Raises what it raised, and as if the connection was lost where it was given up."""
        await asyncio.wait([self._task])
        if self._task.cancelled():
            raise MCPError(types.CONNECTION_CLOSED, "The call was given up.")
        return self._task.result()

    async def over(self) -> None:
        """Return once it has ended."""
        await asyncio.wait([self._task])

    async def ask(self, params: types.ElicitRequestParams) -> types.ElicitResult:
        """Ask, and wait for the answer."""
        answer: asyncio.Future[types.ElicitResult] = asyncio.get_running_loop().create_future()
        self._asked.append((params, answer))
        self._news.set()
        return await answer

    def wait_for_a_person(self, is_open: Callable[[], Awaitable[bool]]) -> None:
        """Keep it under way for a while, as long as its question `is_open`, without anybody who waits for it here."""
        self._let_go()
        self._keeping = asyncio.create_task(self._keep(is_open))

    def give_up(self) -> None:
        """End it: the server is told."""
        self._let_go()
        self._task.cancel()

    async def _keep(self, is_open: Callable[[], Awaitable[bool]]) -> None:
        for _ in range(max(1, round(KEPT_FOR / LOOK_EVERY))):
            await asyncio.sleep(min(LOOK_EVERY, KEPT_FOR))
            if not await is_open():
                break
        self._keeping = None
        self.give_up()

    def _let_go(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None

    def _done(self, task: asyncio.Task[Any], released: Callable[[LiveCall], None]) -> None:
        if not task.cancelled():
            task.exception()  # whoever waits for it is told; if nobody does, nobody has to be
        self._news.set()
        self._let_go()
        released(self)


class LiveCalls:
    """Those of one connection, by idempotency key."""

    def __init__(self) -> None:
        self._calls: dict[str, LiveCall] = {}
        self._one_by_one = False
        self._moved = asyncio.Event()

    async def begin(self, key: str, start: Callable[[], Coroutine[Any, Any, Any]]) -> LiveCall:
        """The call of this key that is under way, or else a new one."""
        if (known := self._calls.get(key)) is not None:
            return known
        while len(self._calls) >= MOST_KEPT and (
            idle := [each for each in self._calls.values() if not each.is_at_work]
        ):
            idle[0].give_up()
            await idle[0].over()
        while self._one_by_one and any(each.is_at_work for each in self._calls.values()):
            self._moved.clear()
            await self._moved.wait()
        call = self._calls[key] = LiveCall(start, lambda ended: self._forget(key, ended))
        return call

    async def asked(self, params: types.ElicitRequestParams) -> types.ElicitResult | types.ErrorData:
        """The answer to what the server asks; a refusal where nobody can tell which call asks."""
        if isinstance(params, types.ElicitRequestURLParams):
            return types.ErrorData(code=types.INVALID_REQUEST, message="This client opens no addresses.")
        at_work = [each for each in self._calls.values() if each.is_at_work]
        if not at_work:
            return types.ErrorData(code=types.INVALID_REQUEST, message=NOTHING)
        if len(at_work) > 1:
            self._one_by_one = True
            return types.ErrorData(code=types.INVALID_REQUEST, message=UNCLEAR)
        self._moved.set()
        return await at_work[0].ask(params)

    def close(self) -> None:
        """End all of them."""
        for call in list(self._calls.values()):
            call.give_up()

    def _forget(self, key: str, ended: LiveCall) -> None:
        self._moved.set()
        if self._calls.get(key) is ended:
            del self._calls[key]
