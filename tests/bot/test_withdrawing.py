"""While a call waits: what is typed is kept, and who asked for the call can take it back."""

from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from bot.telling import QUEUED
from bot.withdrawing import NOTHING_WAITS, OVERTAKEN, READ_ALREADY, TAKEN_BACK
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from storage import Storage
from tests.agent.conversing import calls, says
from tests.bot.running import Bot, running
from tests.demo.workspace.support import Json, Page
from tests.support.waiting import until


@pytest.fixture
def written() -> list[str]:
    return []


@pytest.fixture
def write(written: list[str]) -> Tool[..., Any]:
    @tool(approval=Approval(approvers=["channel"], allow={"approve"}))
    def write(text: str) -> str:
        """Write it."""
        written.append(text)
        return f"wrote {text}"

    return write


ASKS = (calls(("write", {"text": "a"})), says("As you like."), says("Here is something else."))


async def asked(bot: Bot, page: Page) -> tuple[str, Json]:
    root = (await page.say("@signoff write a", "C0SUPPORT"))["ts"]
    return root, await bot.card(root, channel="C0SUPPORT")


@pytest.mark.parametrize("word", ["stop", "Cancel that", "CANCEL.", " stop that. ", "@signoff cancel"])
async def test_the_requester_takes_it_back_with_a_word(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    write: Tool[..., Any],
    written: list[str],
    word: str,
):
    async with running(workspace, storage, [write], *ASKS, http=http) as bot:
        root, _ = await asked(bot, page)
        await page.say(word, "C0SUPPORT", thread_ts=root)
        await bot.reads(root, "As you like.", "C0SUPPORT")
        await bot.reads(root, TAKEN_BACK, "C0SUPPORT")
        assert [m["content"] for each in bot.model.asked[-1:] for m in each if m["role"] == "user"] == ["write a"]
        assert await page.whispers("C0SUPPORT") == []
    (row,) = await storage.interrupts(status="answered")
    assert (row.status, row.answered_by) == ("answered", "U0ANA")
    assert written == []


@pytest.mark.parametrize(
    ("user", "word"), [("U0LEA", "cancel"), ("U0ANA", "cancel it"), ("U0ANA", "please stop"), ("U0ANA", "stop!")]
)
async def test_nothing_else_takes_it_back(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    write: Tool[..., Any],
    written: list[str],
    user: str,
    word: str,
):
    async with running(workspace, storage, [write], *ASKS, http=http) as bot:
        root, card = await asked(bot, page)
        await page.as_user(user).say(word, "C0SUPPORT", thread_ts=root)
        await until(lambda: told(page, user, [QUEUED]), "that it is kept")
        assert (await storage.interrupts(status="waiting"))[0].status == "waiting"
        await bot.press(card, "approve", user="U0LEA")
        await bot.reads(root, "Here is something else.", "C0SUPPORT")
        assert bot.model.asked[-1][-1]["content"].endswith(word)
        assert written == ["a"]


async def test_everybody_who_writes_is_told_that_it_is_kept(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, write: Tool[..., Any]
):
    async with running(workspace, storage, [write], *ASKS, http=http) as bot:
        root, _ = await asked(bot, page)
        for user in ("U0LEA", "U0ANA", "U0LEA"):
            await page.as_user(user).say(f"and {user}?", "C0SUPPORT", thread_ts=root)
        await until(lambda: told(page, "U0LEA", [QUEUED, QUEUED]), "both of Lea's")
        await until(lambda: told(page, "U0ANA", [QUEUED]), "Ana's")
        whispers = [m for m in await page.messages("C0SUPPORT") if m.get("ephemeral_to")]
        assert [reject_button(m) is not None for m in whispers] == [True], "who asked for the call has the button"
        lea = [m for m in await page.as_user("U0LEA").messages("C0SUPPORT") if m.get("ephemeral_to")]
        assert [reject_button(m) for m in lea] == [None, None]
        await page.say("cancel that", "C0SUPPORT", thread_ts=root)
        await bot.reads(root, TAKEN_BACK, "C0SUPPORT")


async def test_reject_and_send_this_does_both_once(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    write: Tool[..., Any],
    written: list[str],
):
    async with running(workspace, storage, [write], *ASKS, http=http) as bot:
        root, _ = await asked(bot, page)
        await page.say("something else", "C0SUPPORT", thread_ts=root)
        (whisper,) = await until(lambda: ephemerals(page), "the offer")
        assert reject_button(whisper) == "Reject and Send This"
        for _ in range(2):
            assert (await page.click(whisper, "queued", "reject_and_send"))["acked"]
        await bot.reads(root, "Here is something else.", "C0SUPPORT")
        await bot.reads(root, OVERTAKEN, "C0SUPPORT")
        assert [m["content"] for m in bot.model.asked[-1] if m["role"] == "user"] == ["write a", "something else"]
        await until(lambda: second(page), "why the second click did not count")
        assert (await second(page)) in (READ_ALREADY, NOTHING_WAITS)
    assert written == []


async def second(page: Page) -> str | None:
    told = await page.whispers("C0SUPPORT")
    return told[1] if len(told) > 1 else None


async def told(page: Page, user: str, texts: list[str]) -> bool:
    return await page.as_user(user).whispers("C0SUPPORT") == texts


async def ephemerals(page: Page) -> list[Json]:
    return [message for message in await page.messages("C0SUPPORT") if message.get("ephemeral_to")]


def reject_button(message: Json) -> str | None:
    elements = [each for block in message.get("blocks") or () for each in block.get("elements", ())]
    return next((each["text"]["text"] for each in elements if each.get("action_id") == "reject_and_send"), None)
