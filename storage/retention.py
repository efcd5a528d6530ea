"""Retention: threads in which nothing is left to do, and nothing was done for long, so that they need not be kept.

Each is looked at again in the transaction that deletes it: what began meanwhile stays.
"""

from __future__ import annotations

from storage import checkpoints, threads
from storage.ids import ThreadId
from storage.jobs import Connection

_IS_OVER = """
    not exists (select 1 from inbox i where i.thread_id = t.thread_id and i.status = 'received')
    and not exists (select 1 from inbox i where i.thread_id = t.thread_id and i.status = 'done' and i.received_at >= ?1)
    and not exists (select 1 from interrupts q where q.thread_id = t.thread_id
        and (q.status in ('waiting', 'reopened') or (q.status in ('answered', 'expired') and q.consumed = 0)))
    and not exists (select 1 from claims c where c.thread_id = t.thread_id
        and c.status in ('claimed', 'paused', 'in doubt'))
"""
"""Nobody has written what was not read, nobody is asked, no answer is on its way, and no effect may have happened."""

_FINISHED = f"""
    t.status in ('idle', 'failed', 'done') and t.owner is null and t.halted is null and t.updated_at < ?1
    and not exists (select 1 from conversations v
        where v.thread_id = t.thread_id and v.outdated = 1 and v.refused is null)
    and {_IS_OVER}
"""
"""And nothing is still to be shown, unless Slack does not take it."""

_NEVER_BEGUN = f"""not exists (select 1 from threads b where b.thread_id = t.thread_id) and {_IS_OVER}"""
"""A conversation with people who may not talk to the bot."""

_MORE_THAN = """
    and (select count(*) from checkpoints s where s.thread_id = t.thread_id and s.ns = '') > ?3
"""


def finished(db: Connection, before: float, limit: int) -> list[ThreadId]:
    """Threads that are finished and were not touched since `before` (Unix seconds), the oldest first."""
    found = db.execute(
        f"""select thread_id, at from (
                select t.thread_id, t.updated_at as at from threads t where {_FINISHED}
                union all
                select t.thread_id, 0.0 as at from conversations t where {_NEVER_BEGUN}) over_
            order by at, thread_id limit ?2""",
        (before, limit),
    )
    return [ThreadId(row["thread_id"]) for row in found]


def finished_with_more(db: Connection, before: float, limit: int, keep: int) -> list[ThreadId]:
    """Those of them that have more snapshots than so many."""
    found = db.execute(
        f"select t.thread_id from threads t where {_FINISHED} {_MORE_THAN} order by t.updated_at, t.thread_id limit ?2",
        (before, limit, keep),
    )
    return [ThreadId(row["thread_id"]) for row in found]


def delete(db: Connection, thread_id: ThreadId, before: float) -> bool:
    """Delete the thread, if it is still finished: everything but its audit.

    It is a job of no thread: who writes in a conversation of Slack may find only in the transaction that it is about
    this one, and what they wrote is not to be deleted unread.
    """
    if not _is_finished(db, thread_id, before):
        return False
    threads.delete(db, thread_id)
    return True


def prune(db: Connection, thread_id: ThreadId, before: float, keep: int) -> bool:
    """Leave the thread's newest snapshots, if it is still finished."""
    if not _is_finished(db, thread_id, before):
        return False
    checkpoints.prune(db, thread_id, keep)
    return True


def _is_finished(db: Connection, thread_id: ThreadId, before: float) -> bool:
    return any(
        db.execute(f"select 1 from {table} t where t.thread_id = ?2 and {is_so}", (before, thread_id)).fetchone()
        for table, is_so in (("threads", _FINISHED), ("conversations", _NEVER_BEGUN))
    )
