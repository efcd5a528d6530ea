"""What may follow what: the lives of a thread and of a question, as tables that every write is held against.

The database itself holds them, for the connection that writes: a statement that moves a row otherwise raises
`IllegalMove`, and the transaction that it is in changes nothing. A claim's table is `claims.BEFORE`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from storage.connections import Connection
from storage.errors import IllegalMove
from storage.interrupts import InterruptStatus
from storage.threads import ThreadStatus

THREAD: Mapping[str, frozenset[ThreadStatus]] = {
    "idle": frozenset({"running"}),
    "running": frozenset({"waiting", "failed", "done"}),
    "waiting": frozenset({"running"}),
    "failed": frozenset({"running"}),
    "done": frozenset({"running"}),
}
"""Whatever happens to a thread, a run takes it first. One that is taken over from a process that died stays running."""

INTERRUPT: Mapping[str, frozenset[InterruptStatus]] = {
    "waiting": frozenset({"answered", "superseded", "cancelled", "expired"}),
    "answered": frozenset({"reopened", "superseded", "cancelled"}),
    "reopened": frozenset({"answered", "superseded", "cancelled", "expired"}),
    "expired": frozenset({"superseded", "cancelled"}),
    "superseded": frozenset(),
    "cancelled": frozenset(),
}
"""`reopened`: its task failed with the answer; it goes back to `answered` with another one, or when the task did go on
with the one it had. A question begins as `waiting`."""

_MACHINES: tuple[tuple[str, str, Mapping[str, frozenset[str]]], ...] = (
    ("threads", "a thread", THREAD),
    ("interrupts", "a question", INTERRUPT),
)
_MARK = "illegal move: "


def guard(db: Connection) -> None:
    """Hold what this connection writes against the tables."""
    for table, what, moves in _MACHINES:
        for old, allowed in moves.items():
            names = ", ".join(f"'{status}'" for status in sorted({old, *allowed}))
            message = f"{_MARK}{what} that is {old} may become {' or '.join(sorted(allowed)) or 'nothing else'}"
            db.execute(
                f"""create temp trigger {table}_{old} before update of status on main.{table}
                    when old.status = '{old}' and new.status not in ({names})
                    begin select raise(abort, '{message}'); end"""
            )
    db.execute(
        f"""create temp trigger interrupts_begin before insert on main.interrupts when new.status <> 'waiting'
            begin select raise(abort, '{_MARK}a question begins as waiting'); end"""
    )


def named(error: Exception) -> Exception:
    """What a transaction raised; `IllegalMove` when that was a move against the tables."""
    text = str(error)
    if isinstance(error, sqlite3.IntegrityError) and text.startswith(_MARK):
        return IllegalMove(text.removeprefix(_MARK))
    return error
