"""Deadlines: questions that nobody answered in time."""

from __future__ import annotations

from storage import interrupts, threads
from storage.connections import Connection
from storage.ids import ThreadId
from storage.interrupts import InterruptRow


def due(db: Connection, now: float) -> list[InterruptRow]:
    """Questions that still wait, and whose deadline has passed."""
    return interrupts.select(db, "status = 'waiting' and expires_at <= ?", (now,))


def expire(db: Connection, now: float) -> list[ThreadId]:
    """Mark the questions whose deadline has passed: they take no answer, and their tasks learn that none came. The
    threads that have something to do then.
    """
    rows = due(db, now)
    for row in rows:
        db.execute("update interrupts set status = 'expired', version = version + 1 where id = ?", (row.id,))
        interrupts.audit_decision(db, row.id, "expired", now)
    for thread_id in (threads_due := dict.fromkeys(row.thread_id for row in rows)):
        threads.touch(db, thread_id, now)
    return list(threads_due)
