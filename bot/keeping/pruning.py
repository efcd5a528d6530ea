"""`signoff prune`: delete finished threads of an age, or the older of their snapshots, beside bots at work."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.database import opened
from bot.durations import in_short
from bot.settings import DatabaseSettings
from storage import Connection, Storage, retention
from storage.errors import StorageError
from storage.ids import ThreadId

AT_ONCE = 20
"""Threads whose transactions may share a commit."""

ALL = 1_000_000_000
FAILED = 1


@dataclass(frozen=True)
class Pruning:
    """Which threads, and what of them: all, or with `keep` all but so many snapshots."""

    age: timedelta
    keep: int | None

    def find(self, db: Connection, before: float, limit: int) -> list[ThreadId]:
        if self.keep is None:
            return retention.finished(db, before, limit)
        return retention.finished_with_more(db, before, limit, self.keep)

    def do(self, db: Connection, thread_id: ThreadId, before: float) -> bool:
        if self.keep is None:
            return retention.delete(db, thread_id, before)
        return retention.prune(db, thread_id, before, self.keep)

    def of(self, thread_id: ThreadId) -> str | None:
        """What `do` is a job of: see `storage.retention.delete`."""
        return None if self.keep is None else thread_id

    def said(self, count: int, *, would: bool) -> str:
        threads = "1 finished thread" if count == 1 else f"{count:,} finished threads"
        what = "deleted" if self.keep is None else f"pruned to {_snapshots(self.keep)}"
        be = ("would be" if would else "was") if count == 1 else ("would be" if would else "were")
        return f"{threads} that nobody has touched for {in_short(self.age)} {be} {what}."


async def prune(settings: DatabaseSettings, pruning: Pruning, *, dry_run: bool, shrink: bool) -> int:
    """Do it, thread by thread, and print how many. Raises `BadSettings`."""
    async with opened(settings) as storage:
        before = storage.now() - pruning.age.total_seconds()
        if dry_run:
            found = await storage.read(lambda db: pruning.find(db, before, ALL))
            sys.stdout.write(f"{pruning.said(len(found), would=True)}\n")
            return 0
        count = 0
        try:
            async for each in _done(storage, pruning, before):
                count += each
        except (sqlite3.Error, StorageError) as error:
            sys.stderr.write(f"Not all could be done: {error}. {pruning.said(count, would=False)}\n")
            return FAILED
        sys.stdout.write(f"{pruning.said(count, would=False)}\n")
        if shrink:
            await storage.shrink()
    return 0


async def _done(storage: Storage, pruning: Pruning, before: float) -> AsyncGenerator[int]:
    """How many were done, again and again until none is left."""
    while found := await storage.read(lambda db: pruning.find(db, before, AT_ONCE)):
        jobs = [(partial(pruning.do, thread_id=thread_id, before=before), pruning.of(thread_id)) for thread_id in found]
        yield sum(await asyncio.gather(*(storage.write(job, of) for job, of in jobs)))


def _snapshots(keep: int) -> str:
    return "the newest snapshot" if keep == 1 else f"the newest {keep} snapshots"
