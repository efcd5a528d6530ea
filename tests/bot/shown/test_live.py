"""A reply grows in Slack while it is written; whatever goes wrong on the way, it stands there once and whole."""

from dataclasses import dataclass

import pytest

from bot.shown import cards
from bot.shown.live import LiveReply
from bot.shown.posting import Known, Poster
from bot.shown.timeline import reply_subject
from storage import Storage, posts
from storage.posts import Conversation, Post
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
    text = f"{'word-' * 20}after word\n" * 220
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


async def test_a_stream_whose_start_was_not_answered_is_found_among_others(
    live: Written, delivery: Poster, storage: Storage, page: Page, slack: Slack, conversation: Conversation
):
    others = [
        await stray(slack, conversation, "Another reply, which nobody knows of."),
        await stray(slack, conversation, "Something else."),
    ]
    await page.fault(http={"method": "chat.startStream", "status": 500, "after_commit": True})
    await live.write()
    await live.finish()
    others.append(await stray(slack, conversation, "A later one."))
    await page.say("The first line, as I remember it", thread_ts=conversation.thread_ts)
    assert await texts(delivery, conversation, page, others) == ["Ana", whole(TEXT)]


@pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream", "chat.stopStream"])
async def test_whatever_answer_is_lost_the_reply_stands_there_once_and_whole(
    live: Written, delivery: Poster, page: Page, conversation: Conversation, method: str
):
    await page.fault(http={"method": method, "status": 500, "after_commit": True})
    await live.write()
    await live.finish()
    assert await settled(delivery, conversation, page) == [whole(TEXT)]


async def test_streams_that_two_dead_processes_left_are_each_finished_in_their_own_message(
    delivery: Poster, storage: Storage, page: Page, slack: Slack, conversation: Conversation
):
    texts = {"m1": "I will look that up, one moment.", "m2": "The order is on its way."}
    begun = {message: await stray(slack, conversation, text[:14]) for message, text in texts.items()}
    for message in ("m2", "m1"):
        await pending(delivery, conversation, message, texts[message][:14])
    await show(delivery, conversation, [(reply_subject(m), cards.reply(text)[0]) for m, text in texts.items()])
    found = {m["ts"]: (m["text"], m.get("streaming", False)) for m in await in_thread(page, conversation.thread_ts)}
    assert found == {begun[message]: (text, False) for message, text in texts.items()}


async def test_two_streams_that_begin_alike_are_both_kept_and_finished(
    delivery: Poster, page: Page, slack: Slack, conversation: Conversation
):
    first, second = [await stray(slack, conversation, "I will look") for _ in range(2)]
    for message in ("m1", "m2"):
        await pending(delivery, conversation, message, "I will look")
    wanted = {"m1": "I will look at the first.", "m2": "I will look at the second."}
    await show(delivery, conversation, [(reply_subject(m), cards.reply(text)[0]) for m, text in wanted.items()])
    found = {m["ts"]: m["text"] for m in await in_thread(page, conversation.thread_ts)}
    assert found == {first: wanted["m1"], second: wanted["m2"]}


async def test_a_second_beginning_of_one_reply_is_taken_away(
    delivery: Poster, page: Page, slack: Slack, conversation: Conversation
):
    for _ in range(2):
        await stray(slack, conversation, "I will look")
    await pending(delivery, conversation, "m1", "I will look")
    await show(delivery, conversation, [(reply_subject("m1"), cards.reply("I will look.")[0])])
    assert [m["text"] for m in await in_thread(page, conversation.thread_ts)] == ["I will look."]


async def test_what_slack_writes_in_its_own_way_is_recognised(
    delivery: Poster, page: Page, slack: Slack, conversation: Conversation
):
    begun = await stray(slack, conversation, "*Orders* :package: & more: &lt;3, <https://a.example>")
    await pending(delivery, conversation, "m1", "**Orders** 📦 &amp; more: <3, https://a.example")
    await show(delivery, conversation, [(reply_subject("m1"), cards.reply("Orders.")[0])])
    assert [m["ts"] for m in await in_thread(page, conversation.thread_ts)] == [begun]


async def test_a_reply_that_was_begun_and_given_up_is_taken_back_though_nobody_knows_where_it_is(
    delivery: Poster, storage: Storage, page: Page, slack: Slack, conversation: Conversation
):
    await stray(slack, conversation, "I will look")
    known = await pending(delivery, conversation, "m1", "I will look")
    await delivery.withdraw(conversation, reply_subject("m1"), known)
    assert await in_thread(page, conversation.thread_ts) == []
    assert await storage.read(lambda db: posts.of_thread(db, conversation.thread_id)) == {}


async def test_a_reply_that_cannot_be_taken_back_says_that_it_is_none(
    delivery: Poster, page: Page, slack: Slack, conversation: Conversation
):
    await stray(slack, conversation, "I will look")
    known = await pending(delivery, conversation, "m1", "I will look")
    await page.fault(http={"method": "chat.delete", "error": "cant_delete_message"})
    await delivery.withdraw(conversation, reply_subject("m1"), known)
    assert [m["text"] for m in await in_thread(page, conversation.thread_ts)] == ["This reply was not finished."]


@pytest.mark.parametrize("error", ["missing_scope", "not_in_channel", "thread_not_found"])
async def test_where_nothing_can_be_looked_up_the_reply_is_posted(
    delivery: Poster, page: Page, conversation: Conversation, error: str
):
    await pending(delivery, conversation, "m1", "I will look")
    await page.fault(http={"method": "conversations.replies", "error": error, "times": 100})
    await show(delivery, conversation, [(reply_subject("m1"), cards.reply("I will look.")[0])])
    assert [m["text"] for m in await in_thread(page, conversation.thread_ts)] == ["I will look."]


async def test_a_stream_that_cannot_be_ended_is_replaced(
    live: Written, delivery: Poster, page: Page, conversation: Conversation
):
    await live.write()
    await page.fault(http={"method": "chat.stopStream", "error": "an_error", "times": 100})
    await live.finish()
    assert await settled(delivery, conversation, page) == [whole(TEXT)]


def whole(text: str) -> str:
    return cards.reply(f"{text} ")[0].blocks[0]["text"]


async def texts(delivery: Poster, conversation: Conversation, page: Page, but: list[str]) -> list[str]:
    """What stands there once the reply was brought up to date, other messages of ours aside."""
    await show(delivery, conversation, [(reply_subject("m1"), cards.reply(f"{TEXT} ")[0])])
    messages = [each for each in await in_thread(page, conversation.thread_ts) if each["ts"] not in but]
    assert {each["ts"] for each in await in_thread(page, conversation.thread_ts)} >= set(but)
    return sorted("Ana" if each["user"] == "U0ANA" else each["blocks"][0]["text"] for each in messages)


async def stray(slack: Slack, conversation: Conversation, text: str) -> str:
    """A stream of ours that nobody has a note of; its ts."""
    answer = await slack.chat_startStream(
        channel=conversation.channel,
        thread_ts=conversation.thread_ts,
        recipient_team_id="T0LOCAL",
        recipient_user_id="U0ANA",
        markdown_text=text,
    )
    return answer["ts"]


async def pending(delivery: Poster, conversation: Conversation, message: str, opening: str) -> Known:
    """A note that a stream was begun so, and no answer."""
    subject, known = reply_subject(message), dict[str, Post]()
    place = (conversation.channel, None, None, conversation.thread_ts)
    await delivery.save(conversation, Post(subject, conversation.thread_id, *place, opening=opening), known)
    return known


async def test_a_stream_goes_on_in_a_new_message_before_slack_ends_it(
    slack: Slack,
    delivery: Poster,
    page: Page,
    conversation: Conversation,
):
    times = iter([0.0, 100.0, 241.0, 242.0, 300.0, *[300.0] * 99])
    live = Written(LiveReply(slack, delivery, "m1", lambda: next(times)), conversation, {})
    words = "one two three four five. " * 12
    await live.write(words)
    messages = await in_thread(page, conversation.thread_ts)
    assert [bool(message.get("streaming")) for message in messages] == [False, True], "the first was closed"
    await live.finish()
    stored = await posts_of(delivery, conversation)
    assert stored == {"message:m1", "message:m1:1"}


async def posts_of(delivery: Poster, conversation: Conversation) -> set[str]:
    storage: Storage = delivery._storage  # pyright: ignore[reportPrivateUsage]
    return set(await storage.read(lambda db: posts.of_thread(db, conversation.thread_id)))
