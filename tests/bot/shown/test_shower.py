"""Who shows a conversation, and how much of it is looked at."""

from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from bot.shown import timeline
from bot.shown.cards import Shown
from bot.shown.posting import Poster
from graphs.agent.tools import tool
from storage import Connection, Storage, open_storage, owners, posts, threads
from storage.errors import LeaseLost
from storage.ids import ThreadId
from storage.posts import Conversation
from tests.agent.conversing import calls, says
from tests.bot.running import running
from tests.bot.shown.test_posting import said
from tests.bot.support import BOT, show, texts
from tests.demo.workspace.support import Page, Slack
from tests.support.sqlite import plain

TURNS = 40


@tool
def look(at: int) -> str:
    """Look at it."""
    return f"It is {at}."


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The text of every message that is laid out; the laying out is the real one."""
    seen: list[str] = []
    reply = timeline.cards.reply

    def counted(text: str, *more: Any, **options: Any) -> list[Shown]:
        seen.append(text)
        return reply(text, *more, **options)

    monkeypatch.setattr(timeline.cards, "reply", counted)
    return seen


async def test_a_turn_looks_at_its_own_messages_however_long_the_conversation_is(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, looked_at: list[str]
):
    lines = [line for n in range(TURNS) for line in (calls(("look", {"at": n})), says(f"Answer {n}."))]
    seen: list[set[str]] = []
    async with running(workspace, storage, [look], *lines, http=http) as bot:
        root = (await page.say("question 0", "D0ANA"))["ts"]
        await bot.reads(root, "Answer 0.")
        for n in range(1, TURNS):
            looked_at.clear()
            await page.say(f"question {n}", "D0ANA", thread_ts=root)
            await bot.reads(root, f"Answer {n}.")
            seen.append(set(looked_at))
    assert all(len(each) <= 3 for each in seen), "its call, its reply, and at most the reply before"


async def test_one_owner_shows_a_conversation_and_gives_it_back(
    storage: Storage, url: str, conversation: Conversation, delivery: Poster, slack: Slack, page: Page
):
    thread = conversation.thread_id
    async with open_storage(url) as other:
        assert await other.write(lambda db: posts.take(db, thread, other.owner)) is None
        await storage.write(lambda db: posts.give_back(db, conversation, 0))
        theirs = await other.write(lambda db: posts.take(db, thread, other.owner))
        assert theirs is not None
        with pytest.raises(LeaseLost):
            await show(delivery, conversation, [("a", said("mine"))])
        await show(Poster(slack, other, BOT), theirs, [("a", said("theirs"))])
    assert await texts(page, conversation.thread_ts) == ["theirs"]


async def test_what_an_owner_left_that_is_gone_is_taken_over(storage: Storage, url: str, conversation: Conversation):
    thread = conversation.thread_id
    await storage.write(lambda db: owners.unregister(db, storage.owner))
    async with open_storage(url) as other:
        taken = await other.write(lambda db: posts.take(db, thread, other.owner))
        assert taken is not None
        assert taken.fence != conversation.fence
        await storage.write(lambda db: posts.give_back(db, conversation, 0))
        assert await other.read(lambda db: posts.conversation(db, thread)) == taken, "a late give-back changes nothing"


async def test_a_look_for_what_is_out_of_date_reads_no_conversation_that_is_not(
    storage: Storage, conversation: Conversation
):
    thread, other = conversation.thread_id, ThreadId("T0LOCAL/C0SUPPORT/other")

    def looks(db: Connection) -> tuple[list[ThreadId], list[str]]:
        asked: list[str] = []
        plain(db).set_trace_callback(asked.append)
        found = posts.out_of_date(db, storage.owner)
        plain(db).set_trace_callback(None)
        plan = db.execute(f"explain query plan {asked[0]}").fetchall()
        return [each.thread_id for each in found], [row["detail"] for row in plan]

    def run(db: Connection, thread_id: ThreadId) -> int:
        lease = threads.take(db, thread_id, storage.owner, 0.0)
        threads.hold(db, lease, 0.0, release="done")
        row = threads.get(db, thread_id)
        assert row is not None
        return row.version

    version = await storage.write(lambda db: run(db, thread))
    await storage.write(lambda db: run(db, other))
    outdated, plan = await storage.read(looks)
    assert outdated == [thread]
    assert not any("SCAN t" in step for step in plan), plan
    assert any("conversations_outdated" in step for step in plan), plan
    await storage.write(lambda db: posts.give_back(db, conversation, version))
    assert (await storage.read(looks))[0] == []
    await storage.write(lambda db: threads.touch(db, thread, 0.0))
    assert (await storage.read(looks))[0] == [thread]
