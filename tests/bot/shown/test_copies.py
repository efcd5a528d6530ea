"""Who cannot be reached is said on the card and to who asked, once; a call that waits for nobody else ends."""

from typing import Any

import pytest

from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from storage import Storage
from tests.agent.conversing import calls, says
from tests.bot.elsewhere import Start, card_for, ran, reads, said_to, settled, start, tried, write
from tests.bot.running import button
from tests.bot.support import BOT
from tests.demo.workspace.support import Json, Page
from tests.support.waiting import until

__all__ = ["ran", "start", "write"]

SCRIPT = (calls(("pay", {"amount": 80})), says("So it is."))

CLOSED = ["messages_tab_disabled", "cannot_dm_bot", "user_disabled", "channel_not_found", "is_archived"]


def pay_by(*approvers: str, quorum: int = 1) -> Tool[..., Any]:
    @tool(approval=Approval(approvers=list(approvers), quorum=quorum))
    def pay(amount: int) -> str:
        """Pay."""
        return f"Paid {amount}."

    return pay


async def close(page: Page, error: str, channel: str = "D0LEA") -> None:
    await page.fault(closed={"channel": channel, "error": error})


async def ended(page: Page) -> Json:
    async def look() -> Json | None:
        return next(
            (each for each in await said_to(page) if "nobody who may decide could be reached" in str(each)), None
        )

    return await until(look, "the call to end")


@pytest.mark.parametrize("error", CLOSED)
async def test_a_call_that_only_somebody_out_of_reach_could_approve_ends_and_everybody_is_told(
    page: Page, start: Start, storage: Storage, error: str, caplog: pytest.LogCaptureFixture
):
    await close(page, error)
    async with start(*SCRIPT, tools=[pay_by("U0LEA")]) as bot:
        await page.say("pay", "D0ANA")
        card = await ended(page)
        await reads(page, "So it is.")
        await settled(storage)
        assert "Lea Brandt" in str(card["blocks"])
        assert button(card, "approve") is None
        told = bot.model.asked[1][-1]["content"]
        assert told == (
            "Unreachable: This call needs 1 approval, and nobody who can approve could be reached: Slack takes no "
            "message to Lea Brandt. The call did not run."
        )
        assert [each for each in await page.whispers() if "<@U0LEA> could not be reached" in each]
        assert await tried(page, "D0LEA") == 1
        assert await storage.interrupts(status="waiting") == []
    assert len([each for each in caplog.messages if "cannot be asked" in each]) == 1


async def test_a_direct_message_that_cannot_be_opened_is_the_same(page: Page, start: Start, storage: Storage):
    await page.fault(http={"method": "conversations.open", "error": "cannot_dm_user", "times": 100})
    async with start(*SCRIPT, tools=[pay_by("U0LEA")]):
        await page.say("pay", "D0ANA")
        await ended(page)
        await reads(page, "So it is.")
        await settled(storage)
        met = [each for each in await page.journal("fault") if each.get("method") == "conversations.open"]
        assert len(met) == 1


async def test_while_somebody_else_can_decide_the_card_says_who_could_not_be_reached(
    page: Page, start: Start, storage: Storage
):
    await close(page, "messages_tab_disabled")
    async with start(*SCRIPT, tools=[pay_by("U0LEA", "requester")]) as bot:
        await page.say("pay", "D0ANA")
        card = await until(lambda: _warned(page), "a card that says so")
        assert button(card, "approve") is not None
        assert len(await page.whispers()) == 1
        await settled(storage)
    async with start(*SCRIPT, tools=[pay_by("U0LEA", "requester")]) as bot:
        await bot.press(card, "approve")
        await reads(page, "So it is.")
        await settled(storage)
        assert await tried(page, "D0LEA") == 1, "also after a restart"
        assert len(await page.whispers()) == 1
        card = next(each for each in await said_to(page) if each["ts"] == card["ts"])
        assert "could not be reached" not in str(card["blocks"])


async def _warned(page: Page) -> Json | None:
    return next((each for each in await said_to(page) if "<@U0LEA> could not be reached" in str(each["blocks"])), None)


async def test_two_approvals_of_which_one_cannot_be_had_are_not_waited_for(page: Page, start: Start):
    await close(page, "messages_tab_disabled")
    async with start(*SCRIPT, tools=[pay_by("U0LEA", "requester", quorum=2)]) as bot:
        await page.say("pay", "D0ANA")
        await ended(page)
        await reads(page, "So it is.")
        assert (
            "needs 2 approvals, and only one person who can approve could be reached"
            in bot.model.asked[1][-1]["content"]
        )


async def test_an_approval_that_was_cast_counts_where_its_voter_cannot_see_the_card_any_more(page: Page, start: Start):
    async with start(*SCRIPT, tools=[pay_by("channel", quorum=2)]) as bot:
        root = (await page.say(f"<@{BOT}> pay"))["ts"]
        card = await bot.card(root, channel="C0SUPPORT")
        await bot.press(card, "approve", "U0LEA")
        await bot.reads(root, "1 of 2", "C0SUPPORT")
        await close(page, "is_archived", "C0SUPPORT")
        moved = await card_for(page)
        assert "1 of 2" in str(moved["blocks"])
        await bot.press(moved, "approve")
        await reads(page, "So it is.")


async def test_two_approvals_of_a_channel_that_is_archived_cannot_be_had(page: Page, start: Start):
    await close(page, "is_archived", "C0SUPPORT")
    async with start(*SCRIPT, tools=[pay_by("channel", quorum=2)]):
        await page.say(f"<@{BOT}> pay")
        await ended(page)
        await reads(page, "So it is.")


async def test_where_the_conversation_takes_no_card_the_others_who_decide_get_theirs(page: Page, start: Start):
    await close(page, "is_archived", "C0SUPPORT")
    async with start(*SCRIPT, tools=[pay_by("U0LEA")]) as bot:
        await page.say(f"<@{BOT}> pay")
        copy = await card_for(page, "U0LEA")
        await bot.press(copy, "approve", "U0LEA")
        await reads(page, "So it is.")
        await reads(page, "Paid 80.")


async def test_where_nothing_but_a_copy_can_be_shown_it_decides(page: Page, start: Start):
    for channel in ("C0SUPPORT", "D0ANA"):
        await close(page, "is_archived", channel)
    async with start(*SCRIPT, tools=[pay_by("U0LEA")]) as bot:
        await page.say(f"<@{BOT}> pay")
        copy = await card_for(page, "U0LEA")
        await bot.press(copy, "approve", "U0LEA")
        await reads(page, "Paid 80.", "U0LEA")
        assert len(bot.model.asked) == 2


async def test_whose_copy_cannot_be_kept_up_to_date_any_more_is_out_of_reach(page: Page, start: Start):
    async with start(*SCRIPT, tools=[pay_by("U0LEA", "requester", quorum=2)]) as bot:
        root = (await page.say("pay", "D0ANA"))["ts"]
        card = await bot.card(root)
        await card_for(page, "U0LEA")
        await close(page, "channel_not_found")
        await bot.press(card, "approve")
        await ended(page)
        await reads(page, "So it is.")
