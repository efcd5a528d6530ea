"""Replies that appear while they are written, through Slack's own `chat_stream`."""

import pytest
from slack_sdk.errors import SlackApiError

from tests.demo.workspace.support import CARD, Page, Slack
from tests.support.clock import Clock
from tests.support.waiting import until

RECIPIENT = {"recipient_team_id": "T0LOCAL", "recipient_user_id": "U0ANA"}

TASK = {"type": "task_update", "id": "t1", "title": "Looking", "status": "in_progress"}
PLAN = {"type": "plan_update"}


async def test_a_stream_grows_before_the_readers_eyes(slack: Slack, page: Page):
    root = (await page.say("hello"))["ts"]
    async with page.watching() as seen:
        stream = await slack.chat_stream(channel="C0SUPPORT", thread_ts=root, buffer_size=1, **RECIPIENT)
        await stream.append(markdown_text="Looking ")
        await stream.append(markdown_text="it up")
        await stream.stop(markdown_text=".", blocks=CARD)
        states = await until(lambda: _states(seen, stream.ts) if len(_states(seen, stream.ts)) == 3 else None, "three")
    assert states == [("Looking ", True), ("Looking it up", True), ("Looking it up.", False)]
    message = (await page.messages())[-1]
    assert [block["type"] for block in message["blocks"]] == ["markdown", "actions"]
    assert message["thread_ts"] == root


def _states(seen: list, ts: str | None) -> list[tuple[str, bool]]:
    messages = [event["message"] for event in seen if event["type"] in ("message", "message_changed")]
    return [(each["text"], each.get("streaming", False)) for each in messages if each["ts"] == ts]


async def test_task_chunks_become_cards_that_are_kept_up_to_date(slack: Slack, page: Page):
    root = (await page.say("hello", channel="D0ANA"))["ts"]
    stream = await slack.chat_stream(channel="D0ANA", thread_ts=root)
    task = {"type": "task_update", "id": "t1", "title": "Looking", "status": "in_progress"}
    await stream.append(chunks=[task])
    await stream.append(chunks=[task | {"details": "in the shop"}])
    await stream.append(chunks=[task | {"status": "complete", "details": ", by number", "output": "found"}])
    await stream.stop()
    [card] = (await page.messages("D0ANA"))[-1]["blocks"]
    assert (card["type"], card["status"]) == ("task_card", "complete")
    texts = {name: [part["text"] for part in card[name]["elements"][0]["elements"]] for name in ("details", "output")}
    assert texts == {"details": ["in the shop", ", by number"], "output": ["found"]}  # appended, as Slack does


async def test_a_stream_dies_five_minutes_after_its_start(slack: Slack, page: Page, clock: Clock):
    root = (await page.say("hello", channel="D0ANA"))["ts"]
    ts = (await slack.chat_startStream(channel="D0ANA", thread_ts=root, markdown_text="a"))["ts"]
    clock.forward(299)
    await slack.chat_appendStream(channel="D0ANA", ts=ts, markdown_text="b")
    assert await _error(slack.chat_update(channel="D0ANA", ts=ts, text="x")) == "streaming_state_conflict"
    clock.forward(1)
    append = slack.chat_appendStream(channel="D0ANA", ts=ts, markdown_text="c")
    assert await _error(append) == "message_not_in_streaming_state"
    assert await _error(slack.chat_stopStream(channel="D0ANA", ts=ts)) == "message_not_in_streaming_state"
    await slack.chat_update(channel="D0ANA", ts=ts, text="abc")
    message = (await page.messages("D0ANA"))[-1]
    assert (message["text"], message.get("streaming")) == ("abc", None)


async def test_streams_can_be_expired_on_demand(slack: Slack, page: Page):
    root = (await page.say("hello", channel="D0ANA"))["ts"]
    ts = (await slack.chat_startStream(channel="D0ANA", thread_ts=root))["ts"]
    await page.fault(expire_streams=True)
    assert await _error(slack.chat_stopStream(channel="D0ANA", ts=ts)) == "message_not_in_streaming_state"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0SUPPORT", "thread_ts": "1.000001"}, "missing_recipient_team_id"),
        (
            {"channel": "C0SUPPORT", "thread_ts": "1.000001", "recipient_team_id": "T0LOCAL"},
            "missing_recipient_user_id",
        ),
        ({"channel": "D0ANA", "thread_ts": ""}, "invalid_arguments"),
        ({"channel": "D0ANA", "thread_ts": "1.000001", "markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"channel": "D0ANA", "thread_ts": "1.000001", "chunks": [{"type": "sparkles"}]}, "invalid_chunks"),
        ({"channel": "D0ANA", "thread_ts": "1.000001", "chunks": [TASK | {"status": "done"}]}, "invalid_chunks"),
        ({"channel": "D0ANA", "thread_ts": "1.000001", "chunks": [TASK | {"details": "x" * 257}]}, "invalid_chunks"),
        ({"channel": "D0ANA", "thread_ts": "1.000001", "chunks": [PLAN | {"title": "x" * 257}]}, "invalid_chunks"),
    ],
)
async def test_what_a_stream_needs(arguments: dict, error: str, slack: Slack):
    assert await _error(slack.chat_startStream(**arguments)) == error


async def _error(call) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response["error"]
