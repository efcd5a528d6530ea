"""Files that hold what a card is too small for: which are up, beside which post."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from storage import threads
from storage.ids import InterruptId, ThreadId
from storage.jobs import Connection
from storage.parameters import Listed


@dataclass(frozen=True)
class Attachment:
    """The file about a question, beside the post of a subject. `refused`: why Slack never takes it there, else None."""

    interrupt_id: InterruptId
    subject: str
    refused: str | None = None


def put(db: Connection, thread_id: ThreadId, attachment: Attachment, now: float) -> None:
    """Say what became of a file; whoever shows the thread looks again."""
    db.execute(
        """insert into attachments (interrupt_id, subject, thread_id, refused, at) values (?, ?, ?, ?, ?)
           on conflict (interrupt_id, subject) do update set refused = excluded.refused, at = excluded.at""",
        (attachment.interrupt_id, attachment.subject, thread_id, attachment.refused, now),
    )
    threads.touch(db, thread_id, now)


def of(db: Connection, ids: Iterable[InterruptId]) -> list[Attachment]:
    """Those about these questions."""
    rows = db.execute(
        "select interrupt_id, subject, refused from attachments where interrupt_id in (select value from json_each(?))",
        (Listed(ids),),
    )
    return [Attachment(*row) for row in rows]
