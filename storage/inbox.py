"""The inbox: every delivery that asks something of a thread, stored before it is acknowledged, kept until it was
read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from storage import owners, posts
from storage.ids import OwnerId, ThreadId
from storage.jobs import Connection
from storage.posts import Place
from storage.threads import ThreadStatus

DeliveryKind = Literal["message", "retry", "stop"]
"""`message`: somebody wrote. `retry`: somebody asked to try again what failed. `stop`: somebody asked that what is at
work be stopped; it is not read in its turn, but at once.
"""


@dataclass(frozen=True)
class Delivery:
    """One thing a person did. `thread_ts` is the root message of the conversation, `ts` the message itself."""

    event_id: str
    kind: DeliveryKind
    thread_id: ThreadId
    team: str
    channel: str
    ts: str
    thread_ts: str
    user: str
    text: str


_TO_READ = "status = 'received' and kind <> 'stop'"
_COLUMNS = "event_id, kind, thread_id, team, channel, ts, thread_ts, user, text"


def receive(db: Connection, delivery: Delivery, now: float) -> bool:
    """Store a delivery and the conversation it belongs to; False when it was stored before (Slack delivers at least
    once).
    """
    stored = db.execute(
        f"""insert into inbox ({_COLUMNS}, status, received_at)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'received', ?) on conflict do nothing""",
        (
            delivery.event_id,
            delivery.kind,
            delivery.thread_id,
            delivery.team,
            delivery.channel,
            delivery.ts,
            delivery.thread_ts,
            delivery.user,
            delivery.text,
            now,
        ),
    )
    posts.begin(db, delivery.thread_id, delivery.team, Place(delivery.channel, delivery.thread_ts))
    if delivery.kind == "message":  # where somebody can write, it is tried again
        db.execute(
            "update conversations set refused = null where thread_id = ? and channel = ? and refused is not null",
            (delivery.thread_id, delivery.channel),
        )
    return stored.rowcount == 1


def first_unread(db: Connection, thread_id: ThreadId) -> Delivery | None:
    row = db.execute(
        f"select {_COLUMNS} from inbox where {_TO_READ} and thread_id = ? order by seq limit 1", (thread_id,)
    ).fetchone()
    return None if row is None else Delivery(*row)


def queued(db: Connection, thread_id: ThreadId) -> list[Delivery]:
    """All that was not read yet, in the order in which it came."""
    rows = db.execute(f"select {_COLUMNS} from inbox where {_TO_READ} and thread_id = ? order by seq", (thread_id,))
    return [Delivery(*row) for row in rows]


def get_unread(db: Connection, event_id: str) -> Delivery | None:
    """A delivery that was not read yet."""
    row = db.execute(f"select {_COLUMNS} from inbox where event_id = ? and status = 'received'", (event_id,)).fetchone()
    return None if row is None else Delivery(*row)


def newest(db: Connection, thread_id: ThreadId) -> Delivery | None:
    """What came last, read or not, of what is still kept."""
    row = db.execute(
        f"select {_COLUMNS} from inbox where thread_id = ? order by seq desc limit 1", (thread_id,)
    ).fetchone()
    return None if row is None else Delivery(*row)


def at_work(db: Connection, user: str, channel: str) -> Delivery | None:
    """What this person wrote last in a conversation, of its threads that run or wait."""
    row = db.execute(
        f"""select {", ".join(f"i.{name}" for name in _COLUMNS.split(", "))} from inbox i
            join threads t on t.thread_id = i.thread_id and t.status in ('running', 'waiting')
            where i.user = ?1 and i.channel = ?2 and i.kind = 'message'
            order by i.seq desc limit 1""",
        (user, channel),
    ).fetchone()
    return None if row is None else Delivery(*row)


def has_written(db: Connection, user: str) -> bool:
    """Whether this person ever wrote, of what is still kept."""
    return db.execute("select 1 from inbox where user = ? limit 1", (user,)).fetchone() is not None


def mark_done(db: Connection, event_id: str) -> bool:
    """It was read. False when it was before."""
    done = db.execute("update inbox set status = 'done' where event_id = ? and status = 'received'", (event_id,))
    return done.rowcount == 1


@dataclass(frozen=True)
class Unread:
    """A thread with deliveries that were not read: the first one's `event_id`, that of the `newest`, the thread's
    status, None for a thread that there is not yet, and whether somebody is asked something there.
    """

    thread_id: ThreadId
    event_id: str
    newest: str
    status: ThreadStatus | None
    waits: bool


def unread(db: Connection, owner: OwnerId) -> list[Unread]:
    """The threads with something to read that no other live owner runs, in the order in which it came."""
    rows = db.execute(
        f"""select i.thread_id, i.event_id,
               (select event_id from inbox where {_TO_READ} and thread_id = i.thread_id
                order by seq desc limit 1),
               t.status,
               exists (select 1 from interrupts q where q.thread_id = i.thread_id and q.status = 'waiting'),
               t.owner
           from (select min(seq) as seq from inbox where {_TO_READ} group by thread_id) earliest
               join inbox i on i.seq = earliest.seq left join threads t on t.thread_id = i.thread_id
           order by i.seq"""
    ).fetchall()
    others = owners.alive(db, {row["owner"] for row in rows} - {owner})
    free = [row for row in rows if row["owner"] not in others]
    return [Unread(row[0], row[1], row[2], row[3], bool(row[4])) for row in free]


def stops(db: Connection, owner: OwnerId) -> list[Delivery]:
    """What asks that a thread be stopped which no other live owner runs, in the order in which it came."""
    rows = db.execute(
        f"""select {_COLUMNS}, (select owner from threads t where t.thread_id = inbox.thread_id) as runs
            from inbox where status = 'received' and kind = 'stop' order by seq"""
    ).fetchall()
    others = owners.alive(db, {row["runs"] for row in rows} - {owner, None})
    return [Delivery(*tuple(row)[:-1]) for row in rows if row["runs"] not in others]
