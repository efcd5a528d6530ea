"""The button that tries an example: it is sent for whoever may ask; else nothing is, and it is said so."""

from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from bot.inbound.trying import NOT_SENT, SENT
from bot.shown import home
from graphs.agent.policy import Approval
from graphs.agent.tools import tool
from storage import Storage
from tests.agent.conversing import says
from tests.bot.running import running
from tests.demo.workspace.support import Json, Page
from tests.support import linter
from tests.support.waiting import until


@tool(approval=Approval())
def write(text: str) -> str:
    """Write it."""
    return f"wrote {text}"


async def press(page: Page, view: Json) -> str:
    """Press the button on this Home; what the person is told."""
    async with page.watching() as seen:
        place = {"view_id": view["id"], "block_id": "begin", "action_id": home.TRY_EXAMPLE}
        assert await page.post("/client/actions", **place) == {"acked": True}
        (opened, *_) = await until(lambda: [each for each in seen if each["type"] == "view_opened"], "an answer")
    sent = {name: opened["view"][name] for name in ("type", "title", "close", "blocks")}
    assert linter.view(sent) == []
    return str(linter.lines(opened["view"]["blocks"])[0])


async def first_home(page: Page) -> Json:
    await page.post("/client/home", tab="home")

    async def look() -> Json | None:
        return (await page.get("/client/boot"))["home"]

    return await until(look, "a Home")


async def in_messages(page: Page) -> list[str]:
    return [each["text"] for each in await page.messages("D0ANA")]


@pytest.mark.parametrize(
    "fault",
    [
        {"http": {"method": "chat.postMessage", "error": "restricted_action"}},
        {"http": {"method": "chat.postMessage", "status": 500}},
        {"http": {"method": "conversations.open", "error": "user_disabled"}},
    ],
)
async def test_what_cannot_be_sent_is_said_and_can_be_pressed_again(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession, fault: Any
):
    async with running(workspace, storage, [write], says("Hello."), http=http, examples=["say *hello* <now>"]) as bot:
        view = await first_home(page)
        await page.fault(**fault)
        assert await press(page, view) == NOT_SENT
        assert await in_messages(page) == []
        assert await press(page, view) == SENT
        (root,) = [each for each in await page.messages("D0ANA") if not each.get("thread_ts")]
        assert root["text"] == "<@U0ANA> tries an example: say *hello* &lt;now&gt;"
        await bot.reads(root["ts"], "Hello.")
        assert bot.model.asked[0][-1]["content"] == "say *hello* <now>"
