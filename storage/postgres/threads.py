"""Threads that have a connection each, made when they first need it, and anew when it was lost."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import psycopg

from storage.ids import OwnerId
from storage.postgres.connections import connect
from storage.postgres.transactions import Link, NotDone

T = TypeVar("T")


class ConnectedThreads:
    """Up to `most` threads, and so many connections to the database at the URL. `name` is one of the owner's own."""

    def __init__(self, url: str, owner: OwnerId, most: int, name: str) -> None:
        self._url = url
        self._threads = ThreadPoolExecutor(most, name)
        self._own = threading.local()
        self._opened: list[Link] = []
        self._name = f"{owner}/{name}"
        self._numbers = itertools.count()
        self.hops = 0
        """How often something was handed to a thread."""

    def run(self, work: Callable[[Link], T]) -> asyncio.Future[T]:
        """What `work(link)` returns or raises, on whichever thread is free."""
        self.hops += 1
        return asyncio.get_running_loop().run_in_executor(self._threads, self._on_own, work)

    async def close(self) -> None:
        """End them, once what they are at is done."""
        await asyncio.to_thread(self._threads.shutdown)
        for link in self._opened:
            with suppress(psycopg.Error):
                link.db.close()

    def _on_own(self, work: Callable[[Link], T]) -> T:
        link: Link | None = getattr(self._own, "link", None)
        if link is None or link.db.closed:
            return work(self._connected(link))
        try:
            return work(link)
        except NotDone:  # the server went away, or took it back, while nobody used it
            return work(self._connected(link))

    def _connected(self, lost: Link | None) -> Link:
        if lost is not None:
            lost.db.close()
            self._opened.remove(lost)
            self._own.link = None
        self._own.link = link = Link(connect(self._url), f"{self._name}/{next(self._numbers)}")
        self._opened.append(link)
        return link
