"""Threads: their status, and who may run them now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from storage import owners, usage
from storage.errors import LeaseLost, ThreadHalted, ThreadHeld, ThreadMoved
from storage.ids import OwnerId, ThreadId, new_fence
from storage.jobs import Connection

ThreadStatus = Literal["idle", "running", "waiting", "failed", "done"]


@dataclass(frozen=True)
class ThreadRow:
    """A thread as stored. `version` grows with everything about it that a person could see. `halted` names the request
    that it be stopped, until it was.
    """

    thread_id: ThreadId
    status: ThreadStatus
    owner: OwnerId | None
    fence: int
    version: int
    halted: str | None = None


@dataclass(frozen=True)
class Lease:
    """The right to write a thread's checkpoints, until somebody else takes it: every write compares `fence`.

    A fence is random and never counted up: a thread that was deleted and begun anew has none of its old fences.
    `cut_short` is how many runs in a row ended with their process where the thread still stands.
    """

    thread_id: ThreadId
    owner: OwnerId
    fence: int
    cut_short: int = 0


def get(db: Connection, thread_id: ThreadId) -> ThreadRow | None:
    row = db.execute(
        "select thread_id, status, owner, fence, version, halted from threads where thread_id = ?", (thread_id,)
    ).fetchone()
    return None if row is None else ThreadRow(*row)


def version(db: Connection, thread_id: ThreadId) -> int:
    """The thread's; 0 when there is none."""
    row = db.execute("select version from threads where thread_id = ?", (thread_id,)).fetchone()
    return row["version"] if row is not None else 0


def find_free(db: Connection, thread_id: ThreadId) -> ThreadRow | None:
    """The thread, None when there is none. Raises `ThreadHeld` when a live owner has it."""
    row = get(db, thread_id)
    if row is not None and row.owner is not None and owners.is_alive(db, row.owner):
        raise ThreadHeld(f"thread {thread_id!r} is being run by owner {row.owner!r}; try again when that run has ended")
    return row


def take(
    db: Connection,
    thread_id: ThreadId,
    owner: OwnerId,
    now: float,
    *,
    version: int | None = None,
    fence: int | None = None,
) -> Lease:
    """Take the thread for one run, from nobody or from an owner that is gone.

    `version` is the one that the caller has read (0 for a thread it did not find), `fence` the one that it had when it
    was read: raises `ThreadMoved` when that is no longer so, and `ThreadHeld` when a live owner has the thread.
    """
    row = find_free(db, thread_id)
    moved = version is not None and version != (row.version if row else 0)
    if moved or (fence is not None and row is not None and row.fence != fence):
        raise ThreadMoved(f"thread {thread_id!r} changed while it was read")
    died = row is not None and row.status == "running" and row.owner is not None
    cut_short, place = _cut_short(db, thread_id) if died else (0, None)
    lease = Lease(thread_id, owner, new_fence(), cut_short)
    db.execute(
        """insert into threads (thread_id, status, owner, fence, version, created_at, updated_at)
           values (:thread, 'running', :owner, :fence, 1, :now, :now)
           on conflict (thread_id) do update set status = 'running', owner = excluded.owner, fence = excluded.fence,
               version = threads.version + 1, updated_at = excluded.updated_at, cut_short = :cut_short,
               cut_short_at = :place""",
        {
            "thread": thread_id,
            "owner": owner,
            "fence": lease.fence,
            "now": now,
            "cut_short": cut_short,
            "place": place,
        },
    )
    return lease


def _cut_short(db: Connection, thread_id: ThreadId) -> tuple[int, str]:
    """How often in a row, this time included, a run was cut short where the thread stands; and where that is: whatever
    a run gets done adds to it.
    """
    before, before_at, *got_done = db.execute(
        """select cut_short, cut_short_at,
               (select max(seq) from checkpoints where thread_id = :thread),
               (select count(*) from tasks where thread_id = :thread and status = 'finished'),
               (select count(*) from interrupts where thread_id = :thread),
               (select count(*) from claims where thread_id = :thread),
               (select count(*) from claims where thread_id = :thread and status = 'done')
           from threads where thread_id = :thread""",
        {"thread": thread_id},
    ).fetchone()
    place = json.dumps(got_done, separators=(",", ":"))
    return (before + 1 if before_at == place else 1), place


def hold(db: Connection, lease: Lease, now: float, *, release: ThreadStatus | None = None) -> int:
    """Say that this transaction changes the thread under `lease`, and give the thread back when `release` names the
    status it is left in. The thread's version then. Raises `LeaseLost` when another owner has it."""
    changed = db.execute(
        """update threads set version = version + 1, updated_at = :now,
               status = coalesce(:release, status), owner = case when :release is null then owner end
           where thread_id = :thread and owner = :owner and fence = :fence returning version""",
        {"now": now, "release": release, "thread": lease.thread_id, "owner": lease.owner, "fence": lease.fence},
    ).fetchone()
    if changed is None:
        raise LeaseLost(f"thread {lease.thread_id!r} was taken over by another owner, or deleted")
    return changed["version"]


def touch(db: Connection, thread_id: ThreadId, now: float) -> None:
    """Say that something about the thread changed that is not its run's: an answer, a settled claim."""
    db.execute("update threads set version = version + 1, updated_at = ? where thread_id = ?", (now, thread_id))


def halt(db: Connection, thread_id: ThreadId, name: str, now: float) -> None:
    """Ask, under this name, that whoever runs the thread stops it; a request that stands already keeps its own."""
    db.execute(
        """update threads set halted = coalesce(halted, ?), version = version + 1, updated_at = ?
           where thread_id = ?""",
        (name, now, thread_id),
    )


def unless_halted(db: Connection, thread_id: ThreadId) -> None:
    """Raises `ThreadHalted` when it is to stop."""
    row = db.execute("select halted from threads where thread_id = ?", (thread_id,)).fetchone()
    if row is not None and row["halted"] is not None:
        raise ThreadHalted(f"thread {thread_id!r} is to stop")


def halt_over(db: Connection, thread_id: ThreadId, name: str) -> bool:
    """The thread was stopped as this request asked. False when that was said before."""
    over = db.execute("update threads set halted = null where thread_id = ? and halted = ?", (thread_id, name))
    return over.rowcount == 1


def to_halt(db: Connection, owner: OwnerId) -> list[ThreadId]:
    """Threads that are to stop, and that no other live owner runs."""
    rows = db.execute("select thread_id, owner from threads where halted is not null").fetchall()
    others = owners.alive(db, {row["owner"] for row in rows if row["owner"] is not None} - {owner})
    return [ThreadId(row["thread_id"]) for row in rows if row["owner"] not in others]


def cut_short(db: Connection) -> list[ThreadId]:
    """Threads in the middle of a run that nobody runs: given back at a step's border, or left by an owner that is
    gone.
    """
    rows = db.execute("select thread_id, owner from threads where status = 'running'").fetchall()
    alive = owners.alive(db, (row["owner"] for row in rows))
    return [ThreadId(thread) for thread, owner in rows if owner not in alive]


def delete(db: Connection, thread_id: ThreadId) -> None:
    """Remove every row of the thread but its audit, and what its replies took, which names it no more. A run that holds
    it loses its lease.
    """
    usage.forget(db, thread_id)
    for table in ("answers", "votes"):
        db.execute(
            f"delete from {table} where interrupt_id in (select id from interrupts where thread_id = ?)", (thread_id,)
        )
    for status in ("received", "done"):  # which have an index each
        db.execute(f"delete from inbox where thread_id = ? and status = '{status}'", (thread_id,))
    for table in (
        "state_values",
        "checkpoints",
        "tasks",
        "interrupts",
        "claims",
        "posts",
        "conversations",
        "attachments",
        "feedback",
        "kept_results",
        "threads",
    ):
        db.execute(f"delete from {table} where thread_id = ?", (thread_id,))
