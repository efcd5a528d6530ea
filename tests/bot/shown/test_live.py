"""A reply grows in Slack while it is written; whatever goes wrong on the way, it stands there once and whole."""

import pytest

from bot.shown import cards
from bot.shown.live import LiveReply
from bot.shown.posting import Delivery
from bot.shown.timeline import reply_subject
from storage import Storage, posts
from storage.posts import Conversation
from tests.bot.support import calls_of, in_thread
from tests.demo.workspace.support import Clock, Page, Slack

TEXT = (
    "The first line of a reply that is long enough to stream.\nThe second line, with a [link](https://a.example).\nEnd."
)


@pytest.fixture
def live(slack: Slack, delivery: Delivery, conversation: Conversation) -> LiveReply:
    return LiveReply(slack, delivery, conversation, "U0ANA", "m1")


async def write(live: LiveReply, text: str = TEXT) -> None:
    for word in text.split(" "):
        await live.add(f"{word} ")


async def settled(delivery: Delivery, conversation: Conversation, page: Page, text: str = f"{TEXT} ") -> list[str]:
    """What stands there once the conversation was brought up to date."""
    wanted = [(reply_subject("m1", part), shown) for part, shown in enumerate(cards.reply(text))]
    await delivery.show(conversation, wanted)
    messages = await in_thread(page, conversation.thread_ts)
    assert not any(message.get("streaming") for message in messages)
    return ["".join(block["text"] for block in message["blocks"]) for message in messages]


async def test_a_streamed_reply_is_the_message_and_is_not_posted_again(
    live: LiveReply,
    delivery: Delivery,
    page: Page,
    conversation: Conversation,
):
    await write(live)
    (message,) = await in_thread(page, conversation.thread_ts)
    assert message["streaming"]
    await live.finish()
    assert len(await settled(delivery, conversation, page)) == 1
    assert await calls_of(page, "chat.postMessage", "chat.update") == []
    (message,) = await in_thread(page, conversation.thread_ts)
    assert message["metadata"]["event_payload"] == {"subject": "message:m1"}


async def test_a_link_is_never_sent_in_pieces_and_no_token_fires(
    live: LiveReply,
    page: Page,
    conversation: Conversation,
):
    await write(live, "x " * 40 + "[bank] (nothing) [bank](https://evil.example) <!channel> " + "y " * 40 + "\nend")
    await live.finish()
    (message,) = await in_thread(page, conversation.thread_ts)
    assert "](" not in message["text"]
    assert "<" not in message["text"]


@pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream", "chat.stopStream"])
@pytest.mark.parametrize("status", [429, 500])
async def test_where_streaming_fails_the_reply_is_still_there_once_and_whole(
    live: LiveReply,
    delivery: Delivery,
    page: Page,
    conversation: Conversation,
    method: str,
    status: int,
):
    await page.fault(http={"method": method, "status": status})
    await write(live)
    await live.finish()
    (text,) = await settled(delivery, conversation, page)
    assert text == cards.reply(f"{TEXT} ")[0].blocks[0]["text"]


async def test_a_stream_that_lived_too_long_is_finished_by_an_update(
    live: LiveReply,
    delivery: Delivery,
    page: Page,
    conversation: Conversation,
    stage_clock: Clock,
):
    await write(live)
    stage_clock.forward(301)
    await write(live)
    await live.finish()
    assert len(await settled(delivery, conversation, page, f"{TEXT} {TEXT} ")) == 1


async def test_a_reply_too_long_for_one_message_goes_on_in_the_next(
    live: LiveReply,
    delivery: Delivery,
    page: Page,
    conversation: Conversation,
):
    text = "word after word\n" * 1500
    await write(live, text)
    await live.finish()
    texts = await settled(delivery, conversation, page, f"{text} ")
    assert len(texts) == 3
    assert "".join(texts) == f"{text} "


async def test_a_crash_while_streaming_is_mended_by_the_next_process(
    live: LiveReply,
    delivery: Delivery,
    storage: Storage,
    page: Page,
    slack: Slack,
    conversation: Conversation,
):
    await write(live)
    (post,) = (await storage.read(lambda db: posts.of_thread(db, conversation.thread_id))).values()
    assert post.ts is not None
    assert len(await settled(Delivery(slack, storage), conversation, page)) == 1


async def test_nothing_written_is_nothing_shown(live: LiveReply, page: Page, conversation: Conversation):
    await live.finish()
    await live.add("")
    await live.finish()
    assert await in_thread(page, conversation.thread_ts) == []
