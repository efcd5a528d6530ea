"""An older copy of the database is put back: what was decided since runs a second time only when somebody says so who
was told.
"""

import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from bot.inbound import clicks
from bot.shown import versions
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from storage import Storage, audit, open_storage
from tests.agent.conversing import calls, says
from tests.bot.running import Bot, button, buttons, running
from tests.demo.workspace.support import Json, Page
from tests.support.waiting import until


@pytest.fixture
def ran() -> list[str]:
    return []


@pytest.fixture
def write(ran: list[str]) -> Tool[..., Any]:
    @tool(approval=Approval(allow={"approve", "reject", "edit"}))
    def write(text: str) -> str:
        """Write it."""
        ran.append(text)
        return f"wrote {text}"

    return write


class Restored:
    """A bot whose card was decided, stopped, and started again on the copy that was made while the card waited."""

    def __init__(
        self, workspace: Workspace, http: aiohttp.ClientSession, page: Page, write: Tool[..., Any], path: Path
    ) -> None:
        self._workspace = workspace
        self._http = http
        self._page = page
        self._write = write
        self._path = path
        self.card: Json = {}
        self.root = ""

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[tuple[Bot, Storage]]:
        script = (calls(("write", {"text": "a"})), says("It is written."), says("You are welcome."))
        async with (
            open_storage(f"sqlite:///{self._path}") as storage,
            running(self._workspace, storage, [self._write], *script, http=self._http) as bot,
        ):
            yield bot, storage

    async def decided(self, action: str = "approve") -> None:
        async with self.bot() as (bot, storage):
            self.root = (await self._page.say("write a", "D0ANA"))["ts"]
            self.card = await bot.card(self.root)
            await until(lambda: shown(storage), "the card to be on record")
            copied(self._path, self._path.with_name("old.db"))
            await bot.press(self.card, action)
            await bot.reads(self.root, "It is written.")
        self._path.unlink()
        copied(self._path.with_name("old.db"), self._path)

    async def now(self) -> Json:
        return next(each for each in await self._page.messages("D0ANA") if each["ts"] == self.card["ts"])

    async def asks_again(self) -> Json:
        async def look() -> Json | None:
            card = await self.now()
            return card if button(card, "approve") and versions.WHY in str(card["blocks"]) else None

        return await until(look, "the card to ask again and say why")


async def shown(storage: Storage) -> bool:
    held = "select count(*) from conversations where shower is not null or outdated"
    return await storage.read(lambda db: db.execute(held).fetchone()[0]) == 0


def copied(path: Path, to: Path) -> None:
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)


@pytest.fixture
async def restored(
    workspace: Workspace, http: aiohttp.ClientSession, page: Page, write: Tool[..., Any], tmp_path: Path
) -> Restored:
    restored = Restored(workspace, http, page, write, tmp_path / "bot.db")
    await restored.decided()
    return restored


@pytest.mark.parametrize("action", ["approve", "reject", "edit"])
async def test_a_click_on_a_card_that_was_decided_since_does_nothing_and_it_is_asked_again(
    restored: Restored,
    workspace: Workspace,
    page: Page,
    ran: list[str],
    caplog: pytest.LogCaptureFixture,
    action: str,
):
    (old,) = buttons(restored.card, action)
    async with restored.bot() as (bot, storage):
        payload = {
            "type": "block_actions",
            "user": {"id": "U0ANA", "team_id": "T0LOCAL"},
            "team": {"id": "T0LOCAL"},
            "trigger_id": "t1",
            "container": {
                "type": "message",
                "channel_id": "D0ANA",
                "message_ts": restored.card["ts"],
                "thread_ts": restored.root,
            },
            "message": await restored.now(),
            "actions": [{"type": "button", "action_id": action, "value": old["value"], "action_ts": "9.0"}],
        }
        with caplog.at_level(logging.ERROR):
            assert await workspace.socket_mode.ask("interactive", payload) is not None
        said = [record.getMessage() for record in caplog.records if record.name.startswith("bot")]
        assert [versions.WHY in line for line in said] == [True]
        await until(page.whispers, "a whisper")
        assert await page.whispers() == [clicks.WENT_BACK]
        card = await restored.asks_again()
        assert ran == ["a"]
        refused = [row async for row in audit.rows(storage.read) if row.kind == "refusal"]
        assert len(refused) == 1
        await bot.press(card, "approve")
        await bot.reads(restored.root, "approved by")
        await until(lambda: len(ran) == 2, "the call to run again, as somebody said who was told")


async def test_a_card_that_is_out_of_date_on_record_is_looked_at_before_it_is_written_over(
    restored: Restored, ran: list[str], tmp_path: Path
):
    with closing(sqlite3.connect(tmp_path / "bot.db")) as db, db:
        db.execute("update conversations set outdated = 1, shown_version = -1")
        db.execute("update posts set shown = 'as it was before'")
    async with restored.bot() as (bot, _):
        card = await restored.asks_again()
        assert ran == ["a"]
        await bot.press(card, "reject")
    assert ran == ["a"]


async def test_a_message_to_a_thread_that_seems_to_wait_brings_its_card_back(
    restored: Restored, page: Page, ran: list[str]
):
    async with restored.bot():
        await page.say("thank you", "D0ANA", thread_ts=restored.root)
        await restored.asks_again()
    assert ran == ["a"]


async def test_after_a_restart_without_any_copy_nothing_is_said_and_the_click_counts(
    workspace: Workspace,
    http: aiohttp.ClientSession,
    page: Page,
    write: Tool[..., Any],
    ran: list[str],
    tmp_path: Path,
):
    usual = Restored(workspace, http, page, write, tmp_path / "bot.db")
    async with usual.bot() as (bot, storage):
        root = (await page.say("write a", "D0ANA"))["ts"]
        await bot.card(root)
        await until(lambda: shown(storage), "the card to be on record")
    async with usual.bot() as (bot, storage):
        await page.say("and?", "D0ANA", thread_ts=root)
        await until(page.whispers, "a whisper")
        await bot.press(await bot.card(root), "approve")
        await bot.reads(root, "You are welcome.")
    assert ran == ["a"]
    assert clicks.WENT_BACK not in await page.whispers()
    assert versions.WHY not in str(await page.messages("D0ANA"))


async def test_a_card_of_a_thread_that_was_deleted_is_not_taken_for_that(
    restored: Restored, page: Page, ran: list[str], workspace: Workspace
):
    async with restored.bot() as (_, storage):
        await storage.delete_thread(f"T0LOCAL/D0ANA/{restored.root}")
        (old,) = buttons(restored.card, "approve")
        place = {"channel_id": "D0ANA", "message_ts": restored.card["ts"], "thread_ts": restored.root}
        click = {
            "type": "block_actions",
            "user": {"id": "U0ANA", "team_id": "T0LOCAL"},
            "team": {"id": "T0LOCAL"},
            "trigger_id": "t1",
            "container": {"type": "message", **place},
            "message": await restored.now(),
            "actions": [{"type": "button", "action_id": "approve", "value": old["value"], "action_ts": "9.0"}],
        }
        await workspace.socket_mode.ask("interactive", click)
        await until(page.whispers, "a whisper")
        assert "belongs to no question" in (await page.whispers())[0]
    assert ran == ["a"]
