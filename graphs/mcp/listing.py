"""What a server lists, as definitions, and why one cannot be started."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import mcp_types as types
from mcp.client.session import ClientSession
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from graphs.mcp.definition import Definition
from graphs.mcp.spec import ServerSpec

LISTS_WITHIN = 20.0
"""Seconds that a server has to list its tools."""

MOST_TOOLS = 500
MOST_PAGES = 50


CLOSED, NOT_FOUND = "Connection closed", "Not Found"
"""How the SDK says that a process has ended, and that an address answered 404. The codes are those of others, too."""


class CannotStart(Exception):
    """The server could not be started, or reached. The message is a clause that says why."""


async def listed(session: ClientSession, left_out: Callable[[str, str], None]) -> list[Definition]:
    """The tools of a server; `left_out` is told of those beyond `MOST_TOOLS`, and why. Raises CannotStart for what is
    no list, or takes too long.
    """
    try:
        async with asyncio.timeout(LISTS_WITHIN):
            found = await _pages(session, left_out)
    except MCPError as error:
        if error.code == types.METHOD_NOT_FOUND:
            return []
        raise CannotStart(f"it does not list its tools: {error.message[:300]}") from error
    except ValidationError as error:
        raise CannotStart("what it lists is not what the protocol allows") from error
    except TimeoutError as error:
        raise CannotStart(f"it did not list its tools within {LISTS_WITHIN:g} s") from error
    return list(found.values())


async def _pages(session: ClientSession, left_out: Callable[[str, str], None]) -> dict[str, Definition]:
    found: dict[str, Definition] = {}
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await session.list_tools(params=types.PaginatedRequestParams(cursor=cursor))
        for each in page.tools:
            if len(found) < MOST_TOOLS:
                found.setdefault(each.name, _definition(each))
            else:
                left_out(each.name, f"a server may have {MOST_TOOLS} tools")
        if (cursor := page.next_cursor) is None:
            break
    return found


def _definition(tool: types.Tool) -> Definition:
    claims: dict[str, Any] = {}
    if tool.annotations is not None:
        claims = tool.annotations.model_dump(by_alias=True, mode="json", exclude_none=True)
    title = tool.title or (tool.annotations.title if tool.annotations is not None else None)
    return Definition(tool.name, title, tool.description or "", tool.input_schema, claims)


def why(error: BaseException, spec: ServerSpec, within: float) -> str:
    """Why it could not be started, as a clause."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    match error:
        case FileNotFoundError() if spec.cwd is not None and error.filename == spec.cwd:
            return f"its directory {spec.cwd!r} is not there"
        case FileNotFoundError():
            return f"the command {spec.command!r} was not found; install it, or write its whole path"
        case PermissionError():
            return f"the command {spec.command!r} may not be run"
        case TimeoutError():
            return f"it did not answer within {within:g} s"
        case MCPError() if error.message == CLOSED and spec.url is None:
            return "it ended before it answered; what it wrote stands above in the log"
        case MCPError() if error.message == NOT_FOUND and spec.url is not None:
            return "nothing is at its address (404): look at the path of its url"
        case MCPError():
            return error.message[:300].rstrip(".") or f"it answered with the error {error.code}"
        case _:
            return f"{type(error).__name__}: {str(error)[:300]}"
