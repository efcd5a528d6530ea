"""Who the bot listens to and where, what it does with a message that comes at the wrong moment."""

import pytest

from tests.stories.people import SUPPORT, Person, labels, words
from tests.stories.shop import Shop

pytestmark = pytest.mark.slow

REFUND = "refund order 1042, 80 euro, it came late"


async def test_it_answers_where_it_is_mentioned_and_goes_on_in_that_thread(ana: Person, lea: Person):
    thread = await ana.say("@signoff find order 1042", channel=SUPPORT)
    await thread.says("Jonas Weber")
    await lea.say("and order 1045", thread)
    await thread.says("Mei Tanaka")
    assert {each["thread_ts"] for each in await thread.said()} == {thread.ts}


async def test_a_mention_in_a_thread_of_others_joins_it(ana: Person, lea: Person):
    thread = await ana.say("who bought 1044, does anybody know?", channel=SUPPORT)
    await lea.say("@signoff find order 1044", thread)
    await thread.says("Tom Baker")
    assert {each["thread_ts"] for each in await thread.said()} == {thread.ts}


async def test_what_others_talk_about_is_left_alone(ana: Person, lea: Person):
    chatter = await ana.say("find order 1042 when you have a minute, Lea", channel=SUPPORT)
    await lea.say("cancel order 1043? sure", chatter)
    asked = await lea.say("@signoff find order 1041", channel=SUPPORT)
    await asked.says("Noor Hassan")  # what came before has been handled by now
    assert await chatter.said() == []


async def test_threads_of_a_direct_message_do_not_wait_for_each_other(ana: Person, shop: Shop):
    waiting = await ana.say(REFUND)
    card = await waiting.card()
    other = await ana.say("find order 1045")
    await other.says("Mei Tanaka")
    assert labels(await waiting.now(card)) == ["Approve", "Edit", "Reject"]
    assert shop.refunds == []


async def test_a_guest_may_not_talk_to_it_and_is_told_so_privately(ana: Person, max_: Person, shop: Shop):
    thread = await max_.say("@signoff refund order 1044, 30 euro", channel=SUPPORT)
    await thread.whisper("Guests cannot ask")
    assert await thread.said() == []
    assert [words(each) for each in await ana.at(thread).messages()] == ["<@U0SIGNOFF> refund order 1044, 30 euro"]
    direct = await max_.say("refund order 1044, 30 euro")
    await direct.whisper("Guests cannot ask")
    assert shop.refunds == []


async def test_a_message_while_a_question_waits_is_read_after_it(ana: Person, shop: Shop):
    thread = await ana.say(REFUND)
    card = await thread.card()
    await ana.say("find order 1045", thread)
    await thread.whisper("Your message is kept")
    assert not any("Mei Tanaka" in text for text in await thread.texts())
    await ana.click(card, "Approve")
    await thread.says("Refunded 80.00 euro", after=card["ts"])
    await thread.says("Mei Tanaka", after=card["ts"])
    assert shop.refunds == [(1042, "80.00")]


async def test_messages_are_answered_in_their_order(ana: Person):
    thread = await ana.say("find order 1041")
    await ana.say("find order 1042", thread)
    await ana.say("find order 1045", thread)
    await thread.says("Mei Tanaka")
    told = [name for text in await thread.texts() for name in ("Noor", "Jonas", "Mei") if f"{name} " in text]
    assert list(dict.fromkeys(told)) == ["Noor", "Jonas", "Mei"]


async def test_a_message_that_is_edited_or_deleted_changes_nothing_proposed(ana: Person, shop: Shop):
    thread = await ana.say(REFUND)
    card = await thread.card()
    await ana.page.post("/client/edits", user=ana.id, channel=thread.channel, ts=thread.ts, text="refund 1042, 5 euro")
    other = await ana.say("find order 1041")
    await other.says("Noor Hassan")
    assert (await thread.now(card))["blocks"] == card["blocks"]
    await ana.click(card, "Approve")
    await thread.says("Refunded 80.00 euro", after=card["ts"])
    assert shop.refunds == [(1042, "80.00")]


async def test_an_address_arrives_as_it_was_typed(ana: Person, shop: Shop):
    thread = await ana.say('email a&b@example.com "Terms & <conditions>" "See https://example.com/a?b=1&c=2"')
    card = await thread.card()
    await ana.click(card, "Approve")
    await thread.says("Sent to", after=card["ts"])
    (letter,) = shop.outbox
    assert letter[1:] == ("Terms & <conditions>", "See https://example.com/a?b=1&c=2")


async def test_what_it_can_do_is_offered_when_its_direct_message_is_opened(ana: Person):
    before = len(await ana.page.calls("assistant.threads.setSuggestedPrompts"))
    await ana.page.post("/client/home", user=ana.id, tab="messages")
    answered = await ana.say("find order 1041")
    await answered.says("Noor Hassan")
    calls = (await ana.page.calls("assistant.threads.setSuggestedPrompts"))[before:]
    assert len(calls) == 1
    assert calls[0]["answer"]["ok"]
