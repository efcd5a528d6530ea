"""What stands between a transport and the SDK: notices the end, and keeps one bad part from spoiling the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast

import anyio
import mcp_types as types
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
"""Where a request says them, from protocol 2026-07-28 on."""

Item = SessionMessage | Exception


@dataclass
class Incoming:
    """Messages of a server. `ended` is set once there are no more; `left_out` is told of each tool that the protocol
    does not allow: the SDK would refuse the whole list.
    """

    stream: Any
    ended: asyncio.Event
    left_out: Callable[[str, str], None]

    async def receive(self) -> Item:
        try:
            item = cast("Item", await self.stream.receive())
        except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
            self.ended.set()
            raise
        if isinstance(item, SessionMessage) and isinstance(item.message, types.JSONRPCResponse):
            _keep_valid(item.message.result, self.left_out)
        return item

    @property
    def last_context(self) -> Any:
        return getattr(self.stream, "last_context", None)

    async def aclose(self) -> None:
        await self.stream.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


@dataclass
class Outgoing:
    """Messages to a server. What we do not do is not advertised: the SDK says of every client that can elicit that it
    opens addresses too.
    """

    stream: Any

    async def send(self, item: SessionMessage, /) -> None:
        params: Any = getattr(item.message, "params", None)
        if isinstance(params, dict):
            _forget_addresses(cast("dict[str, Any]", params))
        await self.stream.send(item)

    async def aclose(self) -> None:
        await self.stream.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _keep_valid(result: dict[str, Any], left_out: Callable[[str, str], None]) -> None:
    listed = result.get("tools")
    if isinstance(listed, list):
        result["tools"] = [each for each in cast("list[Any]", listed) if _is_valid(each, left_out)]


def _is_valid(listed: Any, left_out: Callable[[str, str], None]) -> bool:
    entry = cast("dict[str, Any]", listed) if isinstance(listed, dict) else {}
    name, schema = str(entry.get("name", "")), entry.get("inputSchema")
    if not isinstance(schema, dict) or cast("dict[str, Any]", schema).get("type") != "object":
        left_out(name, "its schema is not that of an object")
        return False
    output: Any = entry.get("outputSchema")
    if isinstance(output, dict) and cast("dict[str, Any]", output).get("type") != "object":
        entry.pop("outputSchema")  # nothing here depends on it
    try:
        types.Tool.model_validate(entry, by_name=False)
    except ValidationError as error:
        places = sorted({".".join(map(str, each["loc"])) for each in error.errors(include_input=False)})
        left_out(name, f"the protocol does not allow its {', '.join(places)[:200]}")
        return False
    return True


def _forget_addresses(params: dict[str, Any]) -> None:
    for said in (params.get("capabilities"), _part(params, "_meta").get(CAPABILITIES)):
        if isinstance(said, dict):
            _part(cast("dict[str, Any]", said), "elicitation").pop("url", None)


def _part(whole: dict[str, Any], name: str) -> dict[str, Any]:
    """The object of this name in it; an empty one where there is none."""
    found = whole.get(name)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
