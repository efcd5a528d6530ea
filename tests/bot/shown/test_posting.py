"""What must be visible is shown once, kept up to date, looked up when uncertain, and posted anew when it is gone."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.inbound.payloads import SlackThread
from bot.shown import cards
from bot.shown.cards import Shown
from bot.shown.posting import Poster
from storage import Storage
from storage.posts import Conversation, Post
from tests.bot.support import BOT, calls_of, in_thread, show, texts
from tests.demo.workspace.support import Page, Slack, slack_client


def said(text: str) -> Shown:
    (shown,) = cards.reply(text)
    return shown


async def test_it_is_posted_once_updated_when_it_changed_and_left_alone_when_not(
    delivery: Poster, page: Page, conversation: Conversation
):
    await show(delivery, conversation, [("a", said("one")), ("b", said("two"))])
    await show(delivery, conversation, [("a", said("one")), ("b", said("two"))])
    assert await calls_of(page, "chat.postMessage", "chat.update") == ["chat.postMessage"] * 2
    await show(delivery, conversation, [("a", said("ONE")), ("b", said("two"))])
    assert await calls_of(page, "chat.postMessage", "chat.update") == ["chat.postMessage"] * 2 + ["chat.update"]
    assert await texts(page, conversation.thread_ts) == ["ONE", "two"]
    (post, _) = await in_thread(page, conversation.thread_ts)
    assert post["metadata"]["event_payload"] == {"subject": "a"}


async def test_a_post_whose_answer_was_lost_is_looked_up_and_not_posted_twice(
    delivery: Poster, page: Page, conversation: Conversation
):
    await page.fault(http={"method": "chat.postMessage", "status": 500, "after_commit": True})
    with pytest.raises(SlackApiError):
        await show(delivery, conversation, [("a", said("one"))])
    await show(delivery, conversation, [("a", said("one, now newer"))])
    assert await texts(page, conversation.thread_ts) == ["one, now newer"]


async def test_a_post_that_never_arrived_is_posted(delivery: Poster, page: Page, conversation: Conversation):
    await page.fault(http={"method": "chat.postMessage", "status": 500})
    with pytest.raises(SlackApiError):
        await show(delivery, conversation, [("a", said("one")), ("b", said("two"))])
    assert await texts(page, conversation.thread_ts) == []
    await show(delivery, conversation, [("a", said("one")), ("b", said("two"))])
    assert await texts(page, conversation.thread_ts) == ["one", "two"]


async def test_a_deleted_message_is_posted_anew(delivery: Poster, page: Page, slack: Slack, conversation: Conversation):
    await show(delivery, conversation, [("a", said("one"))])
    (post,) = await in_thread(page, conversation.thread_ts)
    await slack.chat_delete(channel=post["channel"], ts=post["ts"])
    await show(delivery, conversation, [("a", said("one, decided"))])
    assert await texts(page, conversation.thread_ts) == ["one, decided"]


async def test_a_restart_knows_what_is_shown(
    delivery: Poster, storage: Storage, page: Page, slack: Slack, conversation: Conversation
):
    await show(delivery, conversation, [("a", said("one"))])
    await show(Poster(slack, storage, BOT), conversation, [("a", said("one"))])
    assert await calls_of(page, "chat.postMessage", "chat.update") == ["chat.postMessage"]


async def test_nothing_unfurls_and_no_name_becomes_a_link(delivery: Poster, page: Page, conversation: Conversation):
    await show(delivery, conversation, [("a", said("see https://evil.example @here"))])
    (call,) = [entry for entry in await page.journal("call") if entry["method"] == "chat.postMessage"]
    assert (call["arguments"]["unfurl_links"], call["arguments"]["unfurl_media"]) == (False, False)
    assert "link_names" not in call["arguments"]


async def test_a_message_that_a_crash_left_streaming_is_ended_and_brought_up_to_date(
    delivery: Poster, page: Page, slack: Slack, conversation: Conversation
):
    opened = await slack.chat_startStream(
        channel="C0SUPPORT", thread_ts=conversation.thread_ts, recipient_team_id="T0LOCAL", recipient_user_id="U0ANA",
        markdown_text="half a",
    )  # fmt: skip
    post = Post("a", conversation.thread_id, "C0SUPPORT", opened["ts"], None, conversation.thread_ts)
    await delivery.save(conversation, post, {})
    await show(delivery, conversation, [("a", said("half a reply"))])
    (post,) = await in_thread(page, conversation.thread_ts)
    assert (post["text"], post.get("streaming", False)) == ("half a reply", False)


@pytest.mark.parametrize("status", [429, 500])
async def test_a_whisper_is_for_one_person_and_never_fails(
    delivery: Poster, page: Page, conversation: Conversation, status: int
):
    thread = SlackThread("T0LOCAL", "C0SUPPORT", conversation.thread_ts)
    await delivery.whisper(thread, "U0LEA", "only you")
    assert [m["text"] for m in await page.as_user("U0LEA").messages() if m.get("ephemeral_to")] == ["only you"]
    assert "only you" not in await texts(page, conversation.thread_ts)
    await page.fault(http={"method": "chat.postEphemeral", "status": status})
    await delivery.whisper(thread, "U0LEA", "lost")
    await delivery.whisper(thread, "U9NOBODY", "lost")


async def test_a_whisper_to_a_slack_that_is_away_is_lost_and_no_more(storage: Storage, conversation: Conversation):
    client: Any = slack_client("http://127.0.0.1:9")
    client.retry_handlers = []
    thread = SlackThread("T0LOCAL", "C0SUPPORT", conversation.thread_ts)
    await Poster(client, storage, BOT).whisper(thread, "U0LEA", "lost")
