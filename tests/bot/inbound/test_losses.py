"""A card that people see no more while it waits is posted anew; whatever else they delete stays deleted."""

import pytest

from storage import Storage
from tests.bot.elsewhere import Start, card_for, ran, reads, said_to, settled, start, write
from tests.bot.support import BOT, in_thread
from tests.demo.workspace.support import Page, Slack

__all__ = ["ran", "start", "write"]


async def test_a_card_that_was_deleted_while_it_waits_is_posted_anew(
    page: Page, start: Start, slack: Slack, storage: Storage, ran: list[str]
):
    async with start() as bot:
        root = (await page.say(f"<@{BOT}> write a"))["ts"]
        card = await bot.card(root, channel="C0SUPPORT")
        await settled(storage)
        await slack.chat_delete(channel="C0SUPPORT", ts=card["ts"])
        again = await bot.card(root, channel="C0SUPPORT")
        assert again["ts"] != card["ts"]
        await bot.press(again, "approve")
        await bot.reads(root, "It is written.", "C0SUPPORT")
        assert ran == ["a"]
        assert len(await in_thread(page, root)) == 3


async def test_what_was_said_and_deleted_is_not_said_again(page: Page, start: Start, slack: Slack, storage: Storage):
    async with start() as bot:
        root = (await page.say(f"<@{BOT}> write a"))["ts"]
        card = await bot.card(root, channel="C0SUPPORT")
        await settled(storage)
        first = (await in_thread(page, root))[0]
        await slack.chat_delete(channel="C0SUPPORT", ts=first["ts"])
        await bot.press(card, "approve")
        last = await bot.reads(root, "It is written.", "C0SUPPORT")
        await slack.chat_delete(channel="C0SUPPORT", ts=card["ts"])
        await page.say("thank you", thread_ts=root)
        await bot.reads(root, "You are welcome.", "C0SUPPORT")
        ours = [each for each in await in_thread(page, root) if each["user"] == BOT]
        assert [each["ts"] == last["ts"] for each in ours] == [True, False]


@pytest.mark.parametrize("error", ["is_archived", "not_in_channel", "channel_not_found"])
async def test_a_card_that_waits_where_the_channel_ends_goes_to_who_asked_at_once(
    page: Page, start: Start, storage: Storage, ran: list[str], error: str
):
    async with start() as bot:
        root = (await page.say(f"<@{BOT}> write a"))["ts"]
        await bot.card(root, channel="C0SUPPORT")
        await settled(storage)
        await page.fault(closed={"channel": "C0SUPPORT", "error": error})
        moved = await card_for(page)
        assert "<#C0SUPPORT>" in str(moved["blocks"])
        await bot.press(moved, "approve")
        await reads(page, "It is written.")
        assert ran == ["a"]
        assert len(await said_to(page)) == 2
