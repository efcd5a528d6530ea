"""The tools of servers as they were seen first, and as their servers describe them now where that differs.

A tool may be used as its pin says it. What its server says otherwise waits for an admin's word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from storage.jobs import Connection
from storage.parameters import Listed

MOST = 2000
"""Pins of one server: one that invents names without end gets no further."""


@dataclass(frozen=True)
class Pin:
    """A tool as it may be used: `definition` (JSON) and the digest of that; `changed` is what its server says now,
    None while that is the same. `decided_by` is the admin who decided last, `decided_at` when: about the change where
    there is one, which is kept blocked then. Times are Unix seconds.
    """

    server: str
    tool: str
    digest: str
    definition: str
    seen_at: float
    changed_digest: str | None = None
    changed: str | None = None
    changed_at: float | None = None
    decided_by: str | None = None
    decided_at: float | None = None


@dataclass(frozen=True)
class Seen:
    """A tool as its server describes it now."""

    digest: str
    definition: str


_COLUMNS = "server, tool, digest, definition, seen_at, changed_digest, changed, changed_at, decided_by, decided_at"


def of_servers(db: Connection, servers: Iterable[str]) -> list[Pin]:
    """The pins of these servers, in the order in which their tools were first seen."""
    rows = db.execute(
        f"""select {_COLUMNS} from pins where server in (select value from json_each(?))
            order by server, seen_at, tool""",
        (Listed(servers),),
    )
    return [Pin(*row) for row in rows]


def see(db: Connection, server: str, tools: Mapping[str, Seen], now: float) -> list[Pin]:
    """Compare what a server lists, by name, with its pins, and return those. What was not there before is pinned as it
    is; what is as it was pinned is no change any more; what differs is a change, and a new one wherever it differs
    from the last.
    """
    known = {pin.tool: pin for pin in of_servers(db, [server])}
    for name, seen in tools.items():
        pin = known.get(name)
        if pin is None:
            _first(db, server, name, seen, now)
        elif pin.digest == seen.digest and pin.changed is not None:
            _change(db, pin, None, now)
        elif seen.digest not in (pin.digest, pin.changed_digest):
            _change(db, pin, seen, now)
    return of_servers(db, [server])


def allow(db: Connection, server: str, tool: str, changed_digest: str, by: str, now: float) -> bool:
    """From now on the tool may be used as it was changed to. False where the change is another one by now, or none."""
    return _decided(
        db,
        """update pins set digest = changed_digest, definition = changed, seen_at = changed_at, changed_digest = null,
               changed = null, changed_at = null, decided_by = ?, decided_at = ?
           where server = ? and tool = ? and changed_digest = ?""",
        (by, now, server, tool, changed_digest),
    )


def keep_blocked(db: Connection, server: str, tool: str, changed_digest: str, by: str, now: float) -> bool:
    """It stays as it is: not to be used, and asked about no more. False where the change is another one, or none."""
    return _decided(
        db,
        "update pins set decided_by = ?, decided_at = ? where server = ? and tool = ? and changed_digest = ?",
        (by, now, server, tool, changed_digest),
    )


def _first(db: Connection, server: str, name: str, seen: Seen, now: float) -> None:
    db.execute(
        """insert into pins (server, tool, digest, definition, seen_at) select ?, ?, ?, ?, ?
           where (select count(*) from pins where server = ?) < ?""",
        (server, name, seen.digest, seen.definition, now, server, MOST),
    )


def _change(db: Connection, pin: Pin, seen: Seen | None, now: float) -> None:
    changed = (None, None, None) if seen is None else (seen.digest, seen.definition, now)
    db.execute(
        """update pins set changed_digest = ?, changed = ?, changed_at = ?, decided_by = null, decided_at = null
           where server = ? and tool = ?""",
        (*changed, pin.server, pin.tool),
    )


def _decided(db: Connection, statement: str, values: tuple[object, ...]) -> bool:
    return db.execute(statement, values).rowcount == 1
