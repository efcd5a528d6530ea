"""All rows of a thread, as only a test asks for them. Jobs."""

from storage import Connection, claims, interrupts, votes
from storage.claims import ClaimRow
from storage.ids import ThreadId
from storage.interrupts import InterruptRow
from storage.votes import VoteRow


def questions_of(db: Connection, thread_id: ThreadId) -> list[InterruptRow]:
    """All questions that the thread ever asked, oldest first."""
    return interrupts.select(db, "thread_id = ?", (thread_id,))


def claims_of(db: Connection, thread_id: ThreadId) -> list[ClaimRow]:
    """All its claims, the first first."""
    keys = db.execute("select key from claims where thread_id = ?", (thread_id,)).fetchall()
    return claims.of_keys(db, thread_id, [key for (key,) in keys])


def votes_of(db: Connection, thread_id: ThreadId) -> list[VoteRow]:
    """The votes for all its questions, in the order in which they were cast."""
    return votes.of(db, [row.id for row in questions_of(db, thread_id)])
