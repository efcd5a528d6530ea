"""Two bots on one database, one workspace: of many clicks one counts, and what it allows happens once."""

import asyncio
import re
from collections.abc import Iterator

import pytest

from tests.stories.people import Person, words
from tests.stories.programs import Program, Stage
from tests.stories.shop import Shop
from tests.support.waiting import until

pytestmark = pytest.mark.slow

CLICKS = 20


@pytest.fixture
def second_bot(stage: Stage) -> Iterator[Program]:
    """Another process on the same database; Slack gives each click to one of the two."""
    bot = Program(["bot", "run"], stage.folder, stage.folder / "second.log", stage.environment)
    yield bot
    bot.kill()


async def test_of_twenty_clicks_through_two_bots_one_counts(ana: Person, shop: Shop, stage: Stage, second_bot: Program):
    async def connected() -> bool:
        return "Connected to " in await asyncio.to_thread(second_bot.log.read_text, "utf-8")

    await until(connected, "the second bot to connect")
    thread = await ana.say("refund order 1042, 80 euro, it came late")
    card = await thread.card()
    await asyncio.gather(*[ana.click(card, "Approve") for _ in range(CLICKS)])
    await thread.becomes(card, r"approved by <@U0ANA>[^$]*done")
    await thread.says("Refunded 80.00 euro of order 1042", after=card["ts"])
    assert shop.refunds == [(1042, "80.00")]

    async def told() -> bool:
        return len(await refusals()) == CLICKS - 1

    async def refusals() -> list[str]:
        whispers = [each for each in await thread.messages() if each.get("ephemeral_to") == "U0ANA"]
        return [each for each in map(words, whispers) if re.search(r"already approved by <@U0ANA>", each)]

    await until(told, "all others to be told who was first")
    shares = [text.count("about question") for text in (stage.log, second_bot.log.read_text("utf-8"))]
    assert sum(shares) == CLICKS
    assert all(shares), "each bot had its share of the clicks"
