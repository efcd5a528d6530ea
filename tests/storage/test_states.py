"""What may follow what: every move that the tables do not name is refused and changes nothing."""

import re
from itertools import product
from typing import get_args

import pytest

from storage import Connection, Storage, interrupts, states, threads
from storage.claims import BEFORE, ClaimStatus
from storage.errors import IllegalMove
from storage.ids import ThreadId
from storage.interrupts import InterruptStatus
from storage.threads import ThreadStatus
from tests.storage.support import THREAD, question

THREAD_STATES, QUESTION_STATES = get_args(ThreadStatus), get_args(InterruptStatus)


def way_to(machine: dict[str, frozenset[str]], start: str, goal: str) -> list[str]:
    """The shortest sequence of legal moves to a status."""
    ways = {start: list[str]()}
    frontier = [start]
    while frontier:
        status = frontier.pop(0)
        for following in sorted(machine[status]):
            if following not in ways:
                ways[following] = [*ways[status], following]
                frontier.append(following)
    return ways[goal]


async def _move(db: Connection, table: str, status: str) -> None:
    await db.execute(f"update {table} set status = ?", (status,))


async def _status(db: Connection, table: str) -> str:
    async with db.execute(f"select status from {table}") as cursor:
        row = await cursor.fetchone()
    assert row is not None
    return row[0]


def test_each_table_speaks_of_every_status() -> None:
    assert set(states.THREAD) == set(THREAD_STATES)
    assert set(states.INTERRUPT) == set(QUESTION_STATES)
    assert set(BEFORE) == set(get_args(ClaimStatus))


@pytest.mark.parametrize(("old", "new"), [pair for pair in product(THREAD_STATES, repeat=2) if pair[0] != pair[1]])
async def test_a_thread_moves_as_its_table_says(storage: Storage, old: str, new: str) -> None:
    async def begin(db: Connection) -> None:
        if old == "idle":
            await db.execute(
                "insert into threads (thread_id, status, created_at, updated_at) values (?, 'idle', 1, 1)", (THREAD,)
            )
        else:
            await threads.take(db, ThreadId(THREAD), storage.owner, 1.0)
            for status in way_to({**states.THREAD}, "running", old):  # pyright: ignore[reportArgumentType]
                await _move(db, "threads", status)

    await storage.write(begin)
    await _holds(storage, "threads", old, new, legal=new in states.THREAD[old])


@pytest.mark.parametrize(("old", "new"), [pair for pair in product(QUESTION_STATES, repeat=2) if pair[0] != pair[1]])
async def test_a_question_moves_as_its_table_says(storage: Storage, old: str, new: str) -> None:
    async def begin(db: Connection) -> None:
        await interrupts.ask(db, question("q"), 1.0)
        for status in way_to({**states.INTERRUPT}, "waiting", old):  # pyright: ignore[reportArgumentType]
            await _move(db, "interrupts", status)

    await storage.write(begin)
    await _holds(storage, "interrupts", old, new, legal=new in states.INTERRUPT[old])


async def _holds(storage: Storage, table: str, old: str, new: str, *, legal: bool) -> None:
    async def job(db: Connection) -> None:
        await db.execute("insert into answers values ('with it', '1', null, 1)")
        await _move(db, table, new)

    if legal:
        await storage.write(job)
    else:
        with pytest.raises(IllegalMove, match=f"that is {re.escape(old)} may become"):
            await storage.write(job)

    async def left(db: Connection) -> tuple[str, bool]:
        async with db.execute("select count(*) from answers") as cursor:
            row = await cursor.fetchone()
        return await _status(db, table), bool(row and row[0])

    assert await storage.read(left) == ((new, True) if legal else (old, False))


async def test_a_question_begins_as_waiting(storage: Storage) -> None:
    async def job(db: Connection) -> None:
        await interrupts.ask(db, question("q"), 1.0)
        await db.execute("create temp table copy as select * from interrupts")
        await db.execute("update copy set status = 'answered', id = 'other', ordinal = 1, seq = 99")
        columns = "seq, id, thread_id, ns, scope, ordinal, node, kind, status, payload, digest, created_at"
        await db.execute(f"insert into interrupts ({columns}) select {columns} from copy")

    with pytest.raises(IllegalMove, match="begins as waiting"):
        await storage.write(job)
