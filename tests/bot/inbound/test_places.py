"""Where a click counts: in the question's conversation, and on a copy that we posted of this very card."""

from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck

from bot.demo.workspace import HARBOUR_GOODS
from bot.inbound.clicks import Clicks
from bot.people.directory import Directory
from bot.people.people import People
from bot.shown import cards, timeline
from bot.shown.on_record import ShownCalls
from bot.shown.posting import Poster
from bot.shown.shown_calls import revision
from graphs import tool
from graphs.agent.call_record import records
from graphs.agent.policy import Approval
from storage import Storage, inbox, posts
from storage.posts import Post
from tests.agent.conversing import THREAD, Talk, calls, says
from tests.demo.workspace.support import Slack


@tool(approval=Approval(approvers=["U0LEA"]))
def pay(amount: int) -> str:
    """Pay."""
    return f"Paid {amount}."


@pytest.fixture
async def talk(storage: Storage) -> Talk:
    """Two calls wait."""
    talk = Talk(storage, [pay], calls(("pay", {"amount": 80}), ("pay", {"amount": 90})), says("Done."))
    await talk.say("pay")
    return talk


@pytest.fixture
async def on(talk: Talk, slack: Slack, delivery: Poster) -> Clicks:
    people = People(Directory(slack, HARBOUR_GOODS.id), HARBOUR_GOODS.id)
    return Clicks(talk.storage, talk.graph, talk.desk, delivery, people)


def click(value: str, channel: str, ts: str, user: str = "U0LEA", thread_ts: str | None = None) -> dict[str, Any]:
    """A click on a message in the main column, or in a thread."""
    container = {"type": "message", "channel_id": channel, "message_ts": ts}
    return {
        "type": "block_actions",
        "user": {"id": user, "team_id": "T0LOCAL"},
        "team": {"id": "T0LOCAL"},
        "trigger_id": "t1",
        "container": container if thread_ts is None else {**container, "thread_ts": thread_ts},
        "actions": [{"type": "button", "action_id": cards.APPROVE, "value": value, "action_ts": "9.0"}],
    }


ack = AsyncAck()


async def posted(storage: Storage, subject: str, ts: str | None = "5.0") -> None:
    await storage.write(lambda db: posts.save(db, Post(subject, THREAD, "D0LEA", ts, "shown"), storage.now()))


async def message_id(talk: Talk) -> str:
    return (await talk.all_waiting())[0].terms["message_id"]


async def test_a_click_on_a_copy_decides_its_card(on: Clicks, talk: Talk):
    first, second = await talk.all_waiting()
    await posted(talk.storage, timeline.copy_subject(timeline.calls_subject(await message_id(talk)), "D0LEA"))
    await on.approve(ack, click(first.id, "D0LEA", "5.0"))
    assert [row.id for row in await talk.all_waiting()] == [second.id]


async def test_a_click_on_a_card_that_its_conversation_did_not_take_decides_it(on: Clicks, talk: Talk):
    first, second = await talk.all_waiting()
    await posted(talk.storage, timeline.calls_subject(await message_id(talk)))
    await on.approve(ack, click(first.id, "D0LEA", "5.0"))
    assert [row.id for row in await talk.all_waiting()] == [second.id]


async def test_approve_all_on_a_copy_decides_its_card(on: Clicks, talk: Talk):
    rows = await talk.all_waiting()
    message = (await talk.messages())[-1]
    value = f"{message['id']}:{revision(ShownCalls(talk.agent.toolbox, records(rows, [], [])).calls(message, {}))}"
    await on.approve_all(ack, click(value, "D0LEA", "5.0"))
    assert len(await talk.all_waiting()) == 2, "nothing was posted there"
    await posted(talk.storage, timeline.copy_subject(timeline.calls_subject(message["id"]), "D0LEA"))
    await on.approve_all(ack, click(value, "D0LEA", "5.0"))
    assert await talk.all_waiting() == []


async def test_a_click_that_is_faster_than_our_note_of_the_copy_counts(on: Clicks, talk: Talk):
    subject = timeline.copy_subject(timeline.calls_subject(await message_id(talk)), "D0LEA")
    await posted(talk.storage, subject, None)
    row = (await talk.all_waiting())[0]
    await on.approve(ack, click(row.id, "C0SUPPORT", "5.0"))
    assert len(await talk.all_waiting()) == 2
    await on.approve(ack, click(row.id, "D0LEA", "5.0"))
    assert len(await talk.all_waiting()) == 1


@pytest.mark.parametrize("subject", ["calls:other@D0LEA", "message:{}", "calls:{}x@D0LEA"])
async def test_a_click_on_another_post_decides_nothing(on: Clicks, talk: Talk, subject: str):
    await posted(talk.storage, subject.format(await message_id(talk)))
    await on.approve(ack, click((await talk.all_waiting())[0].id, "D0LEA", "5.0"))
    assert len(await talk.all_waiting()) == 2


@pytest.mark.parametrize(("channel", "ts"), [("D0LEA", "6.0"), ("C0SUPPORT", "5.0")])
async def test_a_click_on_a_message_that_is_no_copy_decides_nothing(on: Clicks, talk: Talk, channel: str, ts: str):
    await posted(talk.storage, timeline.copy_subject(timeline.calls_subject(await message_id(talk)), "D0LEA"))
    await on.approve(ack, click((await talk.all_waiting())[0].id, channel, ts))
    assert len(await talk.all_waiting()) == 2


async def test_a_click_in_a_copy_is_judged_like_any_other(on: Clicks, talk: Talk):
    await posted(talk.storage, timeline.copy_subject(timeline.calls_subject(await message_id(talk)), "D0LEA"))
    for user in ("U0ANA", "U0MAX", "U0SIGNOFF"):
        await on.approve(ack, click((await talk.all_waiting())[0].id, "D0LEA", "5.0", user))
    assert len(await talk.all_waiting()) == 2


async def test_a_click_in_the_conversation_itself_counts(on: Clicks, talk: Talk):
    row = (await talk.all_waiting())[0]
    await on.approve(ack, click(row.id, "D0ANA", "2.0", thread_ts="1.0"))
    assert len(await talk.all_waiting()) == 1


@pytest.mark.parametrize("ts", ["5.0", None])
async def test_a_turn_is_tried_again_from_a_message_whose_place_is_not_known_yet(
    on: Clicks, storage: Storage, ts: str | None
):
    await posted(storage, f"{timeline.FAILURE}task:turn", ts)
    await on.retry(ack, click("turn", "D0LEA", "5.0"))
    delivery = await storage.read(lambda db: inbox.first_unread(db, THREAD))
    assert delivery is not None
    assert delivery.text == "turn"
