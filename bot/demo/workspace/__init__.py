"""A small Slack on this machine: the Web API and Socket Mode (or HTTP) that the bot uses, and a page for people.

The bot runs against it unmodified (`SLACK_API_URL`). It keeps Slack's limits and timers, so that what passes here
passes there, and answers `unknown_method` to what it does not know. It imports nothing of the rest of the project.

Read `workspace.py` first (what happens when somebody says something), then `methods/` (what the bot can call),
`client_api.py` (what people can do), `interactions.py` (clicks and modals), `socket_mode.py` (how the bot is told),
`request_url.py` (the same over HTTP) and `blocks/` (what Slack refuses).
"""

import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp

from bot.demo.workspace.errors import NotOurFile, PortInUse
from bot.demo.workspace.panel import Panel
from bot.demo.workspace.people import HARBOUR_GOODS, LOCAL_TEAM, Team
from bot.demo.workspace.request_url import PAUSES, RequestUrl
from bot.demo.workspace.server import bind, serve
from bot.demo.workspace.tokens import Tokens
from bot.demo.workspace.workspace import Workspace

__all__ = ["HARBOUR_GOODS", "LOCAL_TEAM", "NotOurFile", "PortInUse", "Team", "Tokens", "Workspace", "serve_workspace"]


@asynccontextmanager
async def serve_workspace(
    *,
    port: int = 8765,
    data: Path | None = None,
    panel: Path | None = None,
    note: str = "",
    team: Team = HARBOUR_GOODS,
    clock: Callable[[], float] = time.time,
    ack_timeout: float = 3.0,
    tokens: Tokens | None = None,
    request_url: str | None = None,
    pauses: tuple[float, ...] = PAUSES,
) -> AsyncIterator[Workspace]:
    """Serves a local workspace on 127.0.0.1 while the block runs; its address is `workspace.url`.

    port: 0 takes a free one.
    data: the folder of `workspace.db`, which a restart continues from; None keeps everything in memory.
    panel: a SQLite file whose tables the page shows beside the chat.
    note: a line that the page shows.
    clock: seconds since 1970; decides message timestamps, triggers and streams.
    ack_timeout: seconds in which the bot must ack (Slack: 3).
    tokens: the secrets of this start; None makes new ones.
    request_url: where the bot listens in HTTP mode; None leaves it to connect by Socket Mode.
    pauses: seconds before each repetition of an event that the bot did not take there (Slack: none, a minute, five).

    Raises PortInUse, or NotOurFile when `workspace.db` is something else; then nothing was started or written.
    """
    with closing(bind(port)) as bound:
        workspace = Workspace(team, _file_in(data), Panel(panel), note, clock, ack_timeout, tokens or Tokens())
        try:
            async with serve(workspace, bound), aiohttp.ClientSession() as http:
                workspace.start()
                if request_url is not None:
                    secret = workspace.tokens.signing
                    there = RequestUrl(request_url, secret, http, workspace.journal, time.time, pauses)
                    workspace.connections.add(there)
                yield workspace
        finally:
            await workspace.stop()


def _file_in(data: Path | None) -> Path | None:
    if data is None:
        return None
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = data / "workspace.db"
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite gives those beside it the same mode
    return file
