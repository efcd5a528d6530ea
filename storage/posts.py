"""Posts: what Slack shows of what must be visible, so that what is missing or out of date can be found and mended."""

from __future__ import annotations

from dataclasses import dataclass

from storage.connections import Connection
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


def conversation(db: Connection, thread_id: ThreadId) -> Conversation | None:
    row = db.execute(
        "select thread_id, team, channel, thread_ts, shown_version from conversations where thread_id = ?", (thread_id,)
    ).fetchone()
    return None if row is None else Conversation(*row)


def out_of_date(db: Connection) -> list[Conversation]:
    """Conversations whose thread has moved on since it was last shown."""
    return [
        Conversation(*row)
        for row in db.execute(
            """select c.thread_id, c.team, c.channel, c.thread_ts, c.shown_version from conversations c
           join threads t on t.thread_id = c.thread_id where t.version > c.shown_version"""
        )
    ]


def mark_shown(db: Connection, thread_id: ThreadId, version: int) -> None:
    db.execute(
        "update conversations set shown_version = max(shown_version, ?) where thread_id = ?", (version, thread_id)
    )


def of_thread(db: Connection, thread_id: ThreadId) -> dict[str, Post]:
    """By subject."""
    return {post.subject: post for post in _select(db, "thread_id = ?", thread_id)}


def beginning(db: Connection, prefix: str) -> list[Post]:
    """The posts whose subject begins so."""
    return _select(db, "subject >= ?1 and subject < ?1 || char(0x10ffff)", prefix)


def _select(db: Connection, where: str, parameter: str) -> list[Post]:
    sql = f"select subject, thread_id, channel, ts, shown from posts where {where}"
    return [Post(*row) for row in db.execute(sql, (parameter,))]


def save(db: Connection, post: Post, now: float) -> None:
    db.execute(
        """insert into posts (subject, thread_id, channel, ts, shown, posted_at) values (?, ?, ?, ?, ?, ?)
           on conflict (subject) do update set channel = excluded.channel, ts = excluded.ts, shown = excluded.shown""",
        (post.subject, post.thread_id, post.channel, post.ts, post.shown, now),
    )
