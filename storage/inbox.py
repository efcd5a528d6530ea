"""The inbox: every delivery that asks something of a thread, stored before it is acknowledged, kept until it was
read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import aiosqlite

from storage.ids import ThreadId

DeliveryKind = Literal["message", "retry"]
"""`message`: somebody wrote. `retry`: somebody asked to try again what failed."""


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


_COLUMNS = "event_id, kind, thread_id, team, channel, ts, thread_ts, user, text"


async def receive(db: aiosqlite.Connection, delivery: Delivery, now: float) -> bool:
    """Store a delivery and the conversation it belongs to; False when it was stored before (Slack delivers at least
    once).
    """
    stored = await db.execute(
        f"""insert or ignore into inbox ({_COLUMNS}, status, received_at)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'received', ?)""",
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
    await db.execute(
        "insert or ignore into conversations (thread_id, team, channel, thread_ts) values (?, ?, ?, ?)",
        (delivery.thread_id, delivery.team, delivery.channel, delivery.thread_ts),
    )
    return stored.rowcount == 1


async def first_unread(db: aiosqlite.Connection, thread_id: ThreadId) -> Delivery | None:
    async with db.execute(
        f"select {_COLUMNS} from inbox where thread_id = ? and status = 'received' order by seq limit 1", (thread_id,)
    ) as cursor:
        row = await cursor.fetchone()
    return None if row is None else Delivery(*row)


async def mark_done(db: aiosqlite.Connection, event_id: str) -> None:
    await db.execute("update inbox set status = 'done' where event_id = ?", (event_id,))


async def threads_with_unread(db: aiosqlite.Connection) -> list[ThreadId]:
    async with db.execute("select distinct thread_id from inbox where status = 'received'") as cursor:
        return [ThreadId(row[0]) for row in await cursor.fetchall()]
