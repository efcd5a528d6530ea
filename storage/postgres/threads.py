"""Threads that have a connection each, made when they first need it, and anew when it was lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import psycopg

from storage.postgres.connections import connect
from storage.postgres.transactions import NotBegun

T = TypeVar("T")


class ConnectedThreads:
    """Up to `most` threads, and so many connections to the database at the URL."""

    def __init__(self, url: str, most: int, name: str) -> None:
        self._url = url
        self._threads = ThreadPoolExecutor(most, name)
        self._own = threading.local()
        self._opened: list[psycopg.Connection[Any]] = []
        self.hops = 0
        """How often something was handed to a thread."""

    async def run(self, work: Callable[[psycopg.Connection[Any]], T]) -> T:
        """What `work(connection)` returns or raises, on whichever thread is free."""
        self.hops += 1
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._on_own, work)

    async def close(self) -> None:
        """End them, once what they are at is done."""
        await asyncio.to_thread(self._threads.shutdown)
        for db in self._opened:
            with suppress(psycopg.Error):
                db.close()

    def _on_own(self, work: Callable[[psycopg.Connection[Any]], T]) -> T:
        db: psycopg.Connection[Any] | None = getattr(self._own, "db", None)
        if db is not None and not db.closed:
            try:
                return work(db)
            except NotBegun:
                pass  # the server went away, or took it back, while nobody used it
        if db is not None:
            self._opened.remove(db)
            db.close()
            self._own.db = None
        self._own.db = db = connect(self._url)
        self._opened.append(db)
        return work(db)
