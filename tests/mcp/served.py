"""The server that is written by hand, as a test has it: what it lists, and what it was asked."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphs.agent.policy import Approval
from graphs.mcp.servers import Servers
from graphs.mcp.spec import ServerSpec
from storage import Storage

PROGRAMS = Path(__file__).parent / "programs"


def listed(name: str, properties: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A tool as a server lists it."""
    schema = {"type": "object", "properties": properties or {}}
    return {"name": name, "description": f"Does {name}.", "inputSchema": schema} | more


@dataclass(frozen=True)
class Folder:
    """What the server reads and writes."""

    path: Path
    era: str

    def lists(self, *tools: dict[str, Any]) -> None:
        (self.path / "tools.json").write_text(json.dumps(tools))

    def calls(self, name: str = "") -> list[str]:
        """What it was asked: lines that begin with this."""
        path = self.path / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in lines if line.startswith(name)]

    @property
    def pid(self) -> int:
        return int((self.path / "pid").read_text())

    def spec(self, **more: Any) -> ServerSpec:
        args = (str(PROGRAMS / "raw.py"), self.era, str(self.path))
        return ServerSpec(**{"name": "raw", "command": sys.executable, "args": args, **more})

    def servers(self, storage: Storage, *others: ServerSpec, approval: Approval | None = None, **more: Any) -> Servers:
        return Servers([self.spec(**more), *others], storage, approval=approval)


async def loaded(servers: Servers) -> Servers:
    """With their tools, as a model's turn finds them."""
    await servers.load()
    for each in servers.servers.values():
        await each.ready()
    return servers


def names(servers: Servers, server: str = "raw") -> list[str]:
    return sorted(servers.servers[server].tools)


def offered(servers: Servers) -> Sequence[str]:
    """What a model is told of."""
    return sorted(tool.wire_name for each in servers.servers.values() for tool in each.tools.values() if tool.offered)


def runs(pid: int) -> bool:
    """Whether the process is there, and more than a number that nobody has asked for yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    try:
        return state.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not Path("/proc/self").exists()
