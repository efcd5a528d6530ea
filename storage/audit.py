"""Audit: who proposed, voted, decided and ran what, as rows that are only appended, each chained to the one before.

A row holds ids, digests and decisions, and no arguments or texts, so it outlives its thread. Its hash covers the row
and the hash before it: `verify` finds a row that was changed, inserted, moved or taken out. A tail that is gone, or a
chain written anew, is found against a head that was noted elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

from storage import dialect
from storage.jobs import Connection, Job
from storage.parameters import Listed

T = TypeVar("T")
Read = Callable[[Job[T]], Awaitable[T]]
"""`Storage.read`."""

Kind = Literal["proposal", "vote", "refusal", "decision", "run", "outcome"]

GENESIS = "0" * 64
"""The head of a chain without rows."""

PAGE = 500
"""Rows read at a time: nothing is locked while a caller looks at them."""

REFUSALS_AN_HOUR = 100
"""How many refusals of one person are kept in an hour: a flood of forged clicks does not fill the disk."""

LONGEST_ID = 64
"""Characters kept of an id that somebody else chose."""

LONGEST_REASON = 200


@dataclass(frozen=True)
class Entry:
    """What is to be recorded. `at` is in Unix seconds; `facts` are ids, digests, names and numbers, as JSON values."""

    kind: Kind
    at: float
    thread_id: str
    interrupt_id: str | None = None
    team: str | None = None
    user: str | None = None
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class AuditRow:
    """A row as stored. `facts` is JSON text, because the hash is over these very characters."""

    seq: int
    at: float
    kind: str
    thread_id: str
    interrupt_id: str | None
    team: str | None
    user: str | None
    facts: str
    previous: str
    hash: str

    def computed_hash(self) -> str:
        """SHA-256, in hex, over everything in the row but the hash, which covers the row before as `previous`."""
        fields = asdict(self)
        del fields["hash"]
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), default=repr)
        return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()


@dataclass(frozen=True)
class Verified:
    """The chain is whole: its length, and its head, to be noted somewhere else."""

    rows: int
    head: str


@dataclass(frozen=True)
class Broken:
    """The chain is not what was written. `problem` names the row."""

    problem: str


_COLUMNS = "seq, at, kind, thread_id, interrupt_id, team, user, facts, previous, hash"


def head(db: Connection) -> tuple[int, str]:
    """How many rows there are, and the hash of the last."""
    last = db.execute("select seq, hash from audit order by seq desc limit 1").fetchone()
    return (0, GENESIS) if last is None else (last[0], last[1])


def append(db: Connection, entry: Entry) -> None:
    """Record it, in the transaction of what it is about: neither is stored without the other."""
    dialect.lock_chain(db)
    last, previous = head(db)
    facts = json.dumps(dict(entry.facts or {}), sort_keys=True, separators=(",", ":"))
    row = AuditRow(
        last + 1,
        float(entry.at),
        entry.kind,
        _kept(entry.thread_id),
        entry.interrupt_id and _kept(entry.interrupt_id),
        entry.team and _kept(entry.team),
        entry.user and _kept(entry.user),
        facts,
        previous,
        hash="",
    )
    db.execute(
        f"insert into audit ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.seq,
            row.at,
            row.kind,
            row.thread_id,
            row.interrupt_id,
            row.team,
            row.user,
            row.facts,
            row.previous,
            row.computed_hash(),
        ),
    )


def _kept(text: str) -> str:
    """As every database keeps it, since it is hashed: PostgreSQL has no text with a NUL."""
    return text.replace("\0", "\u2400")


def append_refusal(
    db: Connection, *, at: float, thread_id: str, interrupt_id: str, team: str, user: str, reason: str
) -> bool:
    """Record a decision that did not count. Ids may be forged, so they are cut to a length; False when this person had
    `REFUSALS_AN_HOUR` already, and nothing is stored.
    """
    (recent,) = db.execute(
        "select count(*) from (select 1 from audit where kind = 'refusal' and user = ? and at > ? limit ?) recent",
        (user[:LONGEST_ID], at - 3600, REFUSALS_AN_HOUR),
    ).fetchone() or (0,)
    if recent >= REFUSALS_AN_HOUR:
        return False
    facts = {"reason": reason[:LONGEST_REASON]}
    ids = [text[:LONGEST_ID] for text in (thread_id, interrupt_id, team, user)]
    append(db, Entry("refusal", at, *ids, facts=facts))
    return True


def of_questions(db: Connection, interrupt_ids: Iterable[str]) -> list[AuditRow]:
    """The rows about these questions, in their order. One that does not stand in the chain is left out: its hash is not
    that of what it says, or those before and after it do not know it.
    """
    found = db.execute(
        f"""select {_COLUMNS} from audit where interrupt_id in (select value from json_each(?)) order by seq""",
        (Listed(interrupt_ids),),
    ).fetchall()
    return [row for row in (AuditRow(*each) for each in found) if _is_in_chain(db, row)]


def _is_in_chain(db: Connection, row: AuditRow) -> bool:
    before = db.execute("select hash from audit where seq = ?", (row.seq - 1,)).fetchone()
    after = db.execute("select previous from audit where seq = ?", (row.seq + 1,)).fetchone()
    follows = row.previous == (GENESIS if row.seq == 1 else before and before["hash"])
    is_known = after["previous"] == row.hash if after is not None else (row.seq, row.hash) == head(db)
    return row.hash == row.computed_hash() and follows and is_known


async def rows(read: Read[list[AuditRow]], *, since: float | None = None) -> AsyncIterator[AuditRow]:
    """The rows in their order, from the time `since` (Unix seconds) on. `read` is `Storage.read`."""
    after: Any = None
    while True:
        page = await read(lambda db, after=after: _page(db, after, since))
        for row in page:
            yield row
        if page:
            after = page[-1].seq
        if len(page) < PAGE or after is None:  # None in a table without a key, made by somebody else
            return


async def verify(read: Read[Any], noted: str | None = None) -> Verified | Broken:
    """Walk the chain. `noted` is a head that was printed before: the chain has to contain it."""
    walk = _Walk(noted)
    async for row in rows(read):
        if (broken := walk.past(row)) is not None:
            return broken
    return await read(walk.end)


def verify_at_once(db: Connection) -> Verified | Broken:
    """`verify`, of what one connection sees, by whoever has it for himself."""
    walk = _Walk(None)
    while page := _page(db, walk.number or None, None):
        for row in page:
            if (broken := walk.past(row)) is not None:
                return broken
    return walk.end(db)


class _Walk:
    """Along the chain, a row after the other."""

    def __init__(self, noted: str | None) -> None:
        self.number, self._last = 0, GENESIS
        self._noted = noted
        self._found = noted in (None, GENESIS)

    def past(self, row: AuditRow) -> Broken | None:
        """What is wrong with the next row."""
        self.number += 1
        number = self.number
        if row.seq != number:
            return Broken(_out_of_place(row.seq, number))
        if row.previous != self._last:
            return Broken(f"row {number} does not follow row {number - 1}: a row was inserted, moved or taken out here")
        if row.hash != row.computed_hash():
            return Broken(f"row {number} was changed: its hash is not that of what it says")
        self._last = row.hash
        self._found = self._found or row.hash == self._noted
        return None

    def end(self, db: Connection) -> Verified | Broken:
        """What it comes to, after the last row. A job."""
        number = self.number
        if _up_to(db, number) != number:
            return Broken(f"beside the {number} rows of the chain there are some without a number of their own")
        if not self._found:
            return Broken(
                f"the head {self._noted!r} is not in the chain of {number} rows: its tail was removed, or it was "
                "rewritten"
            )
        return Verified(number, self._last)


def _out_of_place(seq: Any, number: int) -> str:
    """What is wrong with the number of a row that should have this one."""
    if isinstance(seq, int) and seq > number:
        return f"row {number} is missing: the row after {number - 1} has the number {seq!r}"
    return f"a row with the number {seq!r} does not belong to the chain: row {number} was expected"


def _page(db: Connection, after: Any, since: float | None) -> list[AuditRow]:
    """The first page when `after` is None. Whatever stands in the place of a number is given as it is."""
    return [
        AuditRow(*row)
        for row in db.execute(
            f"""select {_COLUMNS} from audit where (seq > ?1 or ?1 is null) and (at >= ?2 or ?2 is null)
                order by seq limit ?3""",
            (after, since, PAGE),
        )
    ]


def _up_to(db: Connection, number: int) -> int:
    """How many rows there are up to this one, by any kind of number or none; what is appended later is not counted."""
    return db.execute("select count(*) from audit where seq is null or seq <= ?", (number,)).fetchone()[0]
