"""Tasks of the step in flight: what finished or failed while a sibling still ran, so that it is not run again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from storage.ids import Scope, ThreadId
from storage.jobs import Connection
from storage.parameters import Listed
from storage.scopes import within

TaskStatus = Literal["finished", "paused", "failed"]


@dataclass(frozen=True)
class TaskRow:
    """A task that was run. `writes` and `targets` are the runtime's own JSON.

    A failed one with `writes` failed on its way out: its node finished, where to go next is still to be found. `error`
    is the last that it had, also where it has not failed since.
    """

    scope: Scope
    status: TaskStatus
    writes: str | None = None
    targets: str | None = None
    error: str | None = None


def save(db: Connection, thread_id: ThreadId, row: TaskRow, now: float) -> None:
    db.execute(
        """insert into tasks (scope, thread_id, status, writes, targets, error, updated_at)
           values (?, ?, ?, ?, ?, ?, ?)
           on conflict (scope) do update set thread_id = excluded.thread_id, status = excluded.status,
               writes = excluded.writes, targets = excluded.targets, error = excluded.error,
               updated_at = excluded.updated_at""",
        (row.scope, thread_id, row.status, row.writes, row.targets, row.error, now),
    )


def of_tasks(db: Connection, roots: Iterable[str]) -> dict[Scope, TaskRow]:
    """What is stored of these tasks of the root graph, and of all tasks within them."""
    return {
        Scope(row[0]): TaskRow(*row)
        for row in db.execute(
            f"""select scope, status, writes, targets, error from json_each(?) root
                join tasks on {within("scope", "root.value")}""",
            (Listed(roots),),
        )
    }


def resume(db: Connection, scopes: Iterable[Scope]) -> None:
    """Forget how these tasks ended when they last ran: they run again, and something within them has moved on."""
    db.executemany("delete from tasks where scope = ? and status <> 'finished'", [(scope,) for scope in scopes])


def clear(db: Connection, scopes: Iterable[Scope]) -> None:
    """Forget these tasks and all within them: their step is in a checkpoint now."""
    db.executemany(f"delete from tasks where {within('scope', '?1')}", [(scope,) for scope in scopes])
