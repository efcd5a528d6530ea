"""What people say of answers: whether they helped."""

from __future__ import annotations

from dataclasses import dataclass

from storage.ids import ThreadId
from storage.jobs import Connection


@dataclass(frozen=True)
class Feedback:
    """What one person says of one message; `at` is in Unix seconds."""

    thread_id: ThreadId
    message_id: str
    user: str
    helped: bool
    at: float


def put(db: Connection, said: Feedback) -> None:
    """Store it, in the place of what the same person said of it before."""
    db.execute(
        """insert into feedback (thread_id, message_id, user, helped, at) values (?, ?, ?, ?, ?)
           on conflict (message_id, user) do update set helped = excluded.helped, at = excluded.at""",
        (said.thread_id, said.message_id, said.user, int(said.helped), said.at),
    )


def of_thread(db: Connection, thread_id: ThreadId) -> list[Feedback]:
    """All that was said of a thread's answers, oldest first."""
    rows = db.execute(
        "select thread_id, message_id, user, helped, at from feedback where thread_id = ? order by at", (thread_id,)
    )
    return [Feedback(row[0], row[1], row[2], bool(row[3]), row[4]) for row in rows]
