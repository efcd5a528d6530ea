"""A server's tools in Slack: they ask, it asks on the way, its pictures are seen, and its changes are allowed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from storage import Storage
from tests.agent.conversing import Line, calls, says
from tests.bot.inbound.test_clicks import filled_in, opened
from tests.bot.running import Bot, button, buttons, running
from tests.bot.test_own import labels
from tests.demo.workspace.support import Json, Page
from tests.mcp.served import Folder, listed, offered
from tests.support.waiting import until

pytestmark = pytest.mark.slow

Stage = Callable[..., AbstractAsyncContextManager[Bot]]


@pytest.fixture(params=["2025-11-25", "2026-07-28"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Folder:
    """What the server reads and writes, in both eras of the protocol."""
    path = tmp_path / "raw"
    path.mkdir()
    return Folder(path, request.param)


@pytest.fixture
def started(workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, folder: Folder) -> Stage:
    """A bot with the server, as after a start of the program: the server is started when it is needed."""

    @asynccontextmanager
    async def start(*lines: Line, **more: Any) -> AsyncIterator[Bot]:
        servers = folder.servers(storage)
        await servers.load()
        try:
            async with running(workspace, storage, [], *lines, http=http, servers=servers, **more) as bot:
                yield bot
        finally:
            await servers.aclose()

    return start


def offered_by(bot: Bot) -> list[str]:
    assert bot.servers is not None
    return list(offered(bot.servers))


async def asked(bot: Bot, page: Page, tool: str) -> tuple[str, Json]:
    """The thread in which the tool was proposed, and its card."""
    root = (await page.say("Go.", "D0ANA"))["ts"]
    return root, await bot.card(root)


async def test_a_tool_asks_under_its_servers_name_and_runs_once(started: Stage, folder: Folder, page: Page):
    folder.lists(listed("say", {"word": {"type": "string"}}, title="Say a *word*"))
    async with started(calls(("raw__say", {"word": "hello"})), says("Said.")) as bot:
        root, card = await asked(bot, page, "say")
        assert "raw.say" in str(card["blocks"])
        assert card["text"].startswith("Decision needed: Say a \\*word\\*") or "Say a *word* (word hello)" in str(
            card["blocks"]
        )
        await bot.press(card, "approve")
        await bot.press(card, "approve")
        await bot.reads(root, "Said.")
        assert folder.calls("say") == ['say {"word": "hello"} None']


async def test_what_the_server_asks_is_a_form_in_the_thread_over_a_restart(started: Stage, folder: Folder, page: Page):
    folder.lists(listed("asks"))
    async with started(calls(("raw__asks", {})), says("Done.")) as bot:
        root, card = await asked(bot, page, "asks")
        await bot.press(card, "approve")
        await bot.card(root, "answer")
    async with started(calls(("raw__asks", {})), says("Done.")) as bot:
        question = await bot.card(root, "answer")
        assert "raw asks: Whose name?" in str(question["blocks"])
        assert labels(question) == ["Answer", "Decline"]
        async with page.watching() as watching:
            await bot.press(question, "answer")
            view = await opened(page, watching)
        assert await page.submit(view["id"], **filled_in(view, name="Ana")) == {}
        sure = await bot.reads(root, "raw asks: Are you sure?")
        assert labels(sure) == ["Yes", "No", "Decline"]
        await bot.press(sure, "answer_option_0")
        await bot.press(sure, "answer_option_0")
        await bot.reads(root, "Done.")
        told = next(m for m in bot.model.asked[-1] if m["role"] == "tool")["content"]
        assert json.loads(told) == [
            {"action": "accept", "content": {"name": "Ana"}},
            {"action": "accept", "content": {"sure": True}},
        ]


async def test_a_picture_is_seen_and_the_model_is_told_of_it(started: Stage, folder: Folder, page: Page):
    folder.lists(listed("picture"))
    async with started(calls(("raw__picture", {})), says("There it is.")) as bot:
        root, card = await asked(bot, page, "picture")
        await bot.press(card, "approve")
        await bot.reads(root, "There it is.")

        async def files() -> list[str]:
            return [f["mimetype"] for m in await page.messages("D0ANA") for f in m.get("files") or ()]

        assert await until(files, "the picture") == ["image/png"]
        assert "image/png" in next(m for m in bot.model.asked[-1] if m["role"] == "tool")["content"]


async def test_a_changed_tool_is_offered_once_an_admin_allows_it(started: Stage, folder: Folder, page: Page):
    folder.lists(listed("say"))
    async with started(says("Hello."), admins=["U0LEA"]) as bot:
        root = (await page.say("Hello.", "D0ANA"))["ts"]
        await bot.reads(root, "Hello.")
        assert offered_by(bot) == ["raw__say"]
    folder.lists(listed("say", description="Does say, and sends it to everybody."))
    lines = [says("Hello."), calls(("raw__say", {})), says("It is blocked."), says("Hello again.")]
    async with started(*lines, admins=["U0LEA"]) as bot:
        await page.say("Go on.", "D0ANA", thread_ts=root)
        await bot.reads(root, "It is blocked.")
        assert offered_by(bot) == []
        assert folder.calls("say") == []

        async def card() -> Json | None:
            return next(
                (m for m in await page.as_user("U0LEA").messages("D0LEA") if button(m, "answer_option_0")), None
            )

        change = await until(card, "a card for the admin")
        assert "Does say, and sends it to everybody." in str(change["blocks"])
        await bot.press(change, "answer_option_0", "U0LEA")
        await until(lambda: offered_by(bot) == ["raw__say"], "the tool is offered")
        assert not buttons(change, "approve")


async def test_a_server_that_does_not_start_is_said_so_and_the_thread_goes_on(
    started: Stage, folder: Folder, page: Page, storage: Storage
):
    folder.lists(listed("say"))
    async with started(says("Hello.")) as bot:
        root = (await page.say("Hello.", "D0ANA"))["ts"]
        await bot.reads(root, "Hello.")
    (folder.path / "tools.json").unlink()
    lines = [says("Hello."), calls(("raw__say", {})), says("It did not work.")]
    async with started(*lines) as bot:
        await page.say("Go on.", "D0ANA", thread_ts=root)
        card = await bot.card(root)
        await bot.press(card, "approve")
        await bot.reads(root, "It did not work.")
        told = next(m for m in bot.model.asked[-1] if m["role"] == "tool")["content"]
        assert told.startswith("Failed: The server raw")
