"""The tools of servers as a bot has pinned them, for whoever looks at the configuration without starting anything."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from typing import Any

from bot.config.values import Config
from graphs.agent.approval import Approval
from graphs.agent.tools import Tool
from graphs.mcp.offering import Policy, pinned_tool
from storage import looking, pins
from storage.errors import StorageError


def server_tools(url: str, config: Config) -> dict[str, Sequence[Tool[..., Any]]]:
    """By server, before rules; nothing of a server that the database at this URL does not know."""
    found: dict[str, Sequence[Tool[..., Any]]] = {}
    names = [each.name for each in config.servers]
    policy = Policy(config.defaults.over(Approval()), lambda tool: tool)
    with contextlib.suppress(StorageError, sqlite3.Error, OSError, ValueError):
        pinned = looking.read(url, lambda db: pins.of_servers(db, names)) if names else []
        for spec in config.servers:
            made = [pinned_tool(spec, pin, policy) for pin in pinned if pin.server == spec.name]
            if made:
                found[spec.name] = made
    return found
