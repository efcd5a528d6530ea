"""Threads that run jobs over connections: as many as are needed at once, or as the server has room for."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import psycopg
from psycopg import errors

from storage.ids import OwnerId
from storage.postgres.connections import connect
from storage.postgres.transactions import Link, NotDone

T = TypeVar("T")


class Links:
    """Connections of one owner to the database at the URL, made when they are first needed, and anew when one was lost.

    All that read or write share them: where the server has no room for more, whoever needs one waits for the next.
    """

    def __init__(self, url: str, owner: OwnerId) -> None:
        self._url = url
        self._owner = owner
        self._changed = threading.Condition()
        self._open = 0
        self._free: list[Link] = []
        self._numbers = itertools.count()

    def run(self, work: Callable[[Link], T]) -> T:
        """What `work(link)` returns or raises, with a connection that nobody else uses meanwhile."""
        with self._changed:
            link = self._free.pop() if self._free else None
        if link is not None:
            try:
                return self._on(link, work)
            except NotDone:  # the server went away, or took it back, while nobody used it
                pass
        return self._on(self._another(), work)

    def close(self) -> None:
        """End them. Nobody uses one any more."""
        for link in self._free:
            with suppress(psycopg.Error):
                link.db.close()

    def _on(self, link: Link, work: Callable[[Link], T]) -> T:
        try:
            return work(link)
        finally:
            with self._changed:
                if link.db.closed:
                    self._open -= 1
                else:
                    self._free.append(link)
                self._changed.notify_all()

    def _another(self) -> Link:
        """A new connection; where none can be had, the next that is free. Raises `psycopg.Error` when there is none."""
        try:
            link = Link(connect(self._url), f"{self._owner}/{next(self._numbers)}")
        except errors.ConnectionTimeout:  # the server says nothing, to the others neither
            raise
        except psycopg.Error:
            with self._changed:
                while not self._free:
                    if not self._open:
                        raise
                    self._changed.wait()
                return self._free.pop()
        with self._changed:
            self._open += 1
        return link


class ConnectedThreads:
    """Up to `most` threads, which run jobs."""

    def __init__(self, links: Links, most: int, name: str) -> None:
        self._links = links
        self._threads = ThreadPoolExecutor(most, name)
        self.hops = 0
        """How often something was handed to a thread."""

    def run(self, work: Callable[[Link], T]) -> asyncio.Future[T]:
        """What `work(link)` returns or raises, on whichever thread is free."""
        self.hops += 1
        return asyncio.get_running_loop().run_in_executor(self._threads, self._links.run, work)

    async def close(self) -> None:
        """End them, once what they are at is done."""
        await asyncio.to_thread(self._threads.shutdown)
