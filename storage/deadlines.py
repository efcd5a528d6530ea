"""Deadlines: questions that nobody answered in time."""

from __future__ import annotations

import aiosqlite

from storage import interrupts, threads
from storage.ids import ThreadId
from storage.interrupts import InterruptRow


async def due(db: aiosqlite.Connection, now: float) -> list[InterruptRow]:
    """Questions that still wait, and whose deadline has passed."""
    return await interrupts.select(db, "status = 'waiting' and expires_at <= ?", (now,))


async def expire(db: aiosqlite.Connection, now: float) -> list[ThreadId]:
    """Mark the questions whose deadline has passed: they take no answer, and their tasks learn that none came. The
    threads that have something to do then.
    """
    rows = await due(db, now)
    for row in rows:
        await db.execute("update interrupts set status = 'expired', version = version + 1 where id = ?", (row.id,))
        await interrupts.record(db, row.id, "expired", now)
    for thread_id in (threads_due := dict.fromkeys(row.thread_id for row in rows)):
        await threads.touch(db, thread_id, now)
    return list(threads_due)
