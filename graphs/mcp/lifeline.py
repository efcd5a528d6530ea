"""Keeps a server reachable: started when it is first needed, and again, ever more rarely, when it has died."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from graphs.mcp.log import ServerLog
from graphs.mcp.spec import ServerSpec

if TYPE_CHECKING:
    from graphs.mcp.connection import Connection

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds until a server that died, or could not be started, is started again. They grow each time."""

WORTH_WAITING = 5.0
"""Seconds of such a pause that a call waits."""

STABLE_AFTER = 60.0
"""Seconds after which a server that dies had been well."""


class Unavailable(Exception):
    """The server cannot be asked. The message is a sentence that says why."""


class Tasks:
    """What goes on for a server beside those who ask it."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._running: set[asyncio.Task[Any]] = set()
        self.are_over = False

    def begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Have it done. Once they are over, it is cancelled at once."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        if self.are_over:
            task.cancel()
        return task

    async def end(self) -> None:
        """Cancel all that runs, and whatever comes."""
        self.are_over = True
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, Unavailable):
            logger.error("MCP server %s: looking after it failed", self._server, exc_info=error)


class Lifeline:
    """`opened` is awaited with each new connection before it is used (it may raise CannotStart), `changed` called when
    a server says that its tools are others. `why` is a sentence that says why it is down.
    """

    def __init__(
        self,
        spec: ServerSpec,
        log: ServerLog,
        tasks: Tasks,
        opened: Callable[[Connection], Awaitable[None]],
        changed: Callable[[], None],
    ) -> None:
        self._spec, self._log, self._tasks = spec, log, tasks
        self._opened, self._changed = opened, changed
        self._current: Connection | None = None
        self._connecting: asyncio.Task[Connection] | None = None
        self._failures, self._not_before = 0, 0.0
        self._older = False
        self.why = ""

    @property
    def has_failed(self) -> bool:
        """Whether it was down since it was last well for a while."""
        return self._failures > 0

    @property
    def pause(self) -> float:
        """Seconds until it may be started again."""
        return max(0.0, self._not_before - _now())

    async def connection(self) -> Connection:
        """One that can be asked; it may have to be started. Raises Unavailable."""
        if self._current is not None and not self._current.ended.is_set():
            return self._current
        if self._tasks.are_over:
            raise self._stopped
        if self._connecting is None or self._connecting.done():
            if self.pause > WORTH_WAITING:
                raise Unavailable(self.why)
            self._connecting = self._tasks.begin(self._connect())
        await asyncio.wait([self._connecting])
        if self._connecting.cancelled():
            raise self._stopped
        return self._connecting.result()

    @property
    def _stopped(self) -> Unavailable:
        return Unavailable(f"The server {self._spec.name} was stopped.")

    async def drop(self, connection: Connection, why: str) -> None:
        """Give it up; `why` is a clause. The server is not started again at once."""
        if self._current is connection:
            self._current = None
        self._failures += 1
        pause = min(FIRST_PAUSE * 2 ** (self._failures - 1), LONGEST_PAUSE)
        self._not_before = _now() + pause * random.uniform(0.8, 1.2)
        self.why = f"The server {self._spec.name} could not be started: {self._log.clean(why)}."
        self._log.down(why)
        await connection.close()

    def go_older(self, connection: Connection) -> None:
        """Speak to the server in the older protocol from now on. What is under way on this connection comes to its end
        there.
        """
        if not self._older:
            self._older = True
            self._log.once("it asks people as the older protocol has it, and is spoken to in that from now on")
        if self._current is connection:
            self._current = None
            self._tasks.begin(_close_when_idle(connection))

    async def close(self) -> None:
        """Stop it."""
        if self._current is not None:
            await self._current.close()

    async def _connect(self) -> Connection:
        from graphs.mcp.connection import Connection, Listener
        from graphs.mcp.listing import CannotStart

        await asyncio.sleep(self.pause)
        listener = Listener(self._log.line, self._log.once, self._log.left_out, self._changed)
        connection = Connection(self._spec, listener, older=self._older)
        try:
            await connection.open()
            await self._opened(connection)
        except CannotStart as error:
            await self.drop(connection, str(error))
            raise Unavailable(self.why) from error
        except asyncio.CancelledError:
            await connection.close()
            raise
        self._current = connection
        self._log.up()
        self._tasks.begin(self._await_end(connection, _now()))
        return connection

    async def _await_end(self, connection: Connection, since: float) -> None:
        await connection.ended.wait()
        if self._current is connection:
            if _now() - since > STABLE_AFTER:
                self._failures = 0
            await self.drop(connection, "it ended")


async def _close_when_idle(connection: Connection) -> None:
    try:
        await connection.idle.wait()
    finally:
        await connection.close()


def _now() -> float:
    return asyncio.get_running_loop().time()
