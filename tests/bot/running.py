"""The whole bot in this process: Bolt over Socket Mode, the worker, a scripted model, a real file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

import aiohttp

from bot import assembling
from bot.backing import Backing, Offered
from bot.connecting import web_client
from bot.demo.workspace import Workspace
from bot.loading import Found, hosts
from bot.observing.watch import Watch
from bot.people.directory import Directory
from bot.people.people import People, Reach
from bot.settings import Settings
from bot.slack_client import SlackClient
from bot.socket_mode import socket_mode
from bot.worker import Worker
from graphs.agent.agent import Agent
from graphs.agent.tools import Tool
from graphs.mcp.servers import Servers
from graphs.models.model import Model
from storage import Storage
from tests.agent.conversing import Line, ScriptedModel
from tests.demo.workspace.support import Json, Page
from tests.support.waiting import until


@dataclass
class Bot:
    """A running bot, and what a person at the page sees of it."""

    worker: Worker
    working: asyncio.Task[None]
    storage: Storage
    model: ScriptedModel
    page: Page
    servers: Servers | None = None

    async def stop(self) -> None:
        """From now on nothing runs; clicks and messages still come in."""
        self.worker.stop()
        await self.working

    async def card(self, root: str, action: str = "approve", channel: str = "D0ANA") -> Json:
        """The message of the thread that has this button, once there is one."""

        async def look() -> Json | None:
            messages = await self.page.messages(channel)
            found = (m for m in messages if m.get("thread_ts") == root and button(m, action) is not None)
            return next(found, None)

        return await until(look, f"a button {action!r} in {root}")

    async def press(self, message: Json, action: str, user: str = "U0ANA", nth: int = 0) -> Json:
        """Click a button of a message as somebody who sees it."""
        found = buttons(message, action)[nth]
        return await self.page.as_user(user).click(message, found["block_id"], action)

    async def reads(self, root: str, words: str, channel: str = "D0ANA", user: str = "U0ANA") -> Json:
        """The message of the thread that says these words, once there is one."""

        async def look() -> Json | None:
            messages = await self.page.as_user(user).messages(channel)
            found = (m for m in messages if m.get("thread_ts") == root and words in str([m["text"], m.get("blocks")]))
            return next(found, None)

        return await until(look, f"{words!r} in {root}")


def buttons(message: Json, action: str) -> list[Json]:
    """The buttons of a message with this action, each with its block's id."""
    return [
        {**element, "block_id": block["block_id"]}
        for block in message.get("blocks") or ()
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == action
    ]


def button(message: Json, action: str) -> Json | None:
    return next(iter(buttons(message, action)), None)


async def assembled(
    settings: Settings,
    hosted: Found,
    model: Model,
    storage: Storage,
    client: SlackClient,
    identity: Mapping[str, str],
    by_channel: Mapping[str, Found] = MappingProxyType({}),
    admins: Sequence[str] = (),
    servers: Servers | None = None,
    watch: Watch | None = None,
) -> assembling.Bot:
    """The bot, put together as `signoff run` does; nothing is started. All `servers` are offered everywhere."""
    backing = Backing(model, servers=[Offered(each) for each in servers.servers.values()] if servers else [])
    people = People(Directory(client, identity["team_id"]), identity["team_id"], settings.signoff_users)
    found = await hosts(hosted, by_channel, backing, storage, Reach(people, storage))
    given = (settings, found, storage, client, identity, people, admins, servers)
    if watch is None:
        return assembling.assemble(*given)
    return assembling.assemble(*given, watched=watch.turn, delivered=watch.delivered)


@asynccontextmanager
async def running(
    workspace: Workspace,
    storage: Storage,
    tools: Sequence[Tool[..., Any]],
    *lines: Line,
    http: aiohttp.ClientSession,
    model: Model | None = None,
    examples: Sequence[str] = (),
    own: Found | None = None,
    by_channel: Mapping[str, Found] = MappingProxyType({}),
    admins: Sequence[str] = (),
    servers: Servers | None = None,
    watch: Watch | None = None,
) -> AsyncIterator[Bot]:
    """Runs the bot, assembled as `signoff run` does, until the block ends; on the lines, or on a model of one's own.
    `own` is what it hosts in place of an agent with these tools, `by_channel` what it hosts elsewhere, and `watch` is
    told of what it does.
    """
    tokens = workspace.tokens
    given = {
        "SLACK_BOT_TOKEN": tokens.bot,
        "SLACK_APP_TOKEN": tokens.app,
        "SLACK_API_URL": f"{workspace.url}/api/",
        "OPENAI_API_KEY": "unused",
    }
    settings = Settings(**given)  # type: ignore[arg-type]
    scripted = ScriptedModel(lines)
    identity = {"team_id": workspace.team.id, "user_id": workspace.team.bot.id, "url": f"{workspace.url}/"}
    hosted = own or Agent("Be brief.", list(tools), examples)
    answers = cast("Any", model or scripted)
    if watch is not None:
        answers, storage.observer = watch.model(answers), watch.happened
    called = () if watch is None else (watch.figures.slack_called,)
    async with web_client(settings, *called) as client:
        bot = await assembled(settings, hosted, answers, storage, client, identity, by_channel, admins, servers, watch)
        working, *others = [asyncio.create_task(each.run()) for each in bot.at_work]
        try:
            async with socket_mode(bot.app, client, tokens.app):
                async with asyncio.timeout(5):
                    await workspace.bot_connected.wait()
                yield Bot(bot.worker, working, storage, scripted, Page(http, workspace.url), servers)
        finally:
            for each in bot.at_work:
                each.stop()
            await asyncio.gather(working, *others)
