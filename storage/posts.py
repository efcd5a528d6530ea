"""Posts: what Slack shows of what must be visible, so that what is missing or out of date can be found and mended.

A conversation is shown by one owner at a time, its shower: every write compares the fence that it was taken under.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from storage import owners
from storage.errors import LeaseLost
from storage.ids import OwnerId, ThreadId, new_fence
from storage.jobs import Connection
from storage.parameters import Listed


class Place(NamedTuple):
    """A thread of a channel or direct message; with an empty `thread_ts` what stands outside of its threads."""

    channel: str
    thread_ts: str


@dataclass(frozen=True)
class Conversation:
    """Where a thread is held in Slack. `shown_version` is the thread's version that its posts show.

    `shower` is who writes what Slack shows of it, under `fence`; the fence stays when the right is given back, so that
    who takes it next can tell whether somebody else had it in between. `refused`: Slack takes no new posts there, for
    the reason it named, until somebody writes there; `link` leads to the conversation, as far as it could be had.
    """

    thread_id: ThreadId
    team: str
    channel: str
    thread_ts: str
    shown_version: int
    shower: OwnerId | None = None
    fence: int = 0
    refused: str | None = None
    link: str | None = None

    @property
    def place(self) -> Place:
        return Place(self.channel, self.thread_ts)


@dataclass(frozen=True)
class Post:
    """A subject's message in Slack. `ts` is None until it is known to be there; `shown` is the digest of what it
    shows.

    `refused`: Slack did not take what is to be decided by, for the reason it named. `opening` is what a message begins
    with that was sent without our metadata: what it is known by while its `ts` is not.
    """

    subject: str
    thread_id: ThreadId
    channel: str
    ts: str | None
    shown: str | None
    thread_ts: str = ""
    refused: str | None = None
    opening: str | None = None

    @property
    def place(self) -> Place:
        return Place(self.channel, self.thread_ts)


_COLUMNS = "thread_id, team, channel, thread_ts, shown_version, shower, shower_fence, refused, link"


def begin(db: Connection, thread_id: ThreadId, team: str, place: Place) -> None:
    """The thread is held there, unless it is held somewhere already."""
    db.execute(
        "insert into conversations (thread_id, team, channel, thread_ts) values (?, ?, ?, ?) on conflict do nothing",
        (thread_id, team, *place),
    )


def conversation(db: Connection, thread_id: ThreadId) -> Conversation | None:
    row = db.execute(f"select {_COLUMNS} from conversations where thread_id = ?", (thread_id,)).fetchone()
    return None if row is None else Conversation(*row)


def channel_of(db: Connection, thread_id: ThreadId) -> str | None:
    """The channel a thread is held in; None when it is not held in Slack."""
    held = conversation(db, thread_id)
    return held.channel if held is not None else None


def conversations(db: Connection, thread_ids: Iterable[ThreadId]) -> dict[ThreadId, Conversation]:
    """Those of these threads that are held in Slack."""
    found = db.execute(
        f"select {_COLUMNS} from conversations where thread_id in (select value from json_each(?))",
        (Listed(thread_ids),),
    )
    return {each.thread_id: each for each in (Conversation(*row) for row in found)}


def take(db: Connection, thread_id: ThreadId, owner: OwnerId) -> Conversation | None:
    """The conversation, now shown by `owner`; None when there is none, or a live owner shows it."""
    found = conversation(db, thread_id)
    if found is None or (found.shower not in (None, owner) and owners.is_alive(db, found.shower)):
        return None
    db.execute(
        "update conversations set shower = ?, shower_fence = ? where thread_id = ?",
        (owner, fence := new_fence(), thread_id),
    )
    return replace(found, shower=owner, fence=fence)


def check(db: Connection, held: Conversation) -> None:
    """Say that this transaction writes what Slack shows. Raises `LeaseLost` when that is somebody else's now."""
    row = conversation(db, held.thread_id)
    if row is None or (row.shower, row.fence) != (held.shower, held.fence):
        raise LeaseLost(f"conversation {held.thread_id!r} is shown by another owner now, or was deleted")


def refuse(db: Connection, held: Conversation, why: str, link: str | None) -> None:
    """Slack takes no posts there, and says why. The caller has compared the fence."""
    db.execute(
        "update conversations set refused = ?, link = coalesce(?, link) where thread_id = ?",
        (why, link, held.thread_id),
    )


def give_back(db: Connection, held: Conversation, shown_version: int) -> None:
    """Others may show it; it shows this version of the thread. No error when it is not ours any more."""
    db.execute(
        """update conversations set shower = null,
               shown_version = case when shown_version > :shown then shown_version else :shown end,
               outdated = case when exists (select 1 from threads t where t.thread_id = conversations.thread_id
                   and t.version > conversations.shown_version and t.version > :shown) then 1 else 0 end
           where thread_id = :thread and shower = :shower and shower_fence = :fence""",
        {"shown": shown_version, "thread": held.thread_id, "shower": held.shower, "fence": held.fence},
    )


def out_of_date(db: Connection, owner: OwnerId) -> list[Conversation]:
    """Conversations whose thread has moved on since it was last shown, and that are `owner`'s to show: no other live
    owner shows them, or runs the thread and so is about to.
    """
    rows = db.execute(
        f"""select {", ".join(f"c.{name}" for name in _COLUMNS.split(", "))}, t.owner from conversations c
            join threads t on t.thread_id = c.thread_id where c.outdated = 1 and t.version > c.shown_version"""
    ).fetchall()
    others = owners.alive(db, {holder for row in rows for holder in (row["shower"], row["owner"])} - {owner})
    return [Conversation(*row[:-1]) for row in rows if not {row["shower"], row["owner"]} & others]


def of_thread(db: Connection, thread_id: ThreadId) -> dict[str, Post]:
    """By subject."""
    return {post.subject: post for post in _select(db, "thread_id = ?", thread_id)}


def of_threads(db: Connection, thread_ids: Iterable[ThreadId]) -> dict[ThreadId, list[Post]]:
    """The posts of these threads that are known to be there."""
    found: dict[ThreadId, list[Post]] = {}
    wanted = Listed(thread_ids)
    for post in _select(db, "thread_id in (select value from json_each(?)) and ts is not null", wanted):
        found.setdefault(post.thread_id, []).append(post)
    return found


def beginning(db: Connection, prefix: str) -> list[Post]:
    """The posts whose subject begins so."""
    return _select(db, "subject >= ? and subject < ?", prefix, f"{prefix}{chr(sys.maxunicode)}")


def at(db: Connection, channel: str, ts: str) -> Post | None:
    """The post that is this message."""
    return next(iter(_select(db, "channel = ? and ts = ?", channel, ts)), None)


def in_channel(db: Connection, channel: str, ts: str | None) -> list[Post]:
    """What stands in a conversation, or at one of its messages, of threads in which something waits for an answer."""
    return _select(
        db,
        """channel = ?1 and ts = coalesce(?2, ts) and exists
               (select 1 from interrupts i where i.thread_id = posts.thread_id and i.status = 'waiting')""",
        channel,
        ts,
    )


_POST = "subject, thread_id, channel, ts, shown, thread_ts, refused, opening"


def _select(db: Connection, where: str, *parameters: str | Listed | None) -> list[Post]:
    return [Post(*row) for row in db.execute(f"select {_POST} from posts where {where}", parameters)]


def save(db: Connection, post: Post, now: float) -> None:
    """Say what Slack shows of a subject; the caller has compared the fence."""
    db.execute(
        f"""insert into posts ({_POST}, posted_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)
            on conflict (subject) do update set channel = excluded.channel, ts = excluded.ts, shown = excluded.shown,
                thread_ts = excluded.thread_ts, refused = excluded.refused, opening = excluded.opening""",
        (*(getattr(post, name) for name in _POST.split(", ")), now),
    )


def lose(db: Connection, post: Post) -> None:
    """Slack does not show it any more, as somebody else made it: whoever shows the conversation looks at it anew."""
    remove(db, post.subject)
    db.execute(
        """update conversations set shower = null, shower_fence = ?, shown_version = -1, outdated = 1
           where thread_id = ?""",
        (new_fence(), post.thread_id),
    )


def remove(db: Connection, subject: str) -> None:
    """Slack shows it no more; the caller has compared the fence."""
    db.execute("delete from posts where subject = ?", (subject,))
