"""A bot with one tool that asks, and what it says in people's direct messages."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from storage import Storage
from tests.agent.conversing import calls, says
from tests.bot.running import Bot, button, running
from tests.bot.support import BOT
from tests.demo.workspace.support import Json, Page
from tests.support.waiting import until

SCRIPT = (calls(("write", {"text": "a"}), text="I will write it."), says("It is written."), says("You are welcome."))

Start = Callable[..., AbstractAsyncContextManager[Bot]]


@pytest.fixture
def ran() -> list[str]:
    return []


@pytest.fixture
def write(ran: list[str]) -> Tool[..., Any]:
    @tool(approval=Approval())
    def write(text: str) -> str:
        """Write it."""
        ran.append(text)
        return f"wrote {text}"

    return write


@pytest.fixture
def start(workspace: Workspace, storage: Storage, write: Tool[..., Any], http: aiohttp.ClientSession) -> Start:
    @asynccontextmanager
    async def start(*lines: Any, tools: Any = None) -> AsyncIterator[Bot]:
        async with running(workspace, storage, tools or [write], *(lines or SCRIPT), http=http) as bot:
            yield bot

    return start


async def said_to(page: Page, user: str = "U0ANA") -> list[Json]:
    """What the bot says in somebody's direct message."""
    messages = await page.as_user(user).messages(f"D0{user.removeprefix('U0')}")
    return [each for each in messages if each["user"] == BOT and not each.get("ephemeral_to")]


async def card_for(page: Page, user: str = "U0ANA", action: str = "approve") -> Json:
    async def look() -> Json | None:
        return next((each for each in await said_to(page, user) if button(each, action)), None)

    return await until(look, f"a card for {user}")


async def reads(page: Page, words: str, user: str = "U0ANA") -> Json:
    async def look() -> Json | None:
        return next((each for each in await said_to(page, user) if words in str(each)), None)

    return await until(look, f"{words!r} for {user}")


async def tried(page: Page, channel: str) -> int:
    """How often something was posted, or tried to be, in this conversation."""
    called = [each for each in await page.journal("call") if each["method"] in ("chat.postMessage", "chat.startStream")]
    return sum(each["arguments"]["channel"] == channel for each in called)


async def settled(storage: Storage) -> None:
    """Nothing is left to be run or shown."""

    async def look() -> bool:
        rows = await storage.read(lambda db: db.execute("select 1 from conversations where outdated").fetchall())
        return not rows

    await until(look, "every conversation to be up to date")


async def finished(storage: Storage) -> None:
    """The threads have ended."""

    async def look() -> bool:
        found = await storage.read(lambda db: db.execute("select status from threads").fetchall())
        return {row[0] for row in found} == {"done"}

    await until(look, "the threads to end")
