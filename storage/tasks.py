"""Tasks of the step in flight: what finished or failed while a sibling still ran, so that it is not run again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import aiosqlite

from storage.ids import Namespace, Scope, ThreadId

TaskStatus = Literal["finished", "routing", "failed"]
"""`routing`: the node finished and its writes stand; where to go next is still to be found."""


@dataclass(frozen=True)
class TaskRow:
    """A task that came to an end. `writes` and `targets` are the runtime's own JSON."""

    scope: Scope
    status: TaskStatus
    writes: str | None = None
    targets: str | None = None
    error: str | None = None


async def save(db: aiosqlite.Connection, thread_id: ThreadId, row: TaskRow, now: float) -> None:
    await db.execute(
        """insert or replace into tasks (scope, thread_id, status, writes, targets, error, updated_at)
           values (?, ?, ?, ?, ?, ?, ?)""",
        (row.scope, thread_id, row.status, row.writes, row.targets, row.error, now),
    )


async def of_thread(db: aiosqlite.Connection, thread_id: ThreadId) -> dict[Scope, TaskRow]:
    async with db.execute(
        "select scope, status, writes, targets, error from tasks where thread_id = ?", (thread_id,)
    ) as cursor:
        return {Scope(row[0]): TaskRow(*row) for row in await cursor.fetchall()}


async def clear(db: aiosqlite.Connection, thread_id: ThreadId, ns: Namespace) -> None:
    """Forget the tasks of a graph's step, and of all graphs that those tasks called: the step is in a checkpoint
    now.
    """
    await db.execute("delete from tasks where thread_id = ? and substr(scope, 1, length(?)) = ?", (thread_id, ns, ns))
