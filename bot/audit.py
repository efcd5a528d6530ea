"""`signoff audit`: looks whether the audit's chain is whole, and prints it."""

from __future__ import annotations

import json
import sqlite3
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from bot.database import opened
from bot.settings import DatabaseSettings
from storage import audit
from storage.audit import AuditRow, Broken
from storage.errors import StorageError

BROKEN = 1
"""The exit code for a chain that is not what was written."""


async def verify(settings: DatabaseSettings, head: str | None) -> int:
    """Print whether the chain is whole, and its head, which is worth noting somewhere else."""
    async with opened(settings) as storage:
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
    async with opened(settings) as storage:
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
