"""Who may run threads: one row an open storage, renewed as long as its process works.

A blocked event loop keeps its threads; a dead process loses them after `LEASE` seconds, or at once when this host can
see that it is gone.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from storage.connections import Connection, open_file
from storage.ids import OwnerId

LEASE = 8.0
RENEWAL = 2.0


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
    db.execute("delete from owners where expires_at < ?", (time.time() - 3600,))
    db.execute(_RENEW, _renewed(owner, this_process()))


def unregister(db: Connection, owner: OwnerId) -> None:
    db.execute("delete from owners where id = ?", (owner,))


def is_alive(db: Connection, owner: OwnerId) -> bool:
    """Whether a thread that this owner holds must be left alone."""
    row = db.execute("select host, pid, process_started, expires_at from owners where id = ?", (owner,)).fetchone()
    if row is None:
        return False
    return row[3] > time.time() and not is_gone(ProcessIdentity(row[0], row[1], row[2]))


def alive(db: Connection, owners: Iterable[OwnerId | None]) -> set[OwnerId]:
    """Those of these that are alive; None, where nobody holds, is none of them."""
    return {owner for owner in set(owners) if owner is not None and is_alive(db, owner)}


class Heartbeat:
    """Renews the owner's row `every` so many seconds: with what the writer stores, and where that stores nothing, from
    a thread and a connection of its own.

    A busy writer keeps other connections from writing, so a renewal that waited for its turn could come too late.
    `look` is called before each: it sees what nobody else would while nothing is stored.
    """

    def __init__(
        self, path: Path, owner: OwnerId, every: float = RENEWAL, look: Callable[[], None] = lambda: None
    ) -> None:
        self._path = path
        self._look = look
        self._owner = owner
        self._every = every
        self._me = this_process()
        self._renewed_at = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"heartbeat of {owner}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def beat(self, db: Connection) -> None:
        """Renew, if it is time."""
        now = time.monotonic()
        if now - self._renewed_at >= self._every:
            db.execute(_RENEW, _renewed(self._owner, self._me))
            self._renewed_at = now

    def _run(self) -> None:
        db: Connection | None = None
        while not self._stopping.wait(self._every / 2):
            self._look()
            with suppress(sqlite3.Error, OSError):  # it is tried again, and what the writer stores renews it too
                if db is None:
                    # A lost renewal is made again two seconds later: it is not worth an fsync.
                    db = open_file(self._path, ("pragma synchronous = off",), new=False, timeout=RENEWAL)
                self.beat(db)
        if db is not None:
            db.close()


_RENEW = "insert or replace into owners (id, host, pid, process_started, expires_at) values (?, ?, ?, ?, ?)"
"""A whole row: the owner's may have been swept away while its machine slept."""


def _renewed(owner: OwnerId, process: ProcessIdentity) -> tuple[str, str, int, str | None, float]:
    return owner, process.host, process.pid, process.started, time.time() + LEASE


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
