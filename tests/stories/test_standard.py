"""What is really posted is by the standard: cards before and after each decision, their copies, and private answers."""

import asyncio

import pytest

from tests.stories.people import SUPPORT, Json, Person, Thread
from tests.stories.shop import Shop
from tests.support import standard

pytestmark = pytest.mark.slow

FUNCTIONS = ("find_order", "refund_order", "cancel_order", "send_email")
CANCEL = "@signoff cancel order 1043 and cancel order 1045"


def wrong(messages: list[Json]) -> list[tuple[str, list[str]]]:
    """The messages that are not by the standard, and why."""
    found: list[tuple[str, list[str]]] = []
    for each in messages:
        problems = standard.message(each["text"], each.get("blocks") or [], first_line="", functions=FUNCTIONS)
        found += [(each["text"], problems)] if problems else []
    return found


async def of_the_bot(thread: Thread) -> list[Json]:
    found = await thread.messages()
    return [each for each in found if each.get("ephemeral_to") or each["user"] == "U0SIGNOFF"]


async def test_a_refund_from_the_question_to_the_record(ana: Person, shop: Shop):
    thread = await ana.say("refund order 1042, 80 euro, it came late")
    card = await thread.card()
    assert card["text"].startswith("Decision needed: Refund 80.00 euro on order 1042? Asked by <@U0ANA>, until <!date^")
    assert wrong(await of_the_bot(thread)) == []
    await asyncio.gather(ana.click(card, "Approve"), ana.click(card, "Approve"))
    await thread.becomes(card, r"^Refunded 80\.00 euro on order 1042 · approved by <@U0ANA> · <!date\^\d+>\n")
    await thread.whisper("already approved by")
    assert wrong(await of_the_bot(thread)) == []


async def test_two_cancellations_that_only_the_lead_decides_about(ana: Person, lea: Person, max_: Person, shop: Shop):
    thread = await ana.say(CANCEL, channel=SUPPORT)
    card = await thread.card("Approve All (2)")
    assert card["text"].startswith("2 decisions needed. The first: Cancel order 1043? Asked by <@U0ANA>")
    await ana.click(card, "Approve All (2)")
    assert "Ask <@U0LEA>" in await thread.whisper("not counted")
    await max_.click(card, "Approve")
    await max_.at(thread).whisper("Ask a full member")
    assert await lea.submit(await lea.open(card, "Reject"), Reason="she kept it") == {}
    await thread.becomes(card, r"^Cancel order 1043\nRejected by <@U0LEA>: she kept it\. Not run\. · <!date\^\d+>\n")
    for who in (ana, lea, max_):
        assert wrong(await of_the_bot(who.at(thread))) == []
