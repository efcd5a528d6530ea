"""One server: its tools as they are pinned, and calls of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphs.agent.errors import ToolError
from graphs.agent.results import ToolResult
from graphs.mcp.definition import Definition, unusable
from graphs.mcp.lifeline import Lifeline, Tasks, Unavailable
from graphs.mcp.log import ServerLog
from graphs.mcp.names import tool_name
from graphs.mcp.offering import BLOCKED, AnyTool, Policy, tool_of
from graphs.mcp.spec import ServerSpec
from storage import Storage, pins
from storage.pins import Pin, Seen

if TYPE_CHECKING:
    from graphs.mcp.connection import Connection

logger = logging.getLogger(__name__)

READY_WITHIN = 10.0
"""Seconds that a model's turn waits for what tools there are."""

SETTLES_WITHIN = 0.2
"""Seconds after a server says that its tools changed in which it may say it again."""

FRESH_FOR = 60.0
"""Seconds after which the tools are listed anew before one is called, or offered."""


@dataclass(frozen=True)
class ServerTool:
    """The function of a server's tool."""

    server: Server
    definition: Definition

    async def __call__(self, values: dict[str, Any], *, idempotency_key: str) -> ToolResult:
        return await self.server.call(self.definition, values, idempotency_key)


class Server:
    """A source of tools (`graphs.agent.tools.Source`). `changes` is called when a tool newly differs from its pin."""

    def __init__(self, spec: ServerSpec, policy: Policy, storage: Storage, changes: Callable[[], None]) -> None:
        self.spec = spec
        self._policy, self._storage, self._changes = policy, storage, changes
        self._log = ServerLog(spec)
        self._pins: Mapping[str, Pin] = {}
        self._listed: frozenset[str] | None = None
        self._tools: Mapping[str, AnyTool] = {}
        self._tasks = Tasks(spec.name)
        self._lifeline = Lifeline(spec, self._log, self._tasks, self._list, self._stale)
        self._looked_at, self._is_stale = 0.0, False
        self._was_waited_for = False
        self._looking_soon: asyncio.Task[None] | None = None
        self._verdicts: dict[str, str | None] = {}
        self._looking = asyncio.Lock()

    @property
    def tools(self) -> Mapping[str, AnyTool]:
        return self._tools

    @property
    def problem(self) -> str | None:
        """Why it cannot be asked, as a sentence; None while it can, or nobody has tried."""
        return self._lifeline.why if self._lifeline.has_failed else None

    async def ready(self) -> None:
        """See `Source`. One that was down, or took too long, is waited for no more: it is tried beside what goes on."""
        if self._tasks.are_over or self._lifeline.pause > 0:
            return
        looking = self._tasks.begin(self._look())
        if not self._lifeline.has_failed and not self._was_waited_for:
            await asyncio.wait([looking], timeout=READY_WITHIN)
            self._was_waited_for = not looking.done()

    async def call(self, definition: Definition, values: dict[str, Any], key: str) -> ToolResult:
        """Call the tool as it was described. Raises what `Call.run` raises, and ToolError for a server that cannot be
        asked, or describes the tool otherwise by now.
        """
        from graphs.mcp.calling import AsksOlder, Call, NotSent

        name = tool_name(self.spec.name, definition.name)
        why = ""
        for _ in range(3):
            try:
                connection = await self._fresh()
            except Unavailable as error:
                raise ToolError(str(error)) from error
            self._hold(definition)
            call = Call(connection, definition.name, name, values, key, self.spec.timeout)
            try:
                return await call.run()
            except NotSent as error:
                why = str(error)
                await self._lifeline.drop(connection, why)
            except AsksOlder:
                # It was refused where it asked. Begun again, it does what comes before that a second time.
                self._lifeline.go_older(connection)
            except ToolError as error:  # what it says may repeat the key that it was handed
                raise ToolError(self._log.clean(str(error))) from error
        raise ToolError(f"The server {self.spec.name} could not be reached: {self._log.clean(why)}. Nothing was sent.")

    def know(self, pinned: Sequence[Pin]) -> None:
        """Have the tools that these pins say, as far as the server has them still."""
        self._pins = {pin.tool: pin for pin in pinned}
        there = [pin for pin in pinned if self._listed is None or pin.tool in self._listed]
        made = [self._tool(pin) for pin in there]
        self._tools = {tool.name: tool for tool in made}
        known = {name for tool in made for name in tool.signature.names}
        if made and (missing := sorted(self.spec.fixed.keys() - known)):
            self._log.once(f"no tool of it has the argument {', '.join(map(repr, missing))} that is fixed")

    async def close(self) -> None:
        """Stop it."""
        await self._tasks.end()
        await self._lifeline.close()

    def _tool(self, pin: Pin) -> AnyTool:
        definition = Definition.read(pin.definition)
        function = ServerTool(self, definition)
        return tool_of(self.spec, definition, function, self._policy, is_blocked=pin.changed is not None)

    def _hold(self, definition: Definition) -> None:
        """Raises ToolError where the tool is not what was shown."""
        pin = self._pins.get(definition.name)
        if pin is None or (self._listed is not None and definition.name not in self._listed):
            raise ToolError(f"The server {self.spec.name} has no tool {definition.name!r} any more. Nothing was sent.")
        if pin.changed is not None or pin.digest != definition.digest:
            raise ToolError(BLOCKED.format(server=self.spec.name, tool=definition.name))

    async def _look(self, after: float = 0.0) -> None:
        """Bring the tools up to date, if the server can be asked."""
        await asyncio.sleep(after)
        with suppress(Unavailable):  # it is in the log
            await self._fresh()

    async def _fresh(self) -> Connection:
        """A connection whose tools were looked at lately; one that does not list them any more is replaced, once.

        Raises Unavailable.
        """
        from graphs.mcp.listing import CannotStart

        for _ in range(2):
            connection = await self._lifeline.connection()
            try:
                async with self._looking:
                    if self._is_stale or self._now() - self._looked_at > FRESH_FOR:
                        await self._list(connection)
            except CannotStart as error:
                await self._lifeline.drop(connection, str(error))
            else:
                return connection
        raise Unavailable(self._lifeline.why)

    async def _list(self, connection: Connection) -> None:
        """Compare what the server lists with what is pinned. Raises CannotStart where it does not."""
        self._is_stale = False
        usable = await self._usable(await connection.tools())
        seen = {name: Seen(each.digest, each.text) for name, each in usable.items()}
        server, now, before = self.spec.name, self._storage.now(), self._pins
        pinned = await self._storage.write(lambda db: pins.see(db, server, seen, now), f"server {server}")
        self._looked_at, self._was_waited_for = self._now(), False
        if frozenset(usable) != self._listed or {pin.tool: pin for pin in pinned} != before:
            self._listed = frozenset(usable)
            self.know(pinned)
        self._tell(before)

    async def _usable(self, listed: Sequence[Definition]) -> Mapping[str, Definition]:
        """Those that can be tools, by name."""
        verdicts = await asyncio.to_thread(lambda: [self._verdict(each) for each in listed])
        for each, why in zip(listed, verdicts, strict=True):
            if why is not None:
                self._log.left_out(each.name, why)
        return {each.name: each for each, why in zip(listed, verdicts, strict=True) if why is None}

    def _verdict(self, definition: Definition) -> str | None:
        """As `unusable`; a list is looked at often, and seldom another one."""
        try:
            key = definition.digest
        except (ValueError, TypeError, RecursionError):
            return unusable(definition)
        if key not in self._verdicts:
            if len(self._verdicts) >= pins.MOST:
                self._verdicts.clear()
            self._verdicts[key] = unusable(definition)
        return self._verdicts[key]

    def _tell(self, before: Mapping[str, Pin]) -> None:
        news = [pin for pin in self._pins.values() if pin.changed is not None and pin.decided_at is None]
        fresh = [pin for pin in news if pin.tool not in before or before[pin.tool].changed_digest != pin.changed_digest]
        for pin in fresh:
            logger.warning(
                "MCP server %s: its tool %r changed since it was allowed, and is not offered until an admin allows it",
                *(self.spec.name, pin.tool),
            )
        if fresh:
            self._changes()

    def _stale(self) -> None:
        """What is known of the tools is old: look soon, once for all that is said until then."""
        self._is_stale = True
        if self._looking_soon is None or self._looking_soon.done():
            self._looking_soon = self._tasks.begin(self._look(after=SETTLES_WITHIN))

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
