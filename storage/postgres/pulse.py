"""The pulse: one connection that renews an owner's row, hears of others' commits, and knows the server's time.

It has a thread of its own, so that a blocked event loop keeps its threads. What it hears is a hint: whoever waits looks
every few seconds by himself.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import psycopg

from storage import owners
from storage.ids import OwnerId
from storage.owners import RENEWAL
from storage.postgres.connections import Session, connect
from storage.postgres.transactions import CHANNEL

LOOK = 2.0
"""Seconds after which whoever waits looks anyway."""

LOOK_UNHEARD = 0.25
"""The same, while nothing can be heard."""

STARTS_WITHIN = 5.0

PAUSE = 0.5
"""Seconds from one attempt to connect to the next."""


class ServerClock:
    """The server's time, as it was when it was last asked, and what has passed here since then: whatever the clock of
    this machine says.
    """

    def __init__(self) -> None:
        self._ahead = 0.0

    def ask(self, db: psycopg.Connection[Any]) -> None:
        before = time.monotonic()
        (said,) = db.execute("select seconds()").fetchone() or (0.0,)
        self._ahead = said - (before + time.monotonic()) / 2

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(time.monotonic() + self._ahead, UTC)


class Pulse:
    """`heard` is called, on its thread, when somebody else has committed."""

    def __init__(self, url: str, owner: OwnerId, clock: ServerClock, heard: Callable[[], None]) -> None:
        self._url = url
        self._owner = owner
        self._clock = clock
        self._heard = heard
        self._me = owners.this_process()
        self._listening = threading.Event()
        self._stopping = threading.Event()
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name=f"pulse of {owner}", daemon=True)

    def look_after(self) -> float:
        """Seconds after which whoever waits looks by himself."""
        return LOOK if self._listening.is_set() else LOOK_UNHEARD

    def start(self) -> None:
        """Begin, and wait until it hears, or for as long as that takes at most."""
        self._thread.start()
        self._listening.wait(STARTS_WITHIN)

    def stop(self) -> None:
        self._stopping.set()
        self._wake.send(b"\0")
        self._thread.join()
        self._wake.close()
        self._woken.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(psycopg.Error, OSError):  # whoever stores something says it
                self._beat()
            self._listening.clear()
            self._stopping.wait(PAUSE)

    def _beat(self) -> None:
        with connect(self._url) as db:
            db.execute("set synchronous_commit = off")  # a lost renewal is made again: it is not worth a flush
            db.execute(f"listen {CHANNEL}".encode())
            self._listening.set()
            while not self._stopping.is_set():
                session = Session(db)
                owners.renew(session, self._owner, self._me)
                session.send()
                self._clock.ask(db)
                self._hear(db, until=time.monotonic() + RENEWAL)

    def _hear(self, db: psycopg.Connection[Any], until: float) -> None:
        with selectors.DefaultSelector() as heard:
            heard.register(db.fileno(), selectors.EVENT_READ)
            heard.register(self._woken, selectors.EVENT_READ)
            while (left := until - time.monotonic()) > 0 and not self._stopping.is_set():
                if not heard.select(left):
                    continue
                db.pgconn.consume_input()
                while (told := db.pgconn.notifies()) is not None:
                    if not told.extra.startswith(self._owner.encode()):
                        self._heard()
