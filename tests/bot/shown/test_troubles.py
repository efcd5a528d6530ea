"""What Slack does not take now is tried ever more rarely, and said twice: when that begins, and when it is over."""

import logging

import pytest

from bot.shown.troubles import FIRST_REST, LONGEST_REST, Troubles
from storage import Storage
from storage.ids import ThreadId
from tests.agent.conversing import says
from tests.bot.elsewhere import Start, ran, settled, start, write
from tests.demo.workspace.support import Page
from tests.support.clock import Clock

__all__ = ["ran", "start", "write"]

ONE, OTHER = ThreadId("T0LOCAL/D0ANA/1.0"), ThreadId("T0LOCAL/D0ANA/2.0")
ERROR = TimeoutError()


def test_each_rest_is_longer_than_the_one_before_up_to_the_longest():
    clock = Clock()
    troubles = Troubles(clock.seconds)
    rests: list[float] = []
    for _ in range(40):
        troubles.began(ONE, ERROR)
        rests.append(troubles.rest(ONE))
        clock.forward(rests[-1])
        assert troubles.rest(ONE) == 0.0
    assert rests[:3] == [FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST]
    assert rests == sorted(rests)
    assert rests[-1] == LONGEST_REST


def test_one_conversation_does_not_wait_for_another_and_begins_anew_once_it_is_over():
    troubles = Troubles(Clock().seconds)
    for _ in range(5):
        troubles.began(ONE, ERROR)
    assert troubles.rest(OTHER) == 0.0
    troubles.over(ONE)
    assert troubles.rest(ONE) == 0.0
    troubles.began(ONE, ERROR)
    assert troubles.rest(ONE) == FIRST_REST


def test_it_is_said_once_that_it_begins_and_once_that_it_is_over(caplog: pytest.LogCaptureFixture):
    troubles = Troubles(Clock().seconds)
    with caplog.at_level(logging.INFO):
        troubles.over(ONE)
        for _ in range(5):
            troubles.began(ONE, ERROR)
        troubles.over(ONE)
        troubles.over(ONE)
    assert caplog.messages == [
        f"conversation {ONE} is not up to date: no answer in time; trying again",
        f"conversation {ONE} is up to date again",
    ]


async def test_what_failed_for_a_while_is_shown_and_said_to_be_over(
    page: Page, start: Start, storage: Storage, caplog: pytest.LogCaptureFixture
):
    for method in ("chat.postMessage", "chat.startStream"):
        await page.fault(http={"method": method, "status": 500, "times": 2})
    async with start(says("Hello.")) as bot:
        root = (await page.say("hello", "D0ANA"))["ts"]
        await bot.reads(root, "Hello.")
        await settled(storage)
    assert len([each for each in caplog.messages if "is not up to date" in each]) == 1
    assert len([each for each in caplog.messages if "is up to date again" in each]) == 1
