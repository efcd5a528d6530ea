"""What a conversation does not take is told to who asked, once, and decided there; nothing is tried for ever."""

from typing import Any

import pytest

from storage import Storage
from tests.agent.conversing import says
from tests.bot.elsewhere import SCRIPT, Start, card_for, ran, reads, said_to, settled, start, tried, write
from tests.bot.running import button
from tests.bot.support import BOT
from tests.demo.workspace.support import Page
from tests.support.waiting import until

__all__ = ["ran", "start", "write"]

CLOSED = [
    "is_archived",
    "not_in_channel",
    "channel_not_found",
    "restricted_action",
    "restricted_action_thread_locked",
    "cannot_reply_to_message",
    "no_permission",
    "ekm_access_denied",
    "user_is_restricted",
    "messages_tab_disabled",
    "an_error_that_nobody_has_seen_yet",
]


@pytest.mark.parametrize("error", CLOSED)
async def test_a_card_that_the_conversation_does_not_take_goes_to_who_asked_and_is_decided_there(
    page: Page, start: Start, ran: list[str], error: str
):
    await page.fault(closed={"channel": "C0SUPPORT", "error": error})
    async with start() as bot:
        root = (await page.say(f"<@{BOT}> write a"))["ts"]
        card = await card_for(page)
        assert "<#C0SUPPORT>" in str(card["blocks"])
        assert f"/archives/C0SUPPORT/p{root.replace('.', '')}" in str(card["blocks"])
        assert (await bot.press(card, "approve"))["acked"]
        await reads(page, "It is written.")
        assert ran == ["a"]
        shown = await said_to(page)
        assert len(shown) == 3, "what it said, the card, and what it said then"
        assert [each.get("thread_ts") for each in shown] == [None, shown[0]["ts"], shown[0]["ts"]]
        assert button(next(each for each in shown if each["ts"] == card["ts"]), "approve") is None
        assert [each for each in await page.messages() if each["user"] == BOT and not each.get("ephemeral_to")] == []
        assert await tried(page, "C0SUPPORT") <= 5


async def test_a_restart_goes_on_in_the_direct_message_and_says_nothing_twice(
    page: Page, start: Start, storage: Storage, ran: list[str]
):
    await page.fault(closed={"channel": "C0SUPPORT", "error": "is_archived"})
    async with start():
        await page.say(f"<@{BOT}> write a")
        card = await card_for(page)
        await settled(storage)
    before, there = await said_to(page), await tried(page, "C0SUPPORT")
    async with start() as bot:
        await bot.press(card, "approve")
        await reads(page, "It is written.")
        await settled(storage)
    assert ran == ["a"]
    assert [each["ts"] for each in await said_to(page)][: len(before)] == [each["ts"] for each in before]
    assert len(await said_to(page)) == len(before) + 1
    assert await tried(page, "C0SUPPORT") == there


async def test_a_card_whose_answer_was_lost_in_the_direct_message_stands_there_once(page: Page, start: Start):
    await page.fault(closed={"channel": "C0SUPPORT", "error": "is_archived"})
    lost = {"method": "chat.postMessage", "status": 500, "after_commit": True, "channel": "D0ANA", "times": 2}
    await page.fault(http=lost)
    async with start() as bot:
        await page.say(f"<@{BOT}> write a")
        await bot.press(await card_for(page), "approve")
        await reads(page, "It is written.")
        assert len(await said_to(page)) == 3


async def test_where_nobody_can_be_told_the_call_ends_and_nothing_spins(
    page: Page, start: Start, storage: Storage, ran: list[str], caplog: pytest.LogCaptureFixture
):
    for channel in ("C0SUPPORT", "D0ANA"):
        await page.fault(closed={"channel": channel, "error": "is_archived"})
    async with start(SCRIPT[0], says("Nobody could be asked.")) as bot:
        await page.say(f"<@{BOT}> write a")
        await until(lambda: len(bot.model.asked) == 2, "the model to be told")
        told = bot.model.asked[1][-1]["content"]
        assert told.startswith("Unreachable: This call needs 1 approval, and nobody who can approve could be reached")
        assert "Ana Ruiz" in told
        await settled(storage)
        assert await storage.interrupts(status="waiting") == []
        count = await tried(page, "C0SUPPORT") + await tried(page, "D0ANA")
        assert count <= 12
        await page.as_user("U0LEA").say("hello", "D0LEA")
        await reads(page, "I will write it", "U0LEA")
        assert await tried(page, "C0SUPPORT") + await tried(page, "D0ANA") == count
    assert ran == []
    assert len([each for each in caplog.messages if "takes no messages" in each]) == 1
    assert len([each for each in caplog.messages if "can be shown nowhere" in each]) == 1


async def test_what_cannot_be_asked_is_not_asked_again_after_a_restart(page: Page, start: Start, storage: Storage):
    for channel in ("C0SUPPORT", "D0ANA"):
        await page.fault(closed={"channel": channel, "error": "is_archived"})
    async with start(SCRIPT[0], says("Nobody could be asked.")) as bot:
        await page.say(f"<@{BOT}> write a")
        await until(lambda: len(bot.model.asked) == 2, "the model to be told")
        await settled(storage)
    count = len(await page.journal("call"))
    async with start(SCRIPT[0], says("Nobody could be asked.")) as bot:
        await page.as_user("U0LEA").say("hello", "D0LEA")
        await reads(page, "I will write it", "U0LEA")
        later = (await page.journal("call"))[count:]
        assert [each for each in later if each["arguments"].get("channel") in ("C0SUPPORT", "D0ANA")] == []


async def test_a_reply_to_what_was_moved_goes_on_with_the_conversation(page: Page, start: Start):
    await page.fault(closed={"channel": "C0SUPPORT", "error": "restricted_action"})
    async with start() as bot:
        await page.say(f"<@{BOT}> write a")
        card = await card_for(page)
        await bot.press(card, "approve")
        await reads(page, "It is written.")
        await page.say("thank you", "D0ANA", thread_ts=card["thread_ts"])
        said = await reads(page, "You are welcome.")
        assert said["thread_ts"] == card["thread_ts"]
        users = [each["content"] for each in bot.model.asked[-1] if each["role"] == "user"]
        assert [each.removeprefix("@signoff ") for each in users] == ["write a", "thank you"]


async def test_where_somebody_writes_again_it_answers_there(page: Page, start: Start, storage: Storage):
    await page.fault(closed={"channel": "C0SUPPORT", "error": "is_archived"})
    async with start() as bot:
        root = (await page.say(f"<@{BOT}> write a"))["ts"]
        await bot.press(await card_for(page), "approve")
        await reads(page, "It is written.")
        await settled(storage)
        await page.fault(closed={"channel": "C0SUPPORT"})
        await page.say("thank you", thread_ts=root)
        await bot.reads(root, "You are welcome.", "C0SUPPORT")
        assert len(await said_to(page)) == 3


async def test_a_channel_that_is_archived_later_tells_what_became_of_the_card(page: Page, start: Start, ran: list[str]):
    async with start() as bot:
        root = (await page.say(f"<@{BOT}> write a"))["ts"]
        card = await bot.card(root, channel="C0SUPPORT")
        await page.fault(closed={"channel": "C0SUPPORT", "error": "is_archived"})
        await bot.press(card, "approve")
        await reads(page, "wrote a")
        await reads(page, "It is written.")
        assert ran == ["a"]


async def test_a_locked_thread_still_takes_what_becomes_of_its_card(page: Page, start: Start):
    async with start() as bot:
        root = (await page.say(f"<@{BOT}> write a"))["ts"]
        card = await bot.card(root, channel="C0SUPPORT")
        locked = {"channel": "C0SUPPORT", "thread_ts": root, "error": "restricted_action_thread_locked"}
        await page.fault(closed=locked)
        await bot.press(card, "approve")
        await bot.reads(root, "wrote a", "C0SUPPORT")
        await reads(page, "It is written.")
        assert len(await said_to(page)) == 1


async def test_a_turn_that_broke_off_is_tried_again_from_the_direct_message(page: Page, start: Start):
    def line(messages: Any) -> Any:
        if not failed:
            failed.append(True)
            raise RuntimeError("broken")
        return says("Here I am.")

    failed: list[bool] = []
    await page.fault(closed={"channel": "C0SUPPORT", "error": "not_in_channel"})
    async with start(line) as bot:
        await page.say(f"<@{BOT}> hello")
        card = await card_for(page, action="retry")
        await bot.press(card, "retry")
        await reads(page, "Here I am.")


async def test_a_direct_message_whose_thread_takes_no_replies_goes_on_beside_it(page: Page, start: Start):
    async with start() as bot:
        root = (await page.say("write a", "D0ANA"))["ts"]
        card = await bot.card(root)
        await page.fault(closed={"channel": "D0ANA", "thread_ts": root, "error": "cannot_reply_to_message"})
        await bot.press(card, "approve")
        said = await reads(page, "It is written.")
        assert "thread_ts" not in said
