"""A thread as it was looked at, at one moment; and the memory of where runs of this process left theirs.

What is remembered may be old by the time it is used: it carries the thread's version and fence, which every use
compares with what is stored.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphs.runtime import positions
from graphs.runtime.ledger import Ledger
from graphs.runtime.positions import Position
from graphs.runtime.program import Program
from graphs.runtime.session import Session
from storage import Connection, Storage, threads
from storage.ids import Namespace, ThreadId

ROOT = Namespace("")
"""Of the root graph's checkpoints."""


@dataclass(frozen=True)
class Seen:
    """A thread at one moment, which its version and fence tell from any other: its newest position, None when it has
    none, and what its tasks in flight asked and claimed. A version of 0: there is no such thread.
    """

    version: int
    fence: int | None
    head: Position | None
    ledger: Ledger


def unseen() -> Seen:
    """A thread that there is not."""
    return Seen(0, None, None, Ledger())


def look(db: Connection, program: Program, thread_id: ThreadId) -> Seen:
    """Read the thread. Raises `ThreadHeld`."""
    thread = threads.find_free(db, thread_id)
    if thread is None:
        return unseen()
    found = positions.read(db, program.schema, thread_id, ROOT)
    head = found[1] if found else None
    ledger = Ledger.load(db, [task.id for task in head.tasks]) if head else Ledger()
    return Seen(thread.version, thread.fence, head, ledger)


def remember(storage: Storage, program: Program, session: Session, position: Position) -> None:
    """Keep where a run left its thread, so that a long conversation is not read for each message and answer."""
    assert session.lease is not None
    seen = Seen(session.version, session.lease.fence, positions.apart(position), session.ledger)
    storage.recent.put((program, session.thread_id), seen)
