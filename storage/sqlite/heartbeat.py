"""The heartbeat of an owner of threads, as long as its process works."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from storage import owners
from storage.ids import OwnerId
from storage.owners import RENEWAL
from storage.sqlite.connections import Connection, open_file


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
        self._me = owners.this_process()
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
            owners.renew(db, self._owner, self._me)
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
