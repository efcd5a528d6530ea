"""What a `Storage` asks of the database behind it: SQLite's file, or PostgreSQL's server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from storage.changes import Changes
from storage.errors import DatabaseGone
from storage.jobs import Job
from storage.outage import Outage

T = TypeVar("T")

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Engine(Protocol):
    """Runs jobs. `gone` is done once the database cannot be used any more; `hops` is how often a job, or several in one
    transaction, was handed to a connection's thread so far; `clock` is the time that everybody who uses it agrees on.
    """

    changes: Changes
    outage: Outage
    gone: asyncio.Future[DatabaseGone]

    @property
    def hops(self) -> int: ...
    @property
    def clock(self) -> Clock: ...

    async def write(self, job: Job[T], of: str | None, patience: float | None, *, keeps: bool) -> T:
        """Run `job` in a transaction, as `Storage.write`; after `patience` seconds in an outage `StorageUnavailable` is
        raised, and with `keeps` it is stored later.
        """
        ...

    async def read(self, job: Job[T], patience: float | None) -> T:
        """Run `job` on one consistent view, as `Storage.read`."""
        ...

    def give_up(self) -> None:
        """From now on nobody waits for what cannot be done now."""
        ...

    async def shrink(self) -> None:
        """Give back the space of what was deleted."""
        ...

    async def close(self) -> None:
        """Finish what is queued, take no more, and give up all threads."""
        ...
