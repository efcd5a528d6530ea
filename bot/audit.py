"""`signoff audit`: looks whether the audit's chain is whole, and prints it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from bot.settings import BadSettings, DatabaseSettings
from storage import Storage, audit, open_storage
from storage.audit import AuditRow, Broken
from storage.errors import NotOurDatabase, StorageError, StorageUnavailable
from storage.looking import is_there

BROKEN = 1
"""The exit code for a chain that is not what was written."""

PATIENCE = 30.0
"""Seconds that a command waits for a database which cannot be read now."""


async def verify(settings: DatabaseSettings, head: str | None) -> int:
    """Print whether the chain is whole, and its head, which is worth noting somewhere else."""
    async with _opened(settings) as storage:
        try:
            found = await audit.verify(storage.read, head)
        except (sqlite3.Error, StorageError) as error:
            found = Broken(f"it cannot be read: {error}")
    if isinstance(found, Broken):
        sys.stderr.write(f"The audit is not whole: {found.problem}.\n")
        return BROKEN
    sys.stdout.write(f"{found.rows} rows, and the chain is whole.\nhead {found.head}\n")
    return 0


async def export(settings: DatabaseSettings, since: datetime | None) -> int:
    """Print the rows as lines of JSON, from `since` on; then the head of the whole chain."""
    async with _opened(settings) as storage:
        start = None if since is None else since.timestamp()
        async for row in audit.rows(storage.read, since=start):
            sys.stdout.write(json.dumps(_line(row), ensure_ascii=False) + "\n")
        rows, head = await storage.read(audit.head)
    sys.stdout.write(json.dumps({"rows": rows, "head": head}) + "\n")
    return 0


def moment(text: str) -> datetime:
    """A point in time as it is typed: 2026-09-21, or with a time; without a zone it is UTC. Raises `ValueError`."""
    given = datetime.fromisoformat(text)
    return given if given.tzinfo is not None else given.replace(tzinfo=UTC)


def _line(row: AuditRow) -> dict[str, Any]:
    try:
        facts = json.loads(row.facts)
    except (ValueError, TypeError):  # a row that was tampered with is printed as it is
        facts = row.facts
    return {**asdict(row), "facts": facts}


@asynccontextmanager
async def _opened(settings: DatabaseSettings) -> AsyncGenerator[Storage]:
    """The database that is there: none is made by looking into it. Raises `BadSettings`."""
    url = settings.database_url
    async with AsyncExitStack() as stack:
        try:
            if not await asyncio.to_thread(is_there, url):
                raise BadSettings([f"DATABASE_URL is {url!r}, and there is no such file. Name the bot's database."])
            opened = await stack.enter_async_context(open_storage(url))
        except (NotOurDatabase, StorageUnavailable) as error:
            raise BadSettings([str(error)]) from None
        yield opened.impatient(PATIENCE)
