"""A long reply is read while it is written; whatever cuts it off, in the end it stands there once and whole."""

import re
from typing import Any

import pytest

from tests.stories.conftest import NewStage
from tests.stories.people import Page, Person, Thread
from tests.stories.programs import Stage
from tests.support.waiting import until

pytestmark = pytest.mark.slow

REPLY = " ".join(f"This is sentence {n} of a long reply." for n in range(1, 13))


@pytest.fixture(scope="module")
def stage(new_stage: NewStage) -> Stage:
    """A model that takes its time."""
    return new_stage(script=[{"text": REPLY}, {"text": REPLY}], latency=0.03)


async def growing(thread: Thread, longer_than: int = 0) -> dict[str, Any]:
    """The reply while it is being written."""

    async def look() -> list[dict[str, Any]]:
        return [each for each in await thread.said() if each.get("streaming") and len(each["text"]) > longer_than]

    return (await until(look, "a stream"))[0]


async def test_a_long_reply_is_read_while_it_is_written(ana: Person, page: Page):
    start = (await page.journal())[-1]["n"]
    thread = await ana.say("tell me")
    first = await growing(thread)
    assert len(first["text"]) < len(REPLY) / 2
    await growing(thread, len(first["text"]))
    await thread.says(re.escape(REPLY[-40:]))
    assert await thread.texts() == [REPLY]
    called = [each["method"] for each in await page.journal(start) if each["kind"] == "call"]
    assert [each for each in called if each.startswith("chat.")].count("chat.startStream") == 1
    assert not {"chat.postMessage", "chat.update"} & set(called)
    assert called.count("chat.appendStream") <= 5, "one a second"


async def test_a_stream_that_expires_loses_no_text(ana: Person, page: Page):
    thread = await ana.say("tell me")
    await growing(thread)
    await page.slack_fails(expire_streams=True)
    await thread.says(re.escape(REPLY[-40:]))
    assert await thread.texts() == [REPLY]


@pytest.mark.parametrize("shown", [0, 150])
async def test_a_bot_that_is_killed_while_it_streams_goes_on_in_the_same_message(ana: Person, stage: Stage, shown: int):
    thread = await ana.say("tell me")
    half = await growing(thread, shown)
    stage.kill_bot()
    stage.start_bot()
    await thread.says(re.escape(REPLY[-40:]))
    (whole,) = await thread.said()
    assert whole["ts"] == half["ts"]
    assert not whole.get("streaming")
    assert await thread.texts() == [REPLY]


async def test_a_stream_whose_start_was_lost_is_found(ana: Person, page: Page):
    await page.slack_fails(http={"method": "chat.startStream", "status": 500, "after_commit": True})
    thread = await ana.say("tell me")
    half = await growing(thread)
    await thread.says(re.escape(REPLY[-40:]))
    (whole,) = await thread.said()
    assert whole["ts"] == half["ts"]
    assert await thread.texts() == [REPLY]


async def test_a_reply_that_broke_off_is_finished_in_its_message_when_tried_again(ana: Person, page: Page):
    await page.model_fails(cut=60)
    thread = await ana.say("tell me")
    half = await growing(thread)
    failed = await thread.card("Try Again")
    await ana.click(failed, "Try Again")
    await thread.becomes(half, re.escape(REPLY[-40:]))
    assert [text for text in await thread.texts() if "sentence 1 " in text] == [REPLY]


async def test_a_reply_that_broke_off_is_taken_back_when_somebody_writes_on_instead(ana: Person, page: Page):
    await page.model_fails(cut=60)
    thread = await ana.say("tell me")
    half = await growing(thread)
    failed = await thread.card("Try Again")
    await ana.say("never mind, tell me", thread)
    await thread.says(re.escape(REPLY[-40:]), after=failed["ts"])

    async def taken_back() -> bool:
        return half["ts"] not in [each["ts"] for each in await thread.said()]

    await until(taken_back, "the half reply to be taken back")
