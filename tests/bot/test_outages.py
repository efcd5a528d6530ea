"""While nothing can be stored, nobody is left without a word, nothing is done twice, and all goes on afterwards."""

import asyncio
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot import assembling, telling
from bot.demo.workspace import Workspace
from bot.inbound import arrivals, clicks
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from storage import Storage
from storage.sqlite import writer
from tests.agent.conversing import calls, says
from tests.bot.running import running
from tests.demo.workspace.support import Page
from tests.support.waiting import until


class Lock:
    """Another program that holds the file's lock while it likes."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)

    def take(self) -> None:
        self._db.execute("begin immediate")

    def give_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("rollback")

    def close(self) -> None:
        self.give_back()
        self._db.close()


@pytest.fixture
def lock(url: str, storage: Storage) -> Iterator[Lock]:
    with closing(Lock(Path(url.removeprefix("sqlite:///")))) as lock:
        yield lock


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts fail, and people are told, sooner than otherwise."""
    monkeypatch.setattr(telling, "TELL_AFTER", 0.2)
    monkeypatch.setattr(arrivals, "PROMPTLY", 0.2)
    monkeypatch.setattr(assembling, "PROMPTLY", 0.2)
    monkeypatch.setattr(writer, "ATTEMPT", 0.02)


@pytest.fixture
def ran() -> list[str]:
    return []


@pytest.fixture
def write(ran: list[str], lock: Lock) -> Tool[..., Any]:
    """Writes, and then nothing can be stored any more when the text is "lock"."""

    @tool(approval=Approval())
    def write(text: str) -> str:
        """Write it."""
        ran.append(text)
        if text == "lock":
            lock.take()
        return f"wrote {text}"

    return write


async def whispered(page: Page, text: str) -> None:
    async def look() -> bool:
        return text in await page.whispers()

    await until(look, f"a whisper {text!r}")


@contextmanager
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """An outage is two lines of the log, without a traceback."""
    with caplog.at_level(logging.WARNING):
        yield
    lines = [record.getMessage() for record in caplog.records if record.name.startswith(("storage", "bot"))]
    assert ["cannot store" in lines[0], "works again" in lines[-1], len(lines)] == [True, True, 2], lines
    assert not any(record.exc_info for record in caplog.records)


async def test_a_result_that_cannot_be_stored_is_stored_later_and_its_person_is_told_once(
    workspace: Workspace,
    storage: Storage,
    write: Tool[..., Any],
    ran: list[str],
    lock: Lock,
    http: aiohttp.ClientSession,
    page: Page,
    caplog: pytest.LogCaptureFixture,
):
    script = (calls(("write", {"text": "lock"})), says("It is written."))
    with quiet(caplog):
        async with running(workspace, storage, [write], *script, http=http) as bot:
            root = (await page.say("write", "D0ANA"))["ts"]
            await bot.press(await bot.card(root), "approve")
            await whispered(page, telling.LATER)
            lock.give_back()
            await bot.reads(root, "It is written.")
            await bot.reads(root, "wrote lock")
    assert ran == ["lock"]
    assert len(bot.model.asked) == 2
    assert await page.whispers() == [telling.LATER]


async def test_a_click_that_cannot_be_stored_does_not_count_and_is_told_so(
    workspace: Workspace,
    storage: Storage,
    write: Tool[..., Any],
    ran: list[str],
    lock: Lock,
    http: aiohttp.ClientSession,
    page: Page,
    caplog: pytest.LogCaptureFixture,
):
    script = (calls(("write", {"text": "a"})), says("It is written."))
    with quiet(caplog):
        async with running(workspace, storage, [write], *script, http=http) as bot:
            root = (await page.say("write", "D0ANA"))["ts"]
            card = await bot.card(root)
            await until(lambda: waits_quietly(storage), "the worker to have nothing to store")
            lock.take()
            await bot.press(card, "approve")
            await whispered(page, clicks.NOT_STORED)
            lock.give_back()
            await until(lambda: not storage.outage.is_on, "the outage to end")
            assert [row.status for row in await storage.interrupts(status=None)] == ["waiting"]
            assert ran == []
            assert await bot.press(card, "approve") == {"acked": True}
            await bot.reads(root, "It is written.")
    assert ran == ["a"]


async def waits_quietly(storage: Storage) -> bool:
    """Whether the conversation's showing was given back, so that nothing of it is still to be stored."""
    held = "select count(*) from conversations where shower is not null or outdated"
    return await storage.read(lambda db: db.execute(held).fetchone()[0]) == 0


async def test_a_form_that_cannot_be_stored_keeps_what_was_typed(
    workspace: Workspace,
    storage: Storage,
    write: Tool[..., Any],
    lock: Lock,
    http: aiohttp.ClientSession,
    page: Page,
):
    async with running(workspace, storage, [write], calls(("write", {"text": "a"})), says("No."), http=http) as bot:
        root = (await page.say("write", "D0ANA"))["ts"]
        card = await bot.card(root)
        await until(lambda: waits_quietly(storage), "the worker to have nothing to store")
        async with page.watching() as events:
            await bot.press(card, "reject")
            view = (await until(lambda: [e for e in events if e["type"] == "view_opened"], "a form"))[-1]["view"]
        lock.take()
        block = next(each for each in view["blocks"] if "element" in each)
        typed = {block["block_id"]: {block["element"]["action_id"]: {"type": "plain_text_input", "value": "no"}}}
        answer = await page.submit(view["id"], **typed)
        lock.give_back()
        assert answer == {"errors": {block["block_id"]: clicks.NOT_STORED}}
        await until(lambda: not storage.outage.is_on, "the outage to end")
        await page.submit(view["id"], **typed)
        await bot.reads(root, "No.")


async def test_a_message_that_cannot_be_stored_is_not_acknowledged_and_read_when_it_can(
    workspace: Workspace,
    storage: Storage,
    write: Tool[..., Any],
    lock: Lock,
    http: aiohttp.ClientSession,
    page: Page,
    caplog: pytest.LogCaptureFixture,
):
    with quiet(caplog):
        async with running(workspace, storage, [write], says("Hello."), http=http) as bot:
            lock.take()
            root = (await page.say("hello", "D0ANA"))["ts"]
            await whispered(page, arrivals.LATER)
            await until(lambda: given_up(page), "Slack to give up")
            assert await page.whispers() == [arrivals.LATER]
            lock.give_back()
            await bot.reads(root, "Hello.")
    assert len(bot.model.asked) == 1


async def given_up(page: Page) -> bool:
    return any(each.get("type") == "given_up" for each in await page.journal("event"))


async def test_a_bot_that_is_stopped_meanwhile_ends_and_what_ran_is_in_doubt(
    workspace: Workspace,
    storage: Storage,
    write: Tool[..., Any],
    ran: list[str],
    lock: Lock,
    http: aiohttp.ClientSession,
    page: Page,
):
    script = (calls(("write", {"text": "lock"})), says("It is written."))
    async with running(workspace, storage, [write], *script, http=http) as bot:
        root = (await page.say("write", "D0ANA"))["ts"]
        await bot.press(await bot.card(root), "approve")
        await until(lambda: storage.outage.is_on, "an outage")
        bot.worker.stop()
        storage.give_up()
        async with asyncio.timeout(10):
            await bot.working
    lock.give_back()
    statuses = await storage.read(lambda db: [row[0] for row in db.execute("select status from claims")])
    assert (statuses, ran) == (["claimed"], ["lock"])
