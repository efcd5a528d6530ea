"""What whoever runs the bot reads in its log: three lines when it starts, one when it stops; no alarm in between."""

import asyncio
import re

import pytest

from tests.stories.conftest import NewStage
from tests.stories.people import Person
from tests.stories.programs import Stage

pytestmark = pytest.mark.slow


def said(log: str) -> list[str]:
    """The records, without their times."""
    return [re.sub(r"^\S+ \S+ ", "", line) for line in log.splitlines()]


async def test_a_start_says_three_lines_and_a_stop_one(new_stage: NewStage):
    stage = new_stage()
    bot = stage.bot
    assert bot is not None
    assert await asyncio.to_thread(bot.stop) == 0
    *three, last = said(stage.log)
    assert [line.partition(": ")[2].partition(" ")[0] for line in three] == ["Connected", "For", "Model"]
    assert "Harbour Goods as @signoff" in three[0]
    assert "asks before refund_order" in three[1]
    assert "gpt-5-mini at 127.0.0.1" in three[2]
    assert "Stopping" in last
    assert all(line.startswith("INFO ") for line in (*three, last))


async def test_what_people_do_wrong_is_no_alarm(stage: Stage, ana: Person, lea: Person, max_: Person):
    await (await max_.say("refund order 1044, 30 euro")).whisper("Guests")
    thread = await ana.say("refund order 1042, 80 euro, it came late")
    card = await thread.card()
    asked_here = await ana.say("@signoff refund order 1042, 80 euro, it came late", channel="C0SUPPORT")
    here = await asked_here.card()
    await max_.click(here, "Approve")
    await max_.at(asked_here).whisper("Guests")
    await lea.click(here, "Approve")
    await lea.at(asked_here).whisper("not among those who decide")
    view = await ana.open(card, "Edit")
    label = next(each["label"]["text"] for each in view["blocks"] if each["type"] == "input" and "mount" in str(each))
    assert "errors" in await ana.submit(view, **{label: "-5"})
    await ana.click(card, "Approve")
    await thread.becomes(card, "approved by")
    await ana.say("look up order 9999")
    await (await ana.say("refund order 9999, 20 euro")).says("9999")
    loud = [line for line in said(stage.log) if not line.startswith(("INFO ", "DEBUG "))]
    assert loud == []
