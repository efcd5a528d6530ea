"""A reply grows in Slack while it is written; whatever goes wrong on the way, it stands there once and whole."""

from dataclasses import dataclass

import pytest

from bot.shown import cards
from bot.shown.live import LiveReply
from bot.shown.posting import Known, Poster
from bot.shown.timeline import reply_subject
from storage import Storage, posts
from storage.posts import Conversation
from tests.bot.support import BOT, calls_of, in_thread, show
from tests.demo.workspace.support import Page, Slack
from tests.support.clock import Clock

TEXT = (
    "The first line of a reply that is long enough to stream.\nThe second line, with a [link](https://a.example).\nEnd."
)


@dataclass
class Written:
    """A reply that is written into a conversation that we show; whatever can be is sent after each word."""

    reply: LiveReply
    conversation: Conversation
    known: Known

    async def write(self, text: str = TEXT) -> None:
        for word in text.split(" "):
            self.reply.add(f"{word} ")
            if not self.reply.is_begun and self.reply.has_news:
                await self.reply.begin(self.conversation, self.known, "U0ANA")
            await self.reply.send(self.conversation)

    async def finish(self) -> None:
        await self.reply.finish(self.conversation, self.known)


@pytest.fixture
def live(slack: Slack, delivery: Poster, conversation: Conversation) -> Written:
    return Written(LiveReply(slack, delivery, "m1"), conversation, {})


async def settled(delivery: Poster, conversation: Conversation, page: Page, text: str = f"{TEXT} ") -> list[str]:
    """What stands there once the conversation was brought up to date."""
    wanted = [(reply_subject("m1", part), shown) for part, shown in enumerate(cards.reply(text))]
    await show(delivery, conversation, wanted)
    messages = await in_thread(page, conversation.thread_ts)
    assert not any(message.get("streaming") for message in messages)
    return ["".join(block["text"] for block in message["blocks"]) for message in messages]


async def test_a_streamed_reply_is_the_message_and_is_not_posted_again(
    live: Written,
    delivery: Poster,
    page: Page,
    conversation: Conversation,
):
    await live.write()
    (message,) = await in_thread(page, conversation.thread_ts)
    assert message["streaming"]
    await live.finish()
    assert len(await settled(delivery, conversation, page)) == 1
    assert await calls_of(page, "chat.postMessage", "chat.update") == []
    (message,) = await in_thread(page, conversation.thread_ts)
    assert message["metadata"]["event_payload"] == {"subject": "message:m1"}


async def test_a_link_is_never_sent_in_pieces_and_no_token_fires(
    live: Written,
    page: Page,
    conversation: Conversation,
):
    await live.write("x " * 40 + "[bank] (nothing) [bank](https://evil.example) <!channel> " + "y " * 40 + "\nend")
    await live.finish()
    (message,) = await in_thread(page, conversation.thread_ts)
    assert "](" not in message["text"]
    assert "<" not in message["text"]


@pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream", "chat.stopStream"])
@pytest.mark.parametrize("status", [429, 500])
async def test_where_streaming_fails_the_reply_is_still_there_once_and_whole(
    live: Written,
    delivery: Poster,
    page: Page,
    conversation: Conversation,
    method: str,
    status: int,
):
    await page.fault(http={"method": method, "status": status})
    await live.write()
    await live.finish()
    (text,) = await settled(delivery, conversation, page)
    assert text == cards.reply(f"{TEXT} ")[0].blocks[0]["text"]


async def test_a_stream_that_lived_too_long_is_finished_by_an_update(
    live: Written,
    delivery: Poster,
    page: Page,
    conversation: Conversation,
    stage_clock: Clock,
):
    await live.write()
    stage_clock.forward(301)
    await live.write()
    await live.finish()
    assert len(await settled(delivery, conversation, page, f"{TEXT} {TEXT} ")) == 1


async def test_a_reply_too_long_for_one_message_goes_on_in_the_next(
    live: Written,
    delivery: Poster,
    page: Page,
    conversation: Conversation,
):
    text = "word after word\n" * 1500
    await live.write(text)
    await live.finish()
    texts = await settled(delivery, conversation, page, f"{text} ")
    assert len(texts) == 3
    assert "".join(texts) == f"{text} "


async def test_a_crash_while_streaming_is_mended_by_the_next_process(
    live: Written,
    delivery: Poster,
    storage: Storage,
    page: Page,
    slack: Slack,
    conversation: Conversation,
):
    await live.write()
    (post,) = (await storage.read(lambda db: posts.of_thread(db, conversation.thread_id))).values()
    assert post.ts is not None
    assert len(await settled(Poster(slack, storage, BOT), conversation, page)) == 1


async def test_nothing_written_is_nothing_shown(live: Written, page: Page, conversation: Conversation):
    await live.finish()
    await live.write("")
    await live.finish()
    assert await in_thread(page, conversation.thread_ts) == []
