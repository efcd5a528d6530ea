"""Where what Slack shows stands: also what an older release posted; and what is found by its message."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage import Connection, Storage, inbox, open_storage, posts
from storage.errors import LeaseLost
from storage.ids import ThreadId
from storage.inbox import Delivery
from storage.migrations import APPLICATION_ID, MIGRATIONS
from storage.posts import Conversation, Post

THREAD = ThreadId("T0/C0/1.0")


async def test_posts_of_an_older_file_stand_in_their_thread_and_copies_beside_theirs(tmp_path: Path):
    """As the releases before kept them: without the thread of a post."""
    path = tmp_path / "old.db"
    before = next(n for n, each in enumerate(MIGRATIONS) if any("posts add column thread_ts" in sql for sql in each))
    with closing(sqlite3.connect(path)) as db:
        for statement in (sql for each in MIGRATIONS[:before] for sql in each):
            db.execute(statement)
        db.execute(
            "insert into conversations (thread_id, team, channel, thread_ts) values (?, 'T0', 'C0', '1.0')", (THREAD,)
        )
        for subject, channel in (("calls:m1", "C0"), ("calls:m1@D0LEA", "D0LEA")):
            row = (subject, THREAD, channel, "2.0", "digest")
            db.execute("insert into posts (subject, thread_id, channel, ts, shown) values (?, ?, ?, ?, ?)", row)
        db.execute(f"pragma user_version = {before}")
        db.execute(f"pragma application_id = {APPLICATION_ID}")
        db.commit()
    async with open_storage(f"sqlite:///{path}") as storage:
        found = await storage.read(lambda db: posts.of_thread(db, THREAD))
        held = await storage.read(lambda db: posts.conversation(db, THREAD))
    assert {subject: tuple(post.place) for subject, post in found.items()} == {
        "calls:m1": ("C0", "1.0"),
        "calls:m1@D0LEA": ("D0LEA", ""),
    }
    assert held is not None
    assert (tuple(held.place), held.refused, held.link) == (("C0", "1.0"), None, None)


@pytest.fixture
async def held(storage: Storage) -> Conversation:
    """A conversation that we show."""

    def job(db: Connection) -> Conversation | None:
        inbox.receive(db, wrote("C0", "1.0"), 0.0)
        return posts.take(db, THREAD, storage.owner)

    taken = await storage.write(job)
    assert taken is not None
    return taken


def wrote(channel: str, ts: str) -> Delivery:
    return Delivery(f"Ev{ts}", "message", THREAD, "T0", channel, ts, "1.0", "U0ANA", "hello")


async def test_a_conversation_that_takes_nothing_is_tried_again_once_somebody_writes_there(
    storage: Storage, held: Conversation
):
    async def refused() -> str | None:
        found = await storage.read(lambda db: posts.conversation(db, THREAD))
        return found.refused if found is not None else "gone"

    await storage.write(lambda db: posts.refuse(db, held, "is_archived", "https://a.example"))
    await storage.write(lambda db: inbox.receive(db, wrote("D0ANA", "2.0"), 0.0))
    assert await refused() == "is_archived", "it was written elsewhere"
    await storage.write(lambda db: inbox.receive(db, wrote("C0", "3.0"), 0.0))
    assert await refused() is None


async def test_a_post_is_found_by_its_message(storage: Storage, held: Conversation):
    post = Post("calls:m1", THREAD, "C0", "2.0", "digest", "1.0", "msg_too_long", "It begins")
    await storage.write(lambda db: posts.save(db, post, 0.0))
    assert await storage.read(lambda db: posts.at(db, "C0", "2.0")) == post
    assert await storage.read(lambda db: posts.at(db, "C0", "1.0")) is None


async def test_a_post_that_people_took_away_is_lost_to_whoever_shows_the_conversation(
    storage: Storage, held: Conversation
):
    post = Post("calls:m1", THREAD, "C0", "2.0", "digest", "1.0")
    await storage.write(lambda db: posts.save(db, post, 0.0))
    await storage.write(lambda db: posts.lose(db, post))
    assert await storage.read(lambda db: posts.of_thread(db, THREAD)) == {}
    with pytest.raises(LeaseLost):
        await storage.write(lambda db: posts.check(db, held))
    assert await storage.write(lambda db: posts.take(db, THREAD, storage.owner)) is not None
