"""A form that does not open: the click is acknowledged, and who clicked hears what to do, and about which call."""

from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from storage import Storage
from tests.agent.conversing import calls
from tests.bot.running import Bot, running
from tests.demo.workspace.support import Json, Page
from tests.support.waiting import until

AGAIN: dict[str, dict[str, Any]] = {
    "the click is too old": {"error": "expired_trigger_id"},
    "the click was used": {"error": "exchanged_trigger_id"},
    "limited": {"error": "ratelimited"},
}
UNCLEAR: dict[str, dict[str, Any]] = {
    "internal_error": {"error": "internal_error"},
    "503": {"status": 503},
    "a page": {"way": "html"},
    "reset": {"way": "reset"},
    "nothing": {"way": "hang"},
    "nothing more": {"way": "headers"},
}
NEVER: dict[str, dict[str, Any]] = {
    "too large": {"error": "view_too_large"},
    "not so": {"error": "invalid_arguments"},
    "a word of tomorrow": {"error": "a_word_of_tomorrow"},
    "no scope": {"error": "missing_scope"},
}


@pytest.fixture
def refund() -> Tool[..., Any]:
    @tool(approval=Approval(allow=("approve", "edit", "reject", "respond")))
    def refund_order(number: int) -> str:
        """Refund an order."""
        return "refunded"

    return refund_order


async def heard(bot: Bot, card: Json, button: str) -> str:
    """What a person hears who presses the button of a form."""
    before = len(await bot.page.whispers())
    assert await bot.press(card, button) == {"acked": True}

    async def more() -> list[str]:
        return (await bot.page.whispers())[before:]

    (said,) = await until(more, f"a word about {button}")
    return said


async def test_a_form_that_is_refused_or_lost_is_said_and_the_click_acknowledged(
    workspace: Workspace,
    storage: Storage,
    refund: Tool[..., Any],
    http: aiohttp.ClientSession,
    page: Page,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("bot.slack_client.SHORTER", {"views.": 0.2})
    async with running(workspace, storage, [refund], calls(("refund_order", {"number": 1042})), http=http) as bot:
        card = await bot.card((await page.say("refund 1042", "D0ANA"))["ts"])
        for fault in AGAIN.values():
            await page.fault(http={"method": "views.open"} | fault)
            said = await heard(bot, card, "edit")
            assert "1042" in said
            assert said.endswith("did not open. Click Edit again.")
        for fault in UNCLEAR.values():
            await page.fault(http={"method": "views.open"} | fault)
            said = await heard(bot, card, "reject")
            assert "1042" in said
            assert said.endswith("is open. If you do not see it, click Reject again.")
        for fault in NEVER.values():
            await page.fault(http={"method": "views.open"} | fault)
            said = await heard(bot, card, "respond")
            assert fault["error"] in said
            assert "1042" in said
            assert "again" not in said
        async with page.watching() as seen:
            assert await bot.press(card, "edit") == {"acked": True}
            await until(lambda: any(event["type"] == "view_opened" for event in seen), "the form, at last")
        assert len(await storage.interrupts(status="waiting")) == 1
