"""An MCP server as the configuration names it. Nothing is started or reached by this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TIMEOUT = 60.0
"""Seconds that a call may take where nothing else is said."""


@dataclass(frozen=True, kw_only=True)
class ServerSpec:
    """The keys of an `mcpServers` entry, and ours. Either `command` (stdio) or `url` (streamable HTTP) is set.

    `env` is all that the server is told of the environment beside what the SDK passes to every server (PATH, HOME and
    their kind). `fixed`: arguments by name that the model neither sees nor sets, put into each call of a tool that has
    them. `trust_annotations`: whether what the server says of its tools (read-only) may spare a question. `channels`:
    where it is offered, as the configuration names channels; none means everywhere. `timeout` is in seconds. `place`
    says where it stands ("signoff.toml, line 12"), for whoever has to mend it.
    """

    name: str
    command: str | None = None
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    cwd: str | None = None
    url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    fixed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    trust_annotations: bool = False
    channels: tuple[str, ...] = ()
    timeout: float = TIMEOUT
    place: str = ""
