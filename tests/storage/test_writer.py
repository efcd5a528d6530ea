"""The one writer: commits are shared, errors are not, and a caller hears of its job when it is on the disk."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import aiosqlite
import pytest

from storage import Connection, Storage, open_storage, threads
from storage.errors import StorageClosed
from storage.ids import ThreadId
from storage.sqlite.connections import JobConnection, connect
from storage.sqlite.engine import SqliteEngine
from storage.sqlite.writer import BATCH_LIMIT, Writer
from tests.storage.support import count


def put(db: Connection, value: int) -> int:
    db.execute("insert into numbers values (?)", (value,))
    return value


async def numbers(path: Path) -> list[int]:
    """As another connection sees them."""
    async with aiosqlite.connect(path) as db, db.execute("select value from numbers order by value") as cursor:
        return [row[0] for row in await cursor.fetchall()]


class Rig:
    """A writer on a file whose statements are recorded."""

    def __init__(self, path: Path, db: JobConnection) -> None:
        self.path = path
        self.commits = 0
        self.statements: list[str] = []
        self.writer = Writer(db, self._committed)

    def _committed(self) -> None:
        self.commits += 1


@pytest.fixture
async def rig(tmp_path: Path):
    path = tmp_path / "numbers.db"
    async with connect(path, "pragma journal_mode = wal") as db:
        await db.execute("create table numbers (value integer primary key)")
        rig = Rig(path, db)
        await db.set_trace_callback(rig.statements.append)
        yield rig
        await rig.writer.close()


async def test_what_is_ready_shares_a_commit(rig: Rig):
    results = await asyncio.gather(*(rig.writer.write(lambda db, n=n: put(db, n)) for n in range(50)))
    assert results == list(range(50))
    assert await numbers(rig.path) == list(range(50))
    assert rig.statements.count("commit") == 1
    assert rig.commits == 1


async def test_more_than_a_batch_takes_more_commits(rig: Rig):
    await asyncio.gather(*(rig.writer.write(lambda db, n=n: put(db, n)) for n in range(BATCH_LIMIT + 1)))
    assert rig.statements.count("commit") == 2


async def test_one_bad_write_fails_alone(rig: Rig):
    def bad(db: Connection) -> None:
        put(db, 100)
        raise LookupError("mine alone")

    def clash(db: Connection) -> None:
        put(db, 101)
        put(db, 1)

    jobs = [rig.writer.write(job) for job in (lambda db: put(db, 1), bad, clash, lambda db: put(db, 2))]
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(result) for result in results] == [int, LookupError, sqlite3.IntegrityError, int]
    assert await numbers(rig.path) == [1, 2]


async def test_a_bad_write_by_itself_leaves_nothing_and_the_next_one_works(rig: Rig):
    def bad(db: Connection) -> None:
        put(db, 1)
        raise LookupError("mine alone")

    with pytest.raises(LookupError):
        await rig.writer.write(bad)
    await rig.writer.write(lambda db: put(db, 2))
    assert await numbers(rig.path) == [2]


async def test_a_caller_hears_of_its_job_after_the_commit(rig: Rig):
    seen: list[list[int]] = []

    async def write_and_look(n: int) -> None:
        await rig.writer.write(lambda db: put(db, n))
        seen.append(await numbers(rig.path))

    await asyncio.gather(*(write_and_look(n) for n in range(3)))
    assert seen == [[0, 1, 2]] * 3


async def test_when_the_commit_fails_every_caller_hears_it_and_nothing_is_stored(rig: Rig):
    await rig.writer.write(lambda db: db.execute("create table parents (id integer primary key)"))
    await rig.writer.write(
        lambda db: db.execute("create table children (id references parents (id) deferrable initially deferred)")
    )
    await rig.writer.write(lambda db: put(db, 0))

    def orphan(db: Connection) -> None:
        db.execute("insert into children values (7)")  # noticed by SQLite at the commit

    async with connect(rig.path, "pragma foreign_keys = on") as db:
        writer = Writer(db, lambda: None)
        results = await asyncio.gather(
            writer.write(lambda db: put(db, 1)), writer.write(orphan), return_exceptions=True
        )
        assert [type(result) for result in results] == [sqlite3.IntegrityError] * 2
        assert await numbers(rig.path) == [0]
        await writer.write(lambda db: put(db, 2))
        await writer.close()
    assert await numbers(rig.path) == [0, 2]


async def test_a_cancelled_caller_does_not_undo_its_job(rig: Rig):
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(db: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait()
        put(db, 1)

    caller = asyncio.create_task(rig.writer.write(slow))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()
    await rig.writer.write(lambda db: put(db, 2))
    assert await numbers(rig.path) == [1, 2]


async def test_what_is_queued_is_stored_before_the_storage_closes(shared_url: str):
    async with open_storage(shared_url) as storage:
        jobs = [
            asyncio.create_task(storage.write(lambda db, n=n: threads.take(db, ThreadId(f"t{n}"), storage.owner, 1.0)))
            for n in range(5)
        ]
        await asyncio.sleep(0)
    assert len(await asyncio.gather(*jobs)) == 5
    async with open_storage(shared_url) as storage:
        assert await storage.read(lambda db: count(db, "threads")) == 5


async def test_a_closed_storage_says_so(shared_url: str):
    async with open_storage(shared_url) as storage:
        pass
    with pytest.raises(StorageClosed, match="closed"):
        await storage.write(lambda db: put(db, 1))


async def test_a_reader_sees_one_moment(storage: Storage):
    if isinstance(storage._engine, SqliteEngine) and storage._engine.readers is None:  # pyright: ignore[reportPrivateUsage]
        pytest.skip("in memory, reads and writes take turns")
    looking, written = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def look_twice(db: Connection) -> tuple[int, int]:
        before = count(db, "threads")
        loop.call_soon_threadsafe(looking.set)
        written.wait()
        return before, count(db, "threads")

    reader = asyncio.create_task(storage.read(look_twice))
    await looking.wait()
    await storage.write(lambda db: threads.take(db, ThreadId("t1"), storage.owner, 1.0))
    written.set()
    assert await reader == (0, 0)
    assert await storage.read(lambda db: count(db, "threads")) == 1


async def test_a_reader_that_is_cancelled_at_any_moment_leaves_its_connection_usable(shared_url: str):
    async with open_storage(shared_url) as storage:
        for steps in range(40):
            reader = asyncio.create_task(storage.read(lambda db: count(db, "threads")))
            for _ in range(steps):
                await asyncio.sleep(0)
            reader.cancel()
        reads = (storage.read(lambda db: count(db, "threads")) for _ in range(12))
        assert await asyncio.gather(*reads) == [0] * 12


async def test_a_reader_cannot_write(file_url: str):
    async with open_storage(file_url) as storage:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await storage.read(lambda db: db.execute("delete from threads"))
