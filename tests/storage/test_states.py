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


def _move(db: Connection, table: str, status: str) -> None:
    db.execute(f"update {table} set status = ?", (status,))


def _status(db: Connection, table: str) -> str:
    cursor = db.execute(f"select status from {table}")
    row = cursor.fetchone()
    assert row is not None
    return row[0]


def test_each_table_speaks_of_every_status() -> None:
    assert set(states.THREAD) == set(THREAD_STATES)
    assert set(states.INTERRUPT) == set(QUESTION_STATES)
    assert set(BEFORE) == set(get_args(ClaimStatus))


@pytest.mark.parametrize(("old", "new"), [pair for pair in product(THREAD_STATES, repeat=2) if pair[0] != pair[1]])
async def test_a_thread_moves_as_its_table_says(storage: Storage, old: str, new: str) -> None:
    def begin(db: Connection) -> None:
        if old == "idle":
            db.execute(
                "insert into threads (thread_id, status, created_at, updated_at) values (?, 'idle', 1, 1)", (THREAD,)
            )
        else:
            threads.take(db, ThreadId(THREAD), storage.owner, 1.0)
            for status in way_to({**states.THREAD}, "running", old):  # pyright: ignore[reportArgumentType]
                _move(db, "threads", status)

    await storage.write(begin)
    await _holds(storage, "threads", old, new, legal=new in states.THREAD[old])


@pytest.mark.parametrize(("old", "new"), [pair for pair in product(QUESTION_STATES, repeat=2) if pair[0] != pair[1]])
async def test_a_question_moves_as_its_table_says(storage: Storage, old: str, new: str) -> None:
    def begin(db: Connection) -> None:
        interrupts.ask(db, question("q"), 1.0)
        for status in way_to({**states.INTERRUPT}, "waiting", old):  # pyright: ignore[reportArgumentType]
            _move(db, "interrupts", status)

    await storage.write(begin)
    await _holds(storage, "interrupts", old, new, legal=new in states.INTERRUPT[old])


async def _holds(storage: Storage, table: str, old: str, new: str, *, legal: bool) -> None:
    def job(db: Connection) -> None:
        db.execute("insert into answers values ('with it', '1', null, 1)")
        _move(db, table, new)

    if legal:
        await storage.write(job)
    else:
        with pytest.raises(IllegalMove, match=f"that is {re.escape(old)} may become"):
            await storage.write(job)

    def left(db: Connection) -> tuple[str, bool]:
        cursor = db.execute("select count(*) from answers")
        row = cursor.fetchone()
        return _status(db, table), bool(row and row[0])

    assert await storage.read(left) == ((new, True) if legal else (old, False))


async def test_a_question_begins_as_waiting(storage: Storage) -> None:
    def job(db: Connection) -> None:
        interrupts.ask(db, question("q"), 1.0)
        db.execute("create temp table copy as select * from interrupts")
        db.execute("update copy set status = 'answered', id = 'other', ordinal = 1, seq = 99")
        columns = "seq, id, thread_id, ns, scope, ordinal, node, kind, status, payload, digest, created_at"
        db.execute(f"insert into interrupts ({columns}) select {columns} from copy")

    with pytest.raises(IllegalMove, match="begins as waiting"):
        await storage.write(job)
