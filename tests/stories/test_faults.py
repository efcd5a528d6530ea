"""What goes wrong outside: Slack repeats itself, loses answers, slows down; the model is away."""

import json

import pytest

from tests.stories.people import Page, Person, labels, words
from tests.stories.programs import Stage
from tests.stories.shop import Shop
from tests.support.waiting import until

pytestmark = pytest.mark.slow

REFUND = "refund order 1042, 80 euro, it came late"


async def count(ana: Person, query: str) -> list[str]:
    """Everything that the bot says to this, once it has answered."""
    thread = await ana.say(query)
    await thread.says("Jonas Weber")
    return await thread.texts()


async def test_an_event_that_is_delivered_again_is_answered_once(ana: Person, page: Page):
    usual = await count(ana, "find order 1042")
    start = (await page.journal())[-1]["n"]
    await page.slack_fails(redeliver=3)
    thread = await ana.say("find order 1042")
    await thread.says("Jonas Weber")

    async def all_acknowledged() -> bool:
        entries = await page.journal(start)
        of_message = [
            each["envelope_id"]
            for each in entries
            if each["kind"] == "event" and each["payload"].get("event", {}).get("ts") == thread.ts
        ]
        acks = {each["envelope_id"] for each in entries if each["kind"] == "ack"}
        return len(of_message) == 4 and set(of_message) <= acks

    await until(all_acknowledged, "all deliveries to be acknowledged")
    await count(ana, "find order 1042")
    assert len(await thread.said()) == len(usual)
    assert sum(each["messages"][1]["content"].startswith("find") for each in await page.model_requests()) == 6


async def test_a_post_whose_answer_was_lost_is_not_posted_twice(ana: Person, page: Page, shop: Shop):
    await page.slack_fails(http={"method": "chat.postMessage", "status": 500, "after_commit": True})
    thread = await ana.say('email jonas@example.com "Your refund" "It is on its way."')
    card = await thread.card()
    await ana.click(card, "Approve")
    await thread.becomes(card, "approved by <@U0ANA>[^$]*done")
    await thread.says("Sent to jonas@example.com", after=card["ts"])
    cards = [each for each in await thread.said() if "Your refund" in words(each)]
    assert len(cards) == 1
    assert len(shop.outbox) == 1


async def test_a_refused_post_is_tried_again(ana: Person, page: Page, shop: Shop):
    await page.slack_fails(http={"method": "chat.postMessage", "status": 503})
    thread = await ana.say('email jonas@example.com "Your refund" "It is on its way."')
    await thread.card()
    assert len([each for each in await thread.said() if "Your refund" in words(each)]) == 1


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update", "chat.startStream"])
async def test_a_rate_limit_is_waited_out(ana: Person, page: Page, shop: Shop, method: str):
    await page.slack_fails(http={"method": method, "status": 429, "retry_after": 1})
    thread = await ana.say(REFUND)
    card = await thread.card()
    await ana.click(card, "Approve")
    await thread.becomes(card, "done: Refunded 80.00 euro")
    await thread.says("Refunded 80.00 euro", after=card["ts"])
    assert shop.refunds == [(1042, "80.00")]
    assert len([each for each in await thread.said() if "80.00" in words(each) and each["ts"] > card["ts"]]) == 1


async def test_a_model_that_is_away_is_said_in_one_sentence_and_can_be_tried_again(
    ana: Person, page: Page, stage: Stage, shop: Shop
):
    await page.model_fails(status=500, times=3)
    thread = await ana.say(REFUND)
    failed = await thread.card("Try Again")
    said = await thread.said()
    assert len(said) == 1
    assert len(words(said[0]).splitlines()) == 1
    assert "Traceback" not in json.dumps(said) + stage.log
    assert "500" not in words(failed)
    assert "ModelUnavailable" in stage.log
    await ana.click(failed, "Try Again")
    card = await thread.card()
    await ana.click(card, "Approve")
    await thread.says("Refunded 80.00 euro", after=card["ts"])
    assert labels(await thread.now(failed)) == []
    assert shop.refunds == [(1042, "80.00")]


async def test_a_model_that_cannot_be_reached_loses_no_thread(ana: Person, stage: Stage, shop: Shop):
    thread = await ana.say(REFUND)
    card = await thread.card()
    stage.model.kill()
    await ana.click(card, "Approve")
    failed = await thread.card("Try Again")
    await ana.click(failed, "Try Again")
    await thread.becomes(failed, "tried again|reach|not")
    stage.start_model(stage.model_url.rpartition(":")[2])
    await ana.click(await thread.card("Try Again"), "Try Again")
    await thread.says("Refunded 80.00 euro", after=failed["ts"])
    assert shop.refunds == [(1042, "80.00")]


async def test_a_model_that_fails_after_the_effect_does_not_repeat_it(ana: Person, page: Page, shop: Shop):
    thread = await ana.say(REFUND)
    card = await thread.card()
    await page.model_fails(status=500, times=3)
    await ana.click(card, "Approve")
    failed = await thread.card("Try Again")
    assert shop.refunds == [(1042, "80.00")]
    await ana.click(failed, "Try Again")
    await thread.says("Refunded 80.00 euro", after=failed["ts"])
    assert shop.refunds == [(1042, "80.00")]
    assert shop.refunded(1042) == 80


async def test_a_reply_that_breaks_off_is_tried_again_whole(ana: Person, page: Page):
    thread = await ana.say("find order 1042")
    await thread.says("Jonas Weber")
    await page.model_fails(cut=4)
    thread = await ana.say("hello")
    failed = await thread.card("Try Again")
    await ana.click(failed, "Try Again")
    await thread.says("Here is what I can do", after=failed["ts"])


async def test_a_lost_connection_is_opened_again(ana: Person, page: Page):
    await page.slack_fails(disconnect=True)
    await count(ana, "find order 1042")
