"""What may follow what: the tables that run, held against the ones written here, pair by pair.

A move that is added to a table of the program, or taken from it, turns a test red.
"""

import re
from collections.abc import Callable
from itertools import product
from typing import get_args

import pytest

from storage import Connection, Storage, claims, interrupts, states, threads
from storage.claims import ClaimStatus
from storage.errors import ClaimMoved, IllegalMove
from storage.interrupts import InterruptStatus
from storage.threads import ThreadStatus
from tests.storage.support import THREAD, claim, question
from tests.support.rows import claims_of

Table = dict[str, set[str]]

THREADS: Table = {
    "idle": {"running"},
    "running": {"waiting", "failed", "done"},
    "waiting": {"running"},
    "failed": {"running"},
    "done": {"running"},
}
QUESTIONS: Table = {
    "waiting": {"answered", "superseded", "cancelled", "expired"},
    "answered": {"reopened", "superseded", "cancelled"},
    "reopened": {"answered", "superseded", "cancelled", "expired"},
    "expired": {"superseded", "cancelled"},
    "superseded": set(),
    "cancelled": set(),
}
CLAIMS: Table = {
    "claimed": {"paused", "in doubt", "failed", "done"},
    "paused": {"claimed", "in doubt"},
    "in doubt": {"claimed", "failed", "done"},
    "failed": {"claimed", "failed", "done"},
    "done": set(),
}
CLAIMS_BEGIN = {"claimed", "failed", "done"}


def way_to(table: Table, start: str, goal: str) -> list[str]:
    """The shortest sequence of legal moves to a status."""
    ways = {start: list[str]()}
    frontier = [start]
    while frontier:
        status = frontier.pop(0)
        for following in sorted(table[status]):
            if following not in ways:
                ways[following] = [*ways[status], following]
                frontier.append(following)
    return ways[goal]


def test_the_tables_that_run_say_what_is_written_here() -> None:
    assert (states.THREAD, states.QUESTION, states.CLAIM) == (THREADS, QUESTIONS, CLAIMS)
    statuses = get_args(ThreadStatus), get_args(InterruptStatus), get_args(ClaimStatus)
    assert tuple(map(set, statuses)) == (set(THREADS), set(QUESTIONS), set(CLAIMS))


@pytest.mark.parametrize(("old", "new"), list(product(THREADS, repeat=2)))
async def test_a_thread_moves_as_its_table_says(storage: Storage, old: str, new: str) -> None:
    def begin(db: Connection) -> None:
        if old == "idle":
            db.execute(
                "insert into threads (thread_id, status, created_at, updated_at) values (?, 'idle', 1, 1)", (THREAD,)
            )
        else:
            threads.take(db, THREAD, storage.owner, 1.0)
            for status in way_to(THREADS, "running", old):
                _move("threads", status)(db)

    await storage.write(begin)
    await _holds(storage, "threads", old, new, THREADS, _move("threads", new), stays=True)


@pytest.mark.parametrize(("old", "new"), list(product(QUESTIONS, repeat=2)))
async def test_a_question_moves_as_its_table_says(storage: Storage, old: str, new: str) -> None:
    def begin(db: Connection) -> None:
        interrupts.ask(db, question("q"), 1.0)
        for status in way_to(QUESTIONS, "waiting", old):
            _move("interrupts", status)(db)

    await storage.write(begin)
    await _holds(storage, "interrupts", old, new, QUESTIONS, _move("interrupts", new), stays=True)


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize(("old", "new"), list(product(CLAIMS, repeat=2)))
async def test_a_claim_moves_as_its_table_says(storage: Storage, old: str, new: str, by_hand: bool) -> None:
    def begin(db: Connection) -> None:
        threads.take(db, THREAD, storage.owner, 1.0)
        for status in ("claimed", *way_to(CLAIMS, "claimed", old)):
            claims.put(db, claim(status))

    await storage.write(begin)
    move = _move("claims", new) if by_hand else lambda db: claims.put(db, claim(new, result="1"))
    await _holds(storage, "claims", old, new, CLAIMS, move, stays=False)


@pytest.mark.parametrize("status", CLAIMS)
async def test_a_claim_begins_as_claimed_or_at_its_end(storage: Storage, status: str) -> None:
    await storage.write(lambda db: threads.take(db, THREAD, storage.owner, 1.0))

    def begin(db: Connection) -> None:
        claims.put(db, claim(status))

    if status in CLAIMS_BEGIN:
        await storage.write(begin)
    else:
        with pytest.raises(ClaimMoved, match="begins as claimed or done or failed"):
            await storage.write(begin)
    found = await storage.read(lambda db: [row.status for row in claims_of(db, THREAD)])
    assert found == ([status] if status in CLAIMS_BEGIN else [])


@pytest.mark.parametrize("status", QUESTIONS)
async def test_a_question_begins_as_waiting(storage: Storage, status: str) -> None:
    columns = "seq, id, thread_id, ns, scope, ordinal, node, kind, status, payload, digest, created_at"

    def job(db: Connection) -> None:
        interrupts.ask(db, question("q"), 1.0)
        db.execute("create temp table copy as select * from interrupts")
        db.execute("update copy set status = ?, id = 'other', ordinal = 1, seq = 99", (status,))
        db.execute(f"insert into interrupts ({columns}) select {columns} from copy")

    if status == "waiting":
        await storage.write(job)
    else:
        with pytest.raises(IllegalMove, match="begins as waiting"):
            await storage.write(job)


def _move(table: str, status: str) -> Callable[[Connection], None]:
    def move(db: Connection) -> None:
        db.execute(f"update {table} set status = ?", (status,))

    return move


async def _holds(
    storage: Storage, table: str, old: str, new: str, moves: Table, move: Callable[[Connection], None], *, stays: bool
) -> None:
    """The move is stored when it is one, else the whole transaction changes nothing."""

    def job(db: Connection) -> None:
        db.execute("insert into answers values ('with it', '1', null, 1)")
        move(db)

    legal = new in moves[old] or (stays and new == old)
    if legal:
        await storage.write(job)
    else:
        with pytest.raises(ClaimMoved if table == "claims" else IllegalMove, match=f"is {re.escape(old)} may become"):
            await storage.write(job)

    def left(db: Connection) -> tuple[str, int]:
        return tuple(db.execute(f"select status, (select count(*) from answers) from {table}").fetchone())

    assert await storage.read(left) == ((new, 1) if legal else (old, 0))
