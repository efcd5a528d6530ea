"""The main job: asked before it acts, by a click, a form or a reason; and what runs unasked says so."""

import asyncio
import json
import re

import pytest

from tests.stories.people import SUPPORT, Page, Person, filled, labels, words
from tests.stories.programs import Stage
from tests.stories.shop import Shop

pytestmark = pytest.mark.slow

REFUND = "refund order 1042, 80 euro, it came late"
CANCEL = "@signoff cancel order 1043, the customer changed her mind"
EMAIL = 'email jonas@example.com "Your refund" "It is on its way."'


async def told_the_model(page: Page) -> str:
    """The result of the last call that the model was told."""
    messages = (await page.model_requests())[-1]["messages"]
    return next(each["content"] for each in reversed(messages) if each["role"] == "tool")


async def test_a_look_up_runs_unasked_and_a_refund_waits_for_a_click(ana: Person, shop: Shop):
    thread = await ana.say(REFUND)
    card = await thread.card()
    assert labels(card) == ["Approve", "Edit", "Reject"]
    for proposed in ("1042", "80", "it came late"):
        assert proposed in words(card)
    before = [each for each in await thread.said() if each["ts"] < card["ts"]]
    assert [labels(each) for each in before] == [[]] * len(before)
    assert any("Jonas Weber" in words(each) for each in before), "the order was looked up"
    assert shop.refunds == []
    await ana.click(card, "Approve")
    await thread.becomes(card, r"approved by <@U0ANA>[^$]*done")
    await thread.says("Refunded 80.00 euro of order 1042", after=card["ts"])
    assert labels(await thread.now(card)) == []
    assert shop.refunds == [(1042, "80.00")]
    assert shop.refunded(1042) == 80


async def test_what_happened_before_a_reply_stands_above_it(ana: Person, shop: Shop):
    thread = await ana.say(REFUND)
    card = await thread.card()
    look_up, reply, asked = await thread.said()
    assert re.search(r"ran|look", words(look_up), re.IGNORECASE)
    assert "Jonas Weber" in words(reply)
    assert asked["ts"] == card["ts"]


async def test_a_small_refund_runs_unasked_and_the_thread_says_so(ana: Person, shop: Shop):
    thread = await ana.say("refund order 1044, 30 euro")
    await thread.says("Refunded 30.00 euro of order 1044")
    await thread.says("without asking")
    assert [labels(each) for each in await thread.said()] == [[]] * 4
    assert shop.refunds == [(1044, "30.00")]


async def test_an_edit_is_checked_then_runs_and_the_model_learns_what_ran(ana: Person, shop: Shop, page: Page):
    thread = await ana.say(REFUND)
    card = await thread.card()
    form = await ana.open(card, "Edit")
    initial = filled(form)
    assert "1042" in initial.values()
    assert "it came late" in initial.values()
    amount = next(label for label, value in initial.items() if value == "80")
    refused = await ana.submit(form, **{amount: "-60"})
    assert list(refused) == ["errors"]
    assert len(refused["errors"]) == 1
    assert "more than 0" in next(iter(refused["errors"].values()))
    assert shop.refunds == []
    assert await ana.submit(form, **{amount: "60"}) == {}
    await thread.becomes(card, r"edited by <@U0ANA>[^$]*80\s*→\s*60[^$]*done")
    await thread.says("Refunded 60.00 euro", after=card["ts"])
    assert shop.refunds == [(1042, "60.00")]
    told = await told_the_model(page)
    assert told.startswith("Edited")
    assert "60" in told
    assert "80" in told


async def test_a_rejected_call_does_not_run_and_the_model_hears_why(ana: Person, shop: Shop, page: Page):
    thread = await ana.say(EMAIL)
    card = await thread.card()
    form = await ana.open(card, "Reject")
    assert filled(form) == {"Reason": ""}
    assert await ana.submit(form, Reason="he asked us to <phone> him & wait") == {}
    await thread.becomes(card, r"rejected by <@U0ANA>[^$]*phone")
    await thread.says("phone", after=card["ts"])
    assert labels(await thread.now(card)) == []
    assert shop.outbox == []
    assert "he asked us to <phone> him & wait" in await told_the_model(page)


async def test_a_reason_is_not_required(ana: Person, shop: Shop):
    thread = await ana.say(EMAIL)
    card = await thread.card()
    assert await ana.submit(await ana.open(card, "Reject")) == {}
    await thread.becomes(card, "rejected by <@U0ANA>")
    await thread.says("did not", after=card["ts"])
    assert shop.outbox == []


async def test_what_cannot_work_asks_nobody(ana: Person, stage: Stage, shop: Shop):
    """More than is left of the order: nobody is asked, nobody sees a traceback, and the model is told."""
    thread = await ana.say("refund order 1041, 80 euro")
    await thread.says(r"38\.00 euro left")
    assert not [message for message in await thread.messages() if labels(message)]
    assert "Traceback" not in json.dumps(await thread.messages()) + stage.log
    assert shop.refunds == []


async def test_what_cannot_work_any_more_is_not_run(ana: Person, stage: Stage, shop: Shop):
    first, second = await ana.say("refund order 1042, 80 euro"), await ana.say("refund order 1042, 90 euro")
    late = await second.card()
    await ana.click(await first.card(), "Approve")
    await first.says("Refunded 80.00 euro")
    await ana.click(late, "Approve")
    await second.says("90.00 is too much")
    assert shop.refunds == [(1042, "80.00")]
    assert "Traceback" not in stage.log


async def test_only_the_lead_decides_about_a_cancellation(ana: Person, lea: Person, max_: Person, shop: Shop):
    thread = await ana.say(CANCEL, channel=SUPPORT)
    card = await thread.card()
    assert "<@U0LEA>" in words(card)
    await ana.click(card, "Approve")
    await thread.whisper("not among those who decide")
    await ana.click(card, "Edit")
    await max_.click(card, "Reject")
    await max_.at(thread).whisper("Guests")
    assert (await thread.now(card))["blocks"] == card["blocks"], "nothing has changed"
    assert shop.status(1043) == "paid"
    assert [each for each in await lea.at(thread).messages() if each.get("ephemeral_to")] == [], "told to nobody else"
    await lea.click(card, "Approve")
    await thread.becomes(card, r"approved by <@U0LEA>[^$]*done")
    assert shop.status(1043) == "cancelled"


async def test_who_asked_may_always_take_it_back(ana: Person, shop: Shop):
    thread = await ana.say(CANCEL, channel=SUPPORT)
    card = await thread.card()
    assert await ana.submit(await ana.open(card, "Reject"), Reason="never mind") == {}
    await thread.becomes(card, "rejected by <@U0ANA>")
    assert shop.status(1043) == "paid"


async def test_a_form_that_is_overtaken_is_told_so(ana: Person, lea: Person, shop: Shop):
    thread = await ana.say(CANCEL, channel=SUPPORT)
    card = await thread.card()
    form = await ana.open(card, "Reject")
    await lea.click(card, "Approve")
    answer = await ana.submit(form, Reason="too late")
    assert "already approved by" in words(answer["view"])
    await thread.becomes(card, r"approved by <@U0LEA>[^$]*done")
    assert shop.status(1043) == "cancelled"


async def test_a_double_click_counts_once(ana: Person, shop: Shop):
    thread = await ana.say(REFUND)
    card = await thread.card()
    await asyncio.gather(*(ana.click(card, "Approve") for _ in range(2)))
    await thread.whisper(r"already approved by <@U0ANA>")
    await thread.says("Refunded 80.00 euro", after=card["ts"])
    assert shop.refunds == [(1042, "80.00")]
    assert shop.refunded(1042) == 80


async def test_approve_and_reject_at_once_one_of_them_counts(ana: Person, lea: Person, shop: Shop):
    thread = await ana.say(CANCEL, channel=SUPPORT)
    card = await thread.card()
    form = await ana.open(card, "Reject")
    answer, _ = await asyncio.gather(ana.submit(form, Reason="never mind"), lea.click(card, "Approve"))
    if answer == {}:
        await lea.at(thread).whisper("already rejected by <@U0ANA>")
        await thread.becomes(card, "rejected by <@U0ANA>")
        assert shop.status(1043) == "paid"
    else:
        assert "already approved by" in words(answer["view"])
        await thread.becomes(card, r"approved by <@U0LEA>[^$]*done")
        assert shop.status(1043) == "cancelled"


async def test_several_calls_on_one_card_are_approved_together(ana: Person, lea: Person, shop: Shop):
    thread = await ana.say("@signoff cancel order 1043 and cancel order 1045", channel=SUPPORT)
    card = await thread.card("Approve All (2)")
    assert labels(card) == ["Approve", "Edit", "Reject"] * 2 + ["Approve All (2)"]
    await ana.click(card, "Approve All (2)")
    assert "0 of 2" in await thread.whisper("not counted")
    assert (shop.status(1043), shop.status(1045)) == ("paid", "paid")
    await lea.click(card, "Approve All (2)")
    await thread.says("Cancelled order 1043[^$]*Cancelled order 1045", after=card["ts"])
    assert (shop.status(1043), shop.status(1045)) == ("cancelled", "cancelled")
    assert labels(await thread.now(card)) == []


async def test_each_row_of_a_card_is_decided_by_itself(ana: Person, lea: Person, shop: Shop):
    thread = await ana.say("@signoff cancel order 1043 and cancel order 1045", channel=SUPPORT)
    card = await thread.card("Approve All (2)")
    await lea.click(card, "Approve", nth=1)
    await thread.becomes(card, r"done: Cancelled order 1045")
    now = await thread.now(card)
    assert labels(now) == ["Approve", "Edit", "Reject"]
    assert (shop.status(1043), shop.status(1045)) == ("paid", "cancelled")
    assert await lea.submit(await lea.open(now, "Reject"), Reason="she kept it") == {}
    await thread.says("she kept it", after=card["ts"])
    assert (shop.status(1043), shop.status(1045)) == ("paid", "cancelled")


async def test_approve_all_against_a_rejection_decides_no_row_twice(ana: Person, lea: Person, shop: Shop):
    thread = await ana.say("@signoff cancel order 1043 and cancel order 1045", channel=SUPPORT)
    card = await thread.card("Approve All (2)")
    form = await ana.open(card, "Reject", nth=0)
    # The click is on its way first: the button is gone once the rejection is shown.
    _, answer = await asyncio.gather(lea.click(card, "Approve All (2)"), ana.submit(form, Reason="no"))
    if answer == {}:
        await lea.at(thread).whisper("the card has changed|not counted")
        await thread.becomes(card, "rejected by <@U0ANA>")
        assert shop.status(1043) == "paid"
    else:
        assert "already approved by" in words(answer["view"])
        await thread.says("Cancelled order 1043[^$]*Cancelled order 1045", after=card["ts"])
