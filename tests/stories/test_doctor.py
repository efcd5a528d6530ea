"""Whoever looks after a bot looks at it while it works, and nobody who talks to it notices."""

import asyncio

import pytest

from tests.stories.people import Person
from tests.stories.programs import Program, Stage
from tests.stories.shop import Shop

pytestmark = pytest.mark.slow


async def test_a_doctor_beside_a_bot_at_work_takes_nothing_from_it(stage: Stage, ana: Person, shop: Shop):
    thread = await ana.say("refund order 1042, 80 euro, it came late")
    card = await thread.card()
    doctor = Program(["bot", "doctor"], stage.folder, stage.folder / "doctor.log", stage.environment)
    looking = asyncio.create_task(asyncio.to_thread(doctor.outcome))
    others = [await ana.say(f"look up order {number}") for number in (1041, 1042, 1043, 1044, 1045)]
    await ana.click(card, "Approve")
    await thread.becomes(card, "approved by")
    await thread.says("Refunded 80.00 euro")
    for other in others:
        await other.says("order")
    code, printed, said = await looking
    assert (code, said) == (0, ""), printed
    assert "1 more of this app, as of a bot that runs" in printed
    assert "can be written, and has version" in printed
    assert not [line for line in stage.log.splitlines() if " WARNING " in line or " ERROR " in line]
