"""Finished conversations of an age are deleted while the bot runs; who writes there later begins a new one."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from bot.keeping.retention import Retention
from bot.worker import FORGOTTEN
from graphs.agent.tools import Tool, tool
from storage import Connection, Storage, audit
from tests.agent.conversing import calls, says
from tests.bot.running import Bot, running
from tests.demo.workspace.support import Page
from tests.storage.support import count
from tests.support.waiting import until

AGE = timedelta(days=90)


class Calendar:
    """A clock that a test sets forward by days."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> Calendar:
    return Calendar()


@pytest.fixture
def write() -> Tool[..., Any]:
    @tool(approval=True)
    def write(text: str) -> str:
        """Write it."""
        return f"wrote {text}"

    return write


@asynccontextmanager
async def deleting(storage: Storage) -> AsyncIterator[None]:
    retention = Retention(storage, AGE, look_every=0.02)
    working = asyncio.create_task(retention.run())
    try:
        yield
    finally:
        retention.stop()
        await working


def threads(db: Connection) -> int:
    return count(db, "threads")


async def conversed(bot: Bot, storage: Storage) -> str:
    """The root of a conversation that is over, and shown."""
    root = (await bot.page.say("write a", "D0ANA"))["ts"]
    await bot.press(await bot.card(root), "approve")
    await bot.reads(root, "It is written.")
    await quiet(storage)
    return root


async def quiet(storage: Storage) -> None:
    """Return once nobody runs or shows anything."""
    busy = """select count(*) from threads t join conversations c on c.thread_id = t.thread_id
              where t.owner is not null or c.outdated = 1 or c.shower is not null"""

    async def is_quiet() -> bool:
        return await storage.read(lambda db: db.execute(busy).fetchone()[0]) == 0

    await until(is_quiet, "everything to be shown")


async def none_left(storage: Storage) -> bool:
    return await storage.read(threads) == 0


async def test_what_nobody_touched_for_long_is_deleted_and_stays_in_slack(
    workspace: Workspace,
    storage: Storage,
    clock: Calendar,
    http: aiohttp.ClientSession,
    page: Page,
    write: Tool[..., Any],
    caplog: pytest.LogCaptureFixture,
):
    script = (calls(("write", {"text": "a"})), says("It is written."))
    async with running(workspace, storage, [write], *script, http=http) as bot:
        root = await conversed(bot, storage)
        shown = await page.messages("D0ANA")
        rows, head = await storage.read(audit.head)
        with caplog.at_level(logging.INFO, "bot.keeping.retention"):
            async with deleting(storage):
                clock.ahead = AGE - timedelta(hours=1)
                await asyncio.sleep(0)
                assert await storage.read(threads) == 1
                clock.ahead = AGE + timedelta(hours=1)
                await until(lambda: none_left(storage), "the thread to be deleted")
        said = [each.getMessage() for each in caplog.records if each.name == "bot.keeping.retention"]
        assert said == ["1 finished thread that nobody had touched for 90d: deleted"]
        assert await storage.read(audit.head) == (rows, head)
        assert await page.messages("D0ANA") == shown
        reply = await page.say("and again", "D0ANA", thread_ts=root)
        card = await bot.card(root)
        assert card["ts"] > reply["ts"]
        assert "write a" not in str(bot.model.asked[-1])
        await bot.press(card, "approve")

        async def is_written() -> bool:
            return str(await page.messages("D0ANA")).count("It is written.") > str(shown).count("It is written.")

        await until(is_written, "the new conversation to end")
        assert await storage.read(threads) == 1
        now = [each for each in await page.messages("D0ANA") if each["ts"] < reply["ts"]]
        assert now[1:] == shown[1:]  # the first counts its replies


async def test_whoever_tries_again_what_is_not_kept_any_more_is_told(
    workspace: Workspace, storage: Storage, clock: Calendar, http: aiohttp.ClientSession, page: Page
):
    def fails(messages: Any) -> Any:
        raise RuntimeError("no")

    async with running(workspace, storage, [], fails, http=http) as bot:
        root = (await page.say("hello", "D0ANA"))["ts"]
        failed = await bot.card(root, "retry")
        await quiet(storage)
        clock.ahead = AGE + timedelta(hours=1)
        async with deleting(storage):
            await until(lambda: none_left(storage), "the thread to be deleted")
        await bot.press(failed, "retry")
        await until(page.whispers, "a whisper")
        assert await page.whispers() == [FORGOTTEN]
        assert await storage.read(threads) == 0


async def test_one_that_waits_is_not(
    workspace: Workspace,
    storage: Storage,
    clock: Calendar,
    http: aiohttp.ClientSession,
    page: Page,
    write: Tool[..., Any],
):
    script = (calls(("write", {"text": "a"})), says("It is written."))
    async with running(workspace, storage, [write], *script, http=http) as bot:
        root = (await page.say("write a", "D0ANA"))["ts"]
        card = await bot.card(root)
        clock.ahead = timedelta(hours=20)  # the question waits for a day
        retention = Retention(storage, timedelta(hours=1), look_every=0.02)
        working = asyncio.create_task(retention.run())
        await bot.press(card, "approve")
        await bot.reads(root, "It is written.")
        retention.stop()
        await working
        assert await storage.read(threads) == 1


async def test_several_at_once_do_no_harm(storage: Storage, caplog: pytest.LogCaptureFixture):
    def fill(db: Connection) -> None:
        db.executemany(
            "insert into threads (thread_id, status, created_at, updated_at) values (?, 'done', 1, 1)",
            [(f"t{number}",) for number in range(30)],
        )

    await storage.write(fill)
    both = [Retention(storage, AGE, look_every=0.02) for _ in range(2)]
    with caplog.at_level(logging.INFO, "bot.keeping.retention"):
        working = [asyncio.create_task(each.run()) for each in both]
        await until(lambda: none_left(storage), "all to be deleted")
        for each in both:
            each.stop()
        await asyncio.gather(*working)
    said = [each.getMessage().split()[0] for each in caplog.records if each.name == "bot.keeping.retention"]
    assert sum(map(int, said)) == 30
