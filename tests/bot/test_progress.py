"""While it works: the session says how it stands, a call at work is a task; and people say whether it helped."""

import asyncio
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from graphs.agent.tools import Tool, tool
from graphs.models.errors import ModelUnavailable
from storage import Storage, feedback
from storage.ids import ThreadId
from tests.agent.conversing import calls, says
from tests.bot.running import running
from tests.demo.workspace.support import Json, Page
from tests.support.waiting import until


async def sessions(page: Page) -> list[str]:
    calls = [each for each in await page.journal("call") if each["method"] == "agents.sessions.setStatus"]
    return [call["arguments"]["status"] for call in calls]


@pytest.fixture
def pay() -> Tool[..., Any]:
    @tool(approval=True, title="Pay {amount} euro")
    def pay(amount: int) -> str:
        """Pay."""
        return f"paid {amount}"

    return pay


async def test_a_session_is_at_work_waits_for_a_person_and_is_done(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, pay: Tool[..., Any]
):
    async with running(workspace, storage, [pay], calls(("pay", {"amount": 7})), says("Paid."), http=http) as bot:
        root = (await page.say("pay 7", "D0ANA"))["ts"]
        card = await bot.card(root)
        await until(lambda: stands(page, ["processing", "suspended"]), "that it waits")
        await bot.press(card, "approve")
        await bot.reads(root, "Paid.")
        await until(lambda: stands(page, ["processing", "suspended", "active"]), "that it is done")


async def test_a_session_is_over_after_a_failure_too(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    def fails(_: Any) -> Any:
        raise ModelUnavailable("The model is away.", retryable=False)

    async with running(workspace, storage, [], fails, http=http) as bot:
        root = (await page.say("hello", "D0ANA"))["ts"]
        await bot.reads(root, "The model is away.")
        await until(lambda: stands(page, ["processing", "active"]), "that it is over")


async def stands(page: Page, said: list[str]) -> bool:
    return await sessions(page) == said


async def test_a_call_at_work_is_a_task_and_leaves_one_quiet_line(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    go_on = asyncio.Event()

    @tool
    async def look_up(order: int) -> str:
        """Look an order up."""
        await go_on.wait()
        return "found"

    script = (calls(("look_up", {"order": 7})), says("It is there."))
    async with running(workspace, storage, [look_up], *script, http=http) as bot:
        root = (await page.say("where is 7?", "D0ANA"))["ts"]
        at_work = await bot.reads(root, "Looking up")
        (task,) = [block for block in at_work["blocks"] if block["type"] == "task_card"]
        assert task["status"] == "in_progress"
        go_on.set()
        await bot.reads(root, "It is there.")
        over = await bot.reads(root, "Looked up")
        assert over["ts"] == at_work["ts"]
        assert [block["type"] for block in over["blocks"]] == ["context"]


async def test_people_say_whether_an_answer_helped(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, pay: Tool[..., Any]
):
    async with running(workspace, storage, [pay], says("Forty-two."), http=http) as bot:
        root = (await page.say("what is it?", "D0ANA"))["ts"]
        answer = await bot.reads(root, "Forty-two.")
        element = buttons_below(answer)
        thread_id = ThreadId(f"T0LOCAL/D0ANA/{root}")
        for button, helped in (("positive_button", True), ("negative_button", False)):
            value = element[button]["value"]
            assert (await page.click(answer, "feedback", "feedback", value=value))["acked"]
            (said,) = await storage.read(lambda db: feedback.of_thread(db, thread_id))
            assert (said.user, said.helped) == ("U0ANA", helped)


def buttons_below(message: Json) -> Json:
    (block,) = [block for block in message["blocks"] if block["type"] == "context_actions"]
    (element,) = block["elements"]
    return element
