"""Posts: what Slack shows of what must be visible, so that what is missing or out of date can be found and mended."""

from __future__ import annotations

from dataclasses import dataclass

import aiosqlite

from storage.ids import ThreadId


@dataclass(frozen=True)
class Conversation:
    """Where a thread is held in Slack. `shown_version` is the thread's version that its posts show."""

    thread_id: ThreadId
    team: str
    channel: str
    thread_ts: str
    shown_version: int


@dataclass(frozen=True)
class Post:
    """A subject's message in Slack. `ts` is None until it is known to be there; `shown` is the digest of what it
    shows.
    """

    subject: str
    thread_id: ThreadId
    channel: str
    ts: str | None
    shown: str | None


async def conversation(db: aiosqlite.Connection, thread_id: ThreadId) -> Conversation | None:
    async with db.execute(
        "select thread_id, team, channel, thread_ts, shown_version from conversations where thread_id = ?", (thread_id,)
    ) as cursor:
        row = await cursor.fetchone()
    return None if row is None else Conversation(*row)


async def out_of_date(db: aiosqlite.Connection) -> list[Conversation]:
    """Conversations whose thread has moved on since it was last shown."""
    async with db.execute(
        """select c.thread_id, c.team, c.channel, c.thread_ts, c.shown_version from conversations c
           join threads t on t.thread_id = c.thread_id where t.version > c.shown_version"""
    ) as cursor:
        return [Conversation(*row) for row in await cursor.fetchall()]


async def mark_shown(db: aiosqlite.Connection, thread_id: ThreadId, version: int) -> None:
    await db.execute(
        "update conversations set shown_version = max(shown_version, ?) where thread_id = ?", (version, thread_id)
    )


async def of_thread(db: aiosqlite.Connection, thread_id: ThreadId) -> dict[str, Post]:
    """By subject."""
    async with db.execute(
        "select subject, thread_id, channel, ts, shown from posts where thread_id = ?", (thread_id,)
    ) as cursor:
        return {row[0]: Post(*row) for row in await cursor.fetchall()}


async def beginning(db: aiosqlite.Connection, prefix: str) -> list[Post]:
    """The posts whose subject begins so."""
    async with db.execute(
        "select subject, thread_id, channel, ts, shown from posts where subject >= ? and subject < ? || char(0x10ffff)",
        (prefix, prefix),
    ) as cursor:
        return [Post(*row) for row in await cursor.fetchall()]


async def save(db: aiosqlite.Connection, post: Post, now: float) -> None:
    await db.execute(
        """insert into posts (subject, thread_id, channel, ts, shown, posted_at) values (?, ?, ?, ?, ?, ?)
           on conflict (subject) do update set channel = excluded.channel, ts = excluded.ts, shown = excluded.shown""",
        (post.subject, post.thread_id, post.channel, post.ts, post.shown, now),
    )
