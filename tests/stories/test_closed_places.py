"""Where Slack takes no message: who asked is told in their direct message, once, also by a bot that was killed."""

import re

import pytest

from tests.stories.people import BOT, SUPPORT, Json, Page, Person, Thread, labels, words
from tests.stories.programs import Stage
from tests.stories.shop import Shop
from tests.support.waiting import until

pytestmark = pytest.mark.slow

REFUND = f"<@{BOT}> refund order 1042, 80 euro, it came late"


@pytest.fixture
async def archived(page: Page) -> None:
    """The channel takes nothing."""
    await page.slack_fails(closed={"channel": SUPPORT, "error": "is_archived"})


async def said_to(person: Person, having: str) -> list[Json]:
    found = (await person.page.get("/client/history", user=person.id, channel=person.home))["messages"]
    return [each for each in found if each["user"] == BOT and re.search(having, words(each), re.IGNORECASE)]


@pytest.mark.usefixtures("archived")
async def test_a_card_of_an_archived_channel_is_decided_in_the_direct_message_also_after_a_kill(
    ana: Person, stage: Stage, shop: Shop
):
    await ana.say(REFUND, channel=SUPPORT)

    async def asked() -> list[Json]:
        return [each for each in await said_to(ana, "80") if "Approve" in labels(each)]

    (card,) = await until(asked, "the card in the direct message")
    assert f"<#{SUPPORT}>" in words(card)
    stage.kill_bot()
    stage.start_bot()
    place = Thread(ana.page, ana.id, card["channel"], card.get("thread_ts", card["ts"]))
    await ana.click(card, "Approve")
    await place.becomes(card, "done: Refunded 80.00 euro")
    await place.says("Refunded 80.00 euro", after=card["ts"])
    assert shop.refunds == [(1042, "80.00")]
    assert len(await said_to(ana, "runs as|approved by")) == 1, "one card"
