"""Who may run threads: one row an open storage, renewed as long as its process works.

A blocked event loop keeps its threads; a dead process loses them after `LEASE` seconds, or at once when this host can
see that it is gone. All times are the database's (`seconds()`, its clock in Unix seconds), whichever clocks its users
have.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from storage.ids import OwnerId
from storage.jobs import Connection

LEASE = 8.0
RENEWAL = 2.0

KEPT = 3600.0
"""Seconds after which the row of an owner that is gone is swept away."""


@dataclass(frozen=True)
class ProcessIdentity:
    """What tells one process from another, on one host and after its pid was given out anew."""

    host: str
    pid: int
    started: str | None


def this_process() -> ProcessIdentity:
    return ProcessIdentity(_host(), os.getpid(), _start_time(os.getpid()))


def is_gone(process: ProcessIdentity) -> bool:
    """True when this host can tell that the process no longer runs; False when it runs or cannot be seen from here."""
    if process.host != _host():
        return False
    if process.started is not None:
        return _start_time(process.pid) != process.started
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def register(db: Connection, owner: OwnerId) -> None:
    db.execute("delete from owners where expires_at < seconds() - ?", (KEPT,))
    renew(db, owner, this_process())


def renew(db: Connection, owner: OwnerId, process: ProcessIdentity) -> None:
    """Say that the process still works. The whole row: it may have been swept away while its machine slept."""
    db.execute(
        """insert into owners (id, host, pid, process_started, expires_at) values (?, ?, ?, ?, seconds() + ?)
           on conflict (id) do update set host = excluded.host, pid = excluded.pid,
               process_started = excluded.process_started, expires_at = excluded.expires_at""",
        (owner, process.host, process.pid, process.started, LEASE),
    )


def unregister(db: Connection, owner: OwnerId) -> None:
    db.execute("delete from owners where id = ?", (owner,))


def is_alive(db: Connection, owner: OwnerId) -> bool:
    """Whether a thread that this owner holds must be left alone."""
    row = db.execute(
        "select host, pid, process_started from owners where id = ? and expires_at > seconds()", (owner,)
    ).fetchone()
    return row is not None and not is_gone(ProcessIdentity(row[0], row[1], row[2]))


def at_work(db: Connection) -> list[ProcessIdentity]:
    """The processes that work with the database now: bots, and commands that are not done yet."""
    rows = db.execute("select host, pid, process_started from owners where expires_at > seconds()").fetchall()
    found = [ProcessIdentity(row[0], row[1], row[2]) for row in rows]
    return [process for process in found if not is_gone(process)]


def alive(db: Connection, owners: Iterable[OwnerId | None]) -> set[OwnerId]:
    """Those of these that are alive; None, where nobody holds, is none of them."""
    return {owner for owner in set(owners) if owner is not None and is_alive(db, owner)}


def _host() -> str:
    """The host as seen by pids: its name, its boot, and the pid namespace where there are several."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        boot = space = ""
    return f"{socket.gethostname()}|{boot}|{space}"


def _start_time(pid: int) -> str | None:
    """When the process began, in the kernel's ticks; None where there is no /proc or no such process, or only what is
    left of one until its parent looks.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in ("Z", "X", "x") else fields[18]
