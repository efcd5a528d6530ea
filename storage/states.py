"""What may follow what: the lives of a thread, a question and a claim, as tables that every write is held against.

The database itself holds them, for the connection that writes: a statement that moves a row otherwise raises
`IllegalMove` (for a claim `ClaimMoved`), and the transaction that it is in changes nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from storage.claims import ClaimStatus
from storage.errors import ClaimMoved, IllegalMove
from storage.interrupts import InterruptStatus
from storage.jobs import Connection
from storage.threads import ThreadStatus

THREAD: Mapping[str, frozenset[ThreadStatus]] = {
    "idle": frozenset({"running"}),
    "running": frozenset({"waiting", "failed", "done"}),
    "waiting": frozenset({"running"}),
    "failed": frozenset({"running"}),
    "done": frozenset({"running"}),
}
"""Whatever happens to a thread, a run takes it first. One that is taken over from a process that died stays running."""

QUESTION: Mapping[str, frozenset[InterruptStatus]] = {
    "waiting": frozenset({"answered", "superseded", "cancelled", "expired"}),
    "answered": frozenset({"reopened", "superseded", "cancelled"}),
    "reopened": frozenset({"answered", "superseded", "cancelled", "expired"}),
    "expired": frozenset({"superseded", "cancelled"}),
    "superseded": frozenset(),
    "cancelled": frozenset(),
}
"""`reopened`: its task failed with the answer; it goes back to `answered` with another one, or when the task did go on
with the one it had. A question begins as `waiting`."""

CLAIM: Mapping[str, frozenset[ClaimStatus]] = {
    "claimed": frozenset({"paused", "in doubt", "failed", "done"}),
    "paused": frozenset({"claimed", "in doubt"}),
    "in doubt": frozenset({"claimed", "failed", "done"}),
    "failed": frozenset({"claimed", "failed", "done"}),
    "done": frozenset(),
}
"""The late end of an effect settles a claim that was put in doubt meanwhile. One that paused is put in doubt when its
question was taken back with the request: what came before the question may have happened. `done` stands. What is
claimed is not claimed again: of two that begin the same effect one goes on."""


@dataclass(frozen=True)
class _Machine:
    """A kind of row and its life. `begins`: what a new row may be; None: whatever its column takes. `stays`: writing
    the status that a row has already is no move.
    """

    table: str
    what: str
    moves: Mapping[str, frozenset[str]]
    key: str
    begins: frozenset[str] | None = None
    stays: bool = True


_MACHINES = (
    _Machine("threads", "a thread", THREAD, "thread_id"),
    _Machine("interrupts", "a question", QUESTION, "id", begins=frozenset({"waiting"})),
    # An effect that may be repeated is not claimed, only its end is stored.
    _Machine("claims", "a claim", CLAIM, "scope, key", begins=frozenset({"claimed", "failed", "done"}), stays=False),
)
_MARK = "illegal move: "


def guard(db: Connection) -> None:
    """Hold what this connection writes against the tables. One trigger a table: a legal move is asked about once."""
    for machine in _MACHINES:
        table, what = machine.table, machine.what
        legal = [f"{old}>{new}" for old, allowed in machine.moves.items() for new in allowed]
        legal += [f"{old}>{old}" for old in machine.moves if machine.stays]
        refusals = [
            f"""select raise(abort, '{_MARK}{what} that is {old} may become {_or(allowed) or "nothing else"}')
                where old.status = '{old}';"""
            for old, allowed in machine.moves.items()
        ]
        db.execute(
            f"""create temp trigger "{table} move" before update of status on main.{table}
                when old.status || '>' || new.status not in ({_list(legal)}) begin {"".join(refusals)} end"""
        )
        if machine.begins is not None:
            new = ", ".join(f"new.{column}" for column in machine.key.split(", "))
            db.execute(  # an upsert asks here too, also for a row that is there already
                f"""create temp trigger "{table} begin" before insert on main.{table}
                    when new.status not in ({_list(machine.begins)})
                        and not exists (select 1 from main.{table} where ({machine.key}) = ({new}))
                    begin select raise(abort, '{_MARK}{what} begins as {_or(machine.begins)}'); end"""
            )


def translated(error: Exception) -> Exception:
    """What a transaction raised; `IllegalMove` or `ClaimMoved` when that was a move against the tables."""
    text = str(error)
    if not isinstance(error, sqlite3.IntegrityError) or not text.startswith(_MARK):
        return error
    told = text.removeprefix(_MARK)
    return ClaimMoved(told) if told.startswith("a claim ") else IllegalMove(told)


def _list(statuses: Iterable[str]) -> str:
    return ", ".join(f"'{status}'" for status in sorted(statuses))


def _or(statuses: Iterable[str]) -> str:
    return " or ".join(sorted(statuses))
