"""Concerns: the questions of all threads as one person may want to see them. What waits, where it can be seen, and what
became of what somebody asked for or decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage import interrupts, votes
from storage.interrupts import InterruptRow
from storage.jobs import Connection
from storage.posts import Conversation, Post, conversations, of_threads
from storage.votes import VoteRow

_OPEN = "status in ('waiting', 'reopened')"


@dataclass(frozen=True)
class Concern:
    """A question that waits, who has voted on it, and where its thread is held and shown."""

    row: InterruptRow
    votes: Sequence[VoteRow]
    conversation: Conversation | None
    posts: Sequence[Post]


Signature = tuple[tuple[str, int, int, str], ...]
"""Tells whether other questions wait than before, something was decided about one, or it is shown elsewhere."""


def signature(db: Connection) -> Signature:
    """That of all that waits."""
    return tuple(
        tuple(row)
        for row in db.execute(
            f"""select id, version,
                   (select count(*) from posts p where p.thread_id = i.thread_id and p.ts is not null),
                   (select coalesce(max(p.ts), '') from posts p where p.thread_id = i.thread_id)
               from interrupts i where {_OPEN} order by seq"""
        )
    )


def waiting(db: Connection) -> list[Concern]:
    """Every question that waits, oldest first."""
    rows = interrupts.select(db, _OPEN, ())
    voted: dict[str, list[VoteRow]] = {}
    for vote in votes.of(db, [row.id for row in rows]):
        voted.setdefault(vote.interrupt_id, []).append(vote)
    threads = {row.thread_id for row in rows}
    held, shown = conversations(db, threads), of_threads(db, threads)
    return [Concern(row, voted.get(row.id, ()), held.get(row.thread_id), shown.get(row.thread_id, ())) for row in rows]


def decided(db: Connection, user: str, limit: int) -> list[InterruptRow]:
    """The newest questions that somebody decided or voted on, or that they asked for and that were decided or ran out
    of time, the newest first.
    """
    return interrupts.select(
        db,
        """seq in (
               select seq from (select seq from interrupts
                   where answered_by = ?1 and answered_at is not null order by answered_at desc limit ?2) answered
               union select seq from (select seq from interrupts
                   where requester = ?1 and answered_at is not null order by answered_at desc limit ?2) asked
               union select seq from (select seq from interrupts
                   where requester = ?1 and status = 'expired' order by expires_at desc nulls last limit ?2) late
               union select seq from (select i.seq from votes v join interrupts i on i.id = v.interrupt_id
                   where v.user = ?1 order by v.rowid desc limit ?2) voted)
           and status in ('answered', 'expired')""",
        (user, limit),
        order="coalesce(answered_at, expires_at) desc nulls last",
        limit=limit,
    )


def touched(db: Connection, after: int) -> tuple[set[str], int]:
    """Whom the rows of the audit after this one are about, and the number of the last: who asked, decided or voted."""
    rows = db.execute(
        """select a.seq, a.user, i.requester, i.answered_by, v.user as voter from audit a
               left join interrupts i on i.id = a.interrupt_id left join votes v on v.interrupt_id = i.id
           where a.seq > ?""",
        (after,),
    ).fetchall()
    whom = ("user", "requester", "answered_by", "voter")
    found = {row[name] for row in rows for name in whom if row[name]}
    return found, max((row["seq"] for row in rows), default=after)
