"""A server over HTTP, by the SDK. `python web.py PORT FOLDER`: each call is a line in FOLDER/calls."""

import os
import sys
from pathlib import Path
from typing import Annotated

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import BaseModel

PORT, FOLDER = int(sys.argv[1]), Path(sys.argv[2])
server = MCPServer("web")


class Name(BaseModel):
    name: str


def note(what: str) -> None:
    with (FOLDER / "calls").open("a") as calls:
        calls.write(f"{what}\n")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    note(f"add {a} {b}")
    return a + b


@server.tool()
async def header(ctx: Context) -> str:
    """The header that this was called with."""
    request = ctx.request_context.request
    return request.headers.get("x-key", "none") if request is not None else "no request"


def whose() -> Elicit[Name]:
    return Elicit("Whose name?", Name)


@server.tool()
def greet(name: Annotated[Name, Resolve(whose)]) -> str:
    """Greet somebody who is asked for."""
    note(f"greet {name.name}")
    return f"Hello {name.name}"


@server.tool()
def huge() -> str:
    """More than anybody reads."""
    return "x" * 40_000_000


@server.tool()
def die() -> str:
    """End the process in the middle of a call."""
    note("die")
    os._exit(1)


if __name__ == "__main__":
    uvicorn.run(server.streamable_http_app(), host="127.0.0.1", port=PORT, log_level="warning")
