"""What storage refuses, as one family.

StorageError
├── NotOurDatabase     the file is not a Signoff database, or one of a newer version
├── StorageClosed      somebody still uses the storage after its end
├── UnreadableRow      a row cannot be read: damaged, or written by a newer version
├── ThreadHeld         another live owner runs the thread
├── ThreadMoved        the thread changed between reading it and taking it
├── LeaseLost          another owner took the thread over, or it was deleted
├── ClaimMoved         a claim that cannot become what it was to become
├── IllegalMove        a status that may not follow the one a row has
└── AnswerRefused      the question does not wait for this answer
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.interrupts import InterruptRow


class StorageError(Exception):
    """The base of every error this package raises on purpose."""


class NotOurDatabase(StorageError):
    """The file is not a Signoff database. Point DATABASE_URL at another file, or install the version that wrote it."""


class StorageClosed(StorageError):
    """The storage was closed. What still needs it has to end before `open_storage` does."""


class UnreadableRow(StorageError):
    """A stored row cannot be read. The message names its thread and checkpoint; the other threads go on."""


class ThreadHeld(StorageError):
    """Another live owner runs the thread. Try again when its run has ended."""


class ThreadMoved(StorageError):
    """The thread changed since it was read. Read it again."""


class LeaseLost(StorageError):
    """Another owner took the thread over while this one was away. What this run had not stored is void."""


class ClaimMoved(StorageError):
    """A claim cannot become this from what it is; the row stays as it was."""


class IllegalMove(StorageError):
    """A row's status may not become that. It is a mistake in this program; nothing was changed."""


class AnswerRefused(StorageError):
    """The question does not wait. `found` is its row, or None when this thread has no such question."""

    def __init__(self, interrupt_id: str, found: InterruptRow | None) -> None:
        self.interrupt_id = interrupt_id
        self.found = found
        super().__init__(f"{interrupt_id!r} does not wait for an answer")
