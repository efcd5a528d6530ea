"""What may follow what: the lives of a thread, a question and a claim, as tables that every write is held against.

The database itself holds them, for the connection that writes: a statement that moves a row otherwise raises
`IllegalMove` (for a claim `ClaimMoved`), and the transaction that it is in changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from storage.claims import ClaimStatus
from storage.errors import ClaimMoved, IllegalMove, StorageError
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
class Machine:
    """A kind of row and its life. `begins`: what a new row may be; None: whatever its column takes. `stays`: writing
    the status that a row has already is no move.
    """

    table: str
    what: str
    moves: Mapping[str, frozenset[str]]
    key: str
    begins: frozenset[str] | None = None
    stays: bool = True

    @property
    def legal(self) -> str:
        """Every move, as an SQL list of `old>new`."""
        legal = [f"{old}>{new}" for old, allowed in self.moves.items() for new in allowed]
        return listed(legal + [f"{old}>{old}" for old in self.moves if self.stays])

    @property
    def refusals(self) -> Mapping[str, str]:
        """What is said of a move that is not legal, by the status that the row has."""
        return {
            old: f"{_MARK}{self.what} that is {old} may become {_or(allowed) or 'nothing else'}"
            for old, allowed in self.moves.items()
        }

    @property
    def false_start(self) -> str:
        """What is said of a new row that begins as what none may."""
        return f"{_MARK}{self.what} begins as {_or(self.begins or ())}"

    @property
    def new_key(self) -> str:
        """The key of the row that a trigger is asked about, in SQL."""
        return ", ".join(f"new.{column}" for column in self.key.split(", "))


MACHINES = (
    Machine("threads", "a thread", THREAD, "thread_id"),
    Machine("interrupts", "a question", QUESTION, "id", begins=frozenset({"waiting"})),
    # An effect that may be repeated is not claimed, only its end is stored.
    Machine("claims", "a claim", CLAIM, "scope, key", begins=frozenset({"claimed", "failed", "done"}), stays=False),
)
_MARK = "illegal move: "


def refused(said: str) -> StorageError | None:
    """`IllegalMove` or `ClaimMoved`, when a statement failed since it made a move against the tables."""
    if not said.startswith(_MARK):
        return None
    told = said.removeprefix(_MARK)
    return ClaimMoved(told) if told.startswith("a claim ") else IllegalMove(told)


def listed(texts: Iterable[str]) -> str:
    """Constants as an SQL list."""
    return ", ".join(f"'{text}'" for text in sorted(texts))


def _or(statuses: Iterable[str]) -> str:
    return " or ".join(sorted(statuses))
