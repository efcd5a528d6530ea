"""Many conversations at once, over one bot and over two on one file: nothing twice, nothing lost, and few calls."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest

from benchmarks.agent import REPLY, find_parcel, send_again
from benchmarks.driver import Crowd
from bot.demo.workspace import Workspace
from storage import Storage, open_storage
from tests.agent.conversing import calls, says
from tests.bot.running import running
from tests.demo.workspace.support import Page

SCRIPT = (
    calls(("find_parcel", {"number": 7})),
    calls(("send_again", {"number": 7, "note": "It was lost."})),
    says(REPLY),
)

CALLS = 10
"""Calls of Slack that a conversation may take: message, free tool, card, who clicks, click, gated tool, reply; and
three that say how its session stands.
"""


@asynccontextmanager
async def crowd_at(workspace: Workspace, *storages: Storage) -> AsyncIterator[Crowd]:
    """People, and a bot on each of these."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        for storage in storages:
            tools = [find_parcel, send_again]
            await stack.enter_async_context(running(workspace, storage, tools, *SCRIPT, http=http))
        crowd = Crowd(http, workspace.url)
        watching = asyncio.create_task(crowd.watch())
        try:
            yield crowd
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


@pytest.fixture
async def other(url: str) -> AsyncIterator[Storage]:
    """The same file, opened by another owner."""
    async with open_storage(url) as storage:
        yield storage


async def hold(crowd: Crowd, number: int) -> None:
    talks, _ = await crowd.talk(number)
    await crowd.quiet()
    assert [talk.done.is_set() for talk in talks] == [True] * number
    assert [talk.doubled for talk in talks] == [0] * number
    assert not any(talk.in_doubt for talk in talks)


async def test_a_conversation_takes_few_calls(workspace: Workspace, storage: Storage, page: Page):
    async with crowd_at(workspace, storage) as crowd:
        await hold(crowd, 1)
        first = [each["method"] for each in await page.journal("call")]
        assert first.count("auth.test") == 0
        assert len([each for each in first if each != "apps.connections.open"]) <= CALLS
        await hold(crowd, 1)
        again = [each["method"] for each in await page.journal("call")][len(first) :]
        assert sorted(set(again)) == [
            "agents.sessions.setStatus",
            "assistant.threads.setStatus",
            "chat.postMessage",
            "chat.update",
            "users.info",
        ]
        assert again.count("agents.sessions.setStatus") == 3, "at work, waiting, done"
        assert again.count("chat.postMessage") == 3
        assert again.count("users.info") == 1, "who decides is looked up when they do"


@pytest.mark.parametrize("number", [20, pytest.param(150, marks=pytest.mark.slow)])
async def test_nothing_is_shown_twice_by_one_bot(workspace: Workspace, storage: Storage, number: int):
    async with crowd_at(workspace, storage) as crowd:
        await hold(crowd, number)


@pytest.mark.parametrize("number", [20, pytest.param(150, marks=pytest.mark.slow)])
async def test_nothing_is_shown_twice_by_two_bots_on_one_file(
    workspace: Workspace, storage: Storage, other: Storage, page: Page, number: int
):
    async with crowd_at(workspace, storage, other) as crowd:
        await hold(crowd, number)
        called = await page.journal("call")
        told = [each["arguments"]["text"] for each in called if each["method"] == "chat.postEphemeral"]
        assert len(told) <= crowd.again, "who clicked once is told nothing"
        assert all("already approved by <@U0ANA>" in each for each in told), told
