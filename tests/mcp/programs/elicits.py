"""A server of the SDK whose tools ask a person, in both ways that it has. Each call is a line in the named file."""

import sys
from pathlib import Path
from typing import Annotated

import anyio
from mcp.server.mcpserver import Context, Elicit, MCPServer, Resolve
from pydantic import BaseModel

server = MCPServer("elicits")
CALLS = Path(sys.argv[1])


class Name(BaseModel):
    name: str


def note(what: str) -> None:
    with CALLS.open("a") as calls:
        calls.write(f"{what}\n")


@server.tool(structured_output=False)
async def greet(greeting: str, ctx: Context) -> str:
    """Greets somebody, and asks whom in the middle."""
    note("greet")
    answer = await ctx.elicit("Whom?", Name)
    return f"{greeting}, {answer.data.name}!" if answer.action == "accept" else "Nobody."


async def whom() -> Elicit[Name]:
    return Elicit("Whom?", Name)


@server.tool(structured_output=False)
async def welcome(who: Annotated[Name, Resolve(whom)]) -> str:
    """Welcomes somebody, and asks whom first."""
    note("welcome")
    return f"Welcome, {who.name}!"


@server.tool(structured_output=False)
async def wait(seconds: float) -> str:
    """Waits."""
    note("wait")
    await anyio.sleep(seconds)
    return "waited"


if __name__ == "__main__":
    server.run()
