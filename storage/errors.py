"""What storage refuses, as one family.

StorageError
├── NotOurDatabase     it is not a Signoff database, or one of a newer version
├── DatabaseGone       the file was deleted or replaced, or is damaged: nothing can be stored any more
├── StorageUnavailable  nothing can be stored for now
├── StatementFailed    the server does not do what it is asked
├── StorageClosed      somebody still uses the storage after its end
├── CopyRefused        a database is not to be copied, or not there
├── CopyFailed         a copy was begun, and nothing is left of it
├── UnreadableRow      a row cannot be read: damaged, or written by a newer version
├── ThreadHeld         another live owner runs the thread
├── ThreadMoved        the thread changed between reading it and taking it
├── ThreadHalted       the thread is to stop, so nothing more is begun in it
├── LeaseLost          another owner took the thread over, or it was deleted
├── ClaimMoved         a claim that cannot become what it was to become
├── IllegalMove        a status that may not follow the one a row has
└── AnswerRefused      the question does not wait for this answer
"""

from __future__ import annotations

import errno
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storage.interrupts import InterruptRow


_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_PERM,
    }
)
_FATAL = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PASSING_ERRNO = frozenset(
    getattr(errno, name)
    for name in (
        "EMFILE",
        "ENFILE",
        "ENOSPC",
        "EDQUOT",
        "EIO",
        "ENOMEM",
        "EAGAIN",
        "EROFS",
        "EACCES",
        "EPERM",
        "ESTALE",
    )
    if hasattr(errno, name)
)


def sqlite_code(error: BaseException) -> int:
    """SQLite's code of an error: its low byte, since the rest only says more of it (https://sqlite.org/rescode.html).
    0 of what is no error of SQLite's.
    """
    return (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def is_passing(error: BaseException) -> bool:
    """Whether what could not be done now may be done later, with nothing changed here: the file is locked, the disk is
    full, a descriptor is missing.
    """
    if isinstance(error, sqlite3.Error):
        return sqlite_code(error) in _PASSING
    return isinstance(error, OSError) and error.errno in _PASSING_ERRNO


def is_fatal(error: BaseException) -> bool:
    """Whether the database cannot be used any more, by anybody."""
    if isinstance(error, sqlite3.Error):
        return sqlite_code(error) in _FATAL
    return isinstance(error, DatabaseGone)


class StorageError(Exception):
    """The base of every error this package raises on purpose."""


class NotOurDatabase(StorageError):
    """It is not a Signoff database. Point DATABASE_URL at another one, or install the version that wrote it."""


class DatabaseGone(StorageError):
    """The file was deleted or replaced while it was open, or is damaged. Nothing more is read from it or stored."""


class StorageUnavailable(StorageError):
    """Nothing can be stored or read now, and the caller does not wait for longer. Nothing was stored; try again."""


class StatementFailed(StorageError):
    """The server refused a statement: a row is there already, or a right is missing. Nothing was changed."""


class StorageClosed(StorageError):
    """The storage was closed. What still needs it has to end before `open_storage` does."""


class CopyRefused(StorageError):
    """What was named cannot be copied, or not there: name something else. Nothing was changed."""


class CopyFailed(StorageError):
    """A copy could not be made, or came out different, and nothing is left of it. It may be made later."""


class UnreadableRow(StorageError):
    """A stored row cannot be read. The message names its thread and checkpoint; the other threads go on."""


class ThreadHeld(StorageError):
    """Another live owner runs the thread. Try again when its run has ended."""


class ThreadMoved(StorageError):
    """The thread changed since it was read. Read it again."""


class ThreadHalted(StorageError):
    """Somebody asked that the thread be stopped. Nothing more is begun in it."""


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
