"""Deadlines: questions that nobody answered in time."""

from __future__ import annotations

import json

from storage import interrupts, threads, waits
from storage.ids import ThreadId
from storage.interrupts import InterruptRow
from storage.jobs import Connection


def due(db: Connection, now: float) -> list[InterruptRow]:
    """Questions that still wait, and whose deadline has passed."""
    return interrupts.select(db, "status = 'waiting' and expires_at <= ?", (now,))


UNREACHED = "unreached"
"""Where a question's terms say that it ended since nobody could be asked."""


def end(db: Connection, row: InterruptRow, now: float) -> bool:
    """Mark a question as one that nobody could be asked: it takes no answer, and its task learns that none came. False
    when it has moved on.
    """
    terms: dict[str, object] = {**(row.terms or {}), UNREACHED: True}
    if not _end(db, row, terms, now):
        return False
    threads.touch(db, row.thread_id, now)
    return True


def expire(db: Connection, now: float) -> list[ThreadId]:
    """Mark the questions whose deadline has passed: they take no answer, and their tasks learn that none came. The
    threads that have something to do then.
    """
    rows = [row for row in due(db, now) if _end(db, row, row.terms, now)]
    for thread_id in (threads_due := dict.fromkeys(row.thread_id for row in rows)):
        threads.touch(db, thread_id, now)
    return list(threads_due)


def _end(db: Connection, row: InterruptRow, terms: object, now: float) -> bool:
    """False when it has moved on."""
    changed = db.execute(
        """update interrupts set status = 'expired', version = version + 1, terms = ?
           where id = ? and status = 'waiting' and version = ?""",
        (None if terms is None else json.dumps(terms), row.id, row.version),
    )
    if changed.rowcount != 1:
        return False
    interrupts.audit_decision(db, row.id, "expired", now)
    waits.ended(db, [row.id], now)
    return True
