"""All servers of an installation, and what an admin says of tools that changed."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from graphs.agent.policy import Approval
from graphs.mcp.definition import Definition, difference
from graphs.mcp.log import quiet
from graphs.mcp.names import SERVER_NAME, tool_name
from graphs.mcp.offering import AnyTool, Policy
from graphs.mcp.server import Server
from graphs.mcp.spec import ServerSpec
from storage import Connection, Storage, pins
from storage.pins import Pin


@dataclass(frozen=True)
class Change:
    """A tool that its server describes otherwise than when it was allowed. `digest` is of what it says now. `is_new`:
    no admin has decided about it. `at` is when it was seen, in Unix seconds.
    """

    server: str
    tool: str
    before: Definition
    after: Definition
    digest: str
    at: float
    is_new: bool

    @property
    def name(self) -> str:
        """What people call the tool."""
        return tool_name(self.server, self.tool)

    @property
    def difference(self) -> list[str]:
        """Line by line: those that are gone begin with `-`, those that came with `+`."""
        return difference(self.before, self.after)


def changes(pinned: Iterable[Pin]) -> list[Change]:
    """What differs, of these pins."""
    return [
        Change(
            *(pin.server, pin.tool, Definition.read(pin.definition), Definition.read(pin.changed)),
            digest=pin.changed_digest or "",
            at=pin.changed_at or 0.0,
            is_new=pin.decided_at is None,
        )
        for pin in pinned
        if pin.changed is not None
    ]


def _as_it_is(tool: AnyTool) -> AnyTool:
    return tool


class Servers:
    """The servers that are configured; each is a source of tools. `changed` is set when a tool newly differs from what
    was allowed: whoever asks admins clears it, and looks at `changes()`.
    """

    def __init__(
        self,
        specs: Iterable[ServerSpec],
        storage: Storage,
        *,
        approval: Approval | None = None,
        ruled: Callable[[AnyTool], AnyTool] = _as_it_is,
    ) -> None:
        """`approval` asks about each tool that no rule is for, `ruled` applies the rules. Raises ValueError for a name
        that no server can have, or two have.
        """
        self.changed = asyncio.Event()
        self._storage = storage
        policy = Policy(approval or Approval(), ruled)
        found: dict[str, Server] = {}
        for spec in specs:
            if not SERVER_NAME.fullmatch(spec.name) or spec.name in found:
                raise ValueError(f"an MCP server cannot be called {spec.name!r}: 1 to 64 of a-z, A-Z, 0-9, _ and -")
            found[spec.name] = Server(spec, policy, storage, self.changed.set)
        self.servers: Mapping[str, Server] = found

    async def load(self) -> None:
        """Have the tools that are pinned, without starting anything; to be called once, first."""
        quiet()
        if self.servers:  # now, and in no event loop: it takes half a second
            await asyncio.to_thread(importlib.import_module, "graphs.mcp.calling")
        await self.reload()
        if any(each.is_new for each in await self.changes()):
            self.changed.set()

    async def reload(self) -> None:
        """Have the tools as the pins say by now: an admin may have decided."""
        pinned = await self._pinned()
        for name, server in self.servers.items():
            server.know([pin for pin in pinned if pin.server == name])

    async def changes(self) -> list[Change]:
        """The tools that differ from what was allowed."""
        return changes(await self._pinned())

    async def allow(self, change: Change, by: str) -> bool:
        """An admin allows it as it is now. False where it changed again since, or was decided about."""
        return await self._decide(pins.allow, change, by)

    async def keep_blocked(self, change: Change, by: str) -> bool:
        """An admin does not. False as for `allow`."""
        return await self._decide(pins.keep_blocked, change, by)

    async def aclose(self) -> None:
        """Stop all of them."""
        await asyncio.gather(*(each.close() for each in self.servers.values()))

    async def _decide(
        self, decide: Callable[[Connection, str, str, str, str, float], bool], change: Change, by: str
    ) -> bool:
        now = self._storage.now()
        done = await self._storage.write(
            lambda db: decide(db, change.server, change.tool, change.digest, by, now), f"server {change.server}"
        )
        await self.reload()
        return done

    async def _pinned(self) -> list[Pin]:
        return await self._storage.read(lambda db: pins.of_servers(db, self.servers))
