"""Copying all that a database holds into another one, of whichever kinds they are: what a backup, a move and a restore
have in common.

Rows are copied as they are, a few at a time, and read again where they were put: what is there is compared with what
was read. Who is at work (`owners`) is not copied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

from storage import audit, owners
from storage.audit import Broken
from storage.errors import CopyFailed, CopyRefused
from storage.jobs import Connection
from storage.sqlite.schema import Table, tables


class End(Protocol):
    """A database that is copied from or to, in the transaction in which that is done. `db` runs statements in it;
    `shown` is how it is called for people.
    """

    @property
    def db(self) -> Connection: ...
    @property
    def version(self) -> int: ...
    @property
    def shown(self) -> str: ...

    def rows(self, table: Table) -> Iterator[Sequence[Any]]:
        """As many of them in memory as one can bear. Raises `CopyFailed`."""
        ...

    def put(self, table: Table, rows: Iterable[Sequence[Any]]) -> None:
        """Add them. Raises `CopyFailed`."""
        ...

    def last_number(self, table: Table) -> int:
        """The last one given in its `numbered` column, of rows that are no more too."""
        ...

    def number_after(self, table: Table, last: int) -> None: ...


@dataclass(frozen=True)
class Copied:
    """What was copied: rows by table, and the audit's chain, or what is wrong with it."""

    rows: Mapping[str, int]
    audit: audit.Verified | Broken


def refuse_if_at_work(end: End) -> None:
    """Raises `CopyFailed` where somebody works with it."""
    found = owners.at_work(end.db)
    if found:
        named = ", ".join(f"process {each.pid} on {each.host.partition('|')[0]}" for each in found)
        raise CopyFailed(
            f"{end.shown} is in use by {named}. Stop what runs there; a process that was killed on another machine is "
            f"known to be gone after {owners.LEASE:.0f} seconds."
        )


def refuse_if_filled(end: End) -> None:
    """Raises `CopyRefused` where there are rows."""
    filled = [each.name for each in tables(end.version) if end.db.execute(f"select 1 from {each.name}").fetchone()]
    if filled:
        raise CopyRefused(
            f"{end.shown} has rows already, in {', '.join(sorted(filled))}. Name a database that is empty or not there."
        )


def counts(db: Connection, version: int) -> dict[str, int]:
    """Rows by table."""
    return {each.name: db.execute(f"select count(*) from {each.name}").fetchone()[0] for each in tables(version)}


def copy(source: End, target: End) -> Copied:
    """Put into `target`, which is empty and of the same version, what `source` holds, and look whether it is there.
    Raises `CopyFailed`.
    """
    copied: dict[str, int] = {}
    for table in tables(source.version):
        read, stored = _Tally(), _Tally()
        target.put(table, read.of(source.rows(table)))
        if table.numbered is not None:
            target.number_after(table, source.last_number(table))
        for _ in stored.of(target.rows(table)):
            pass
        if (read.count, read.sum) != (stored.count, stored.sum):
            raise CopyFailed(
                f"the {stored.count} rows of {table.name} in {target.shown} are not the {read.count} of {source.shown}."
            )
        copied[table.name] = read.count
    return Copied(copied, audit.verify_at_once(target.db))


class _Tally:
    """Counts rows, and adds their digests up: in whichever order they come."""

    def __init__(self) -> None:
        self.count = 0
        self.sum = 0

    def of(self, rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        for row in rows:
            said = repr(tuple(row)).replace("\\x00", "\u2400")  # as PostgreSQL keeps a text with a NUL
            self.count += 1
            self.sum += int.from_bytes(blake2b(said.encode(), digest_size=16).digest())
            yield row
