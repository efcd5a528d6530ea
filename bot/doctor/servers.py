"""Whether the servers of signoff.toml can be started, or reached, and what tools they have."""

from __future__ import annotations

import asyncio

from bot import config
from bot.backing import open_servers
from bot.doctor.case import Case
from bot.doctor.findings import Findings
from bot.settings import BadSettings
from graphs.mcp.server import Server
from storage import open_storage

_MEND = "Look at its entry in signoff.toml, and start it by hand to see what it says"


async def servers(case: Case, found: Findings) -> None:
    """Each is started, asked for its tools, and stopped; none of these is called."""
    try:
        chosen = config.read(case.settings)
    except BadSettings:
        return  # said where the agents are looked at
    if not chosen.servers:
        return
    async with open_storage("sqlite://") as storage, open_servers(chosen, storage) as opened:
        each = list(opened.servers.values())
        await asyncio.gather(*(server.ready() for server in each))
        for server in each:
            _tell(server, found)


def _tell(server: Server, found: Findings) -> None:
    name, tools = server.spec.name, server.tools.values()
    if server.problem is not None:
        found.wrong(server.problem, _MEND)
    elif not tools:
        found.wrong(f"{name} gives no answer yet, or has no tools that can be used", _MEND)
    else:
        asking = sum(tool.may_ask for tool in tools)
        found.ok(f"{name} has {len(tools)} tools, of which {asking} may ask")
