"""One run of a server, from its start to its end, owned by one task: the SDK's contexts are left where they were
entered.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

import mcp_types as types
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import TypeAdapter

from graphs.mcp.definition import Definition
from graphs.mcp.http import endpoint
from graphs.mcp.lines import InvalidMessage
from graphs.mcp.listing import CannotStart, listed, why
from graphs.mcp.live import LiveCalls
from graphs.mcp.spec import ServerSpec
from graphs.mcp.stdio import process
from graphs.mcp.streams import Incoming, Outgoing

STARTS_WITHIN = 45.0
"""Seconds that a server has to start and to say what protocol it speaks."""

CLOSES_WITHIN = 8.0
"""Seconds after which a connection that does not close is cut."""

_RESULT: TypeAdapter[types.CallToolResult | types.InputRequiredResult] = TypeAdapter(
    types.CallToolResult | types.InputRequiredResult
)

Round = types.CallToolResult | types.InputRequiredResult


@dataclass(frozen=True)
class Listener:
    """Who hears of a server: `said` a line of its standard error, `complained` what is wrong with what it sends (a
    clause), `left_out` a tool that the protocol does not allow and why, `changed` that its tools may be others now.
    """

    said: Callable[[str], None]
    complained: Callable[[str], None]
    left_out: Callable[[str, str], None]
    changed: Callable[[], None]


class Connection:
    """`ended` is set once nothing can be asked of it any more, `idle` while no call is under way. `older`: the server
    is to be spoken to in the older protocol, also where it knows the newer.
    """

    def __init__(self, spec: ServerSpec, listener: Listener, *, older: bool = False) -> None:
        self.spec = spec
        self.ended, self.idle = asyncio.Event(), asyncio.Event()
        self.idle.set()
        self._mode = "legacy" if older else "auto"
        self._under_way = 0
        self.live = LiveCalls()
        self._listener = listener
        self._over = asyncio.Event()
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_modern(self) -> bool:
        """Whether it speaks a protocol without sessions, where a call that asks ends with what it asks."""
        return self._client is not None and self._client.protocol_version in MODERN_PROTOCOL_VERSIONS

    async def open(self) -> None:
        """Start it. Raises CannotStart."""
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(opened), name=f"MCP server {self.spec.name}")
        try:
            await opened
        except asyncio.CancelledError:
            await self.close()
            raise

    async def close(self) -> None:
        """End it. Returns once it has ended, or was cut."""
        self._over.set()
        if self._task is not None:
            done, _ = await asyncio.wait([self._task], timeout=CLOSES_WITHIN)
            if not done:
                self._task.cancel()
                await asyncio.wait([self._task], timeout=1.0)

    async def tools(self) -> list[Definition]:
        """What it lists. Raises CannotStart for what is no list of tools, or takes too long."""
        return await listed(self._session, self._listener.left_out)

    async def call(
        self, tool: str, values: dict[str, Any], *, state: str | None = None, responses: dict[str, Any] | None = None
    ) -> Round:
        """One round of a call. Raises MCPError for what the server, or the connection, says no with, and
        ValidationError for an answer that is none.
        """
        given = cast("types.InputResponses | None", responses)
        params = types.CallToolRequestParams(name=tool, arguments=values, input_responses=given, request_state=state)
        self._under_way += 1
        self.idle.clear()
        try:
            # Not by the SDK's `call_tool`: it refuses a result for its form after the effect has happened.
            return await self._session.send_request(types.CallToolRequest(params=params), _RESULT)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self.idle.set()

    @property
    def _session(self) -> Any:
        if self._client is None or self.ended.is_set():
            raise MCPError(types.CONNECTION_CLOSED, "Connection closed")
        return self._client.session

    async def _run(self, opened: asyncio.Future[None]) -> None:
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(STARTS_WITHIN):
                    self._client = await stack.enter_async_context(self._new_client())
                watching = asyncio.create_task(self._watch(self._client))
                stack.push_async_callback(_cancelled, watching)
                if not opened.done():
                    opened.set_result(None)
                await _first(self._over, self.ended)
        except Exception as error:  # noqa: BLE001 - whatever a server, or the SDK on its behalf, came to
            if not opened.done():
                opened.set_exception(CannotStart(why(error, self.spec, STARTS_WITHIN)))
        finally:
            self.ended.set()
            self.live.close()
            if not opened.done():
                opened.set_exception(CannotStart("it was stopped"))

    def _new_client(self) -> Client:
        return Client(
            self._transport(),
            mode=self._mode,
            cache=None,
            client_info=types.Implementation(name="signoff", version="1"),
            elicitation_callback=self._asked,
            message_handler=self._heard,
        )

    @asynccontextmanager
    async def _transport(self) -> AsyncGenerator[tuple[Any, Any]]:
        opened = endpoint(self.spec) if self.spec.url is not None else process(self.spec, self._listener.said)
        async with opened as (read, write):
            yield Incoming(read, self.ended, self._listener.left_out), Outgoing(write)

    async def _asked(self, context: Any, params: types.ElicitRequestParams) -> types.ElicitResult | types.ErrorData:
        """What a server of the older protocol asks while one of its calls is under way."""
        return await self.live.asked(params)

    async def _heard(self, message: types.ServerNotification | Exception) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            self._listener.changed()
        elif isinstance(message, InvalidMessage):
            self._listener.complained(str(message))

    async def _watch(self, client: Client) -> None:
        """Hear that its tools changed from a server that has to be asked for that."""
        tools = client.server_capabilities.tools
        if not self.is_modern or tools is None or not tools.list_changed:
            return
        with suppress(
            MCPError, RuntimeError
        ):  # it does not say it after all: its tools are looked at anew now and then
            async with client.listen(tools_list_changed=True) as events:
                async for _ in events:
                    self._listener.changed()


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _first(*events: asyncio.Event) -> None:
    """Return once one of them is set."""
    waiting = [asyncio.create_task(each.wait()) for each in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
