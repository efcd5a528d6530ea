"""What passes (a lock, a full disk, no descriptors) is waited for, said once, and repeats nothing that was done."""

import asyncio
import logging
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from storage import Connection, Storage, inbox, open_storage
from storage.errors import StorageUnavailable, is_passing
from storage.ids import ThreadId
from storage.sqlite import engine as sqlite_engine
from storage.sqlite import writer
from tests.support.sqlite import engine_of
from tests.support.waiting import until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "storage.db"


@pytest.fixture
async def opened(path: Path, hasty: None) -> AsyncIterator[Storage]:
    async with open_storage(f"sqlite:///{path}") as storage:
        yield storage


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program holds the file's lock."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        yield
        other.execute("rollback")


@contextmanager
def locked_after(path: Path) -> Iterator[Callable[[], object]]:
    """As `locked`, from when the function is called."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        yield lambda: other.execute("begin immediate")


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt to store something fails soon."""
    monkeypatch.setattr(writer, "ATTEMPT", 0.02)


def receives(number: int, text: str = "hello") -> inbox.Delivery:
    thread = ThreadId(f"T/C/{number}")
    return inbox.Delivery(f"Ev{number}", "message", thread, "T", "C", f"{number}", f"{number}", "U", text)


async def store(storage: Storage, number: int, text: str = "hello") -> bool:
    return await storage.write(lambda db: inbox.receive(db, receives(number, text), 0.0))


async def stored(storage: Storage) -> list[str]:
    return await storage.read(lambda db: [row[0] for row in db.execute("select event_id from inbox order by seq")])


def full(db: Connection) -> None:
    """The disk has no more room than what the file takes now."""
    db.execute(f"pragma max_page_count = {db.execute('pragma page_count').fetchone()[0]}")


def has_room(db: Connection) -> None:
    db.execute("pragma max_page_count = 1000000")


BIG = "x" * 100_000


async def begun(storage: Storage) -> None:
    await until(lambda: storage.outage.is_on, "an outage")


async def test_a_lock_is_waited_for_and_said_in_two_lines(
    opened: Storage, path: Path, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.WARNING, logger="storage"), locked(path):
        waiting = [asyncio.create_task(store(opened, number)) for number in range(3)]
        await begun(opened)
        assert not any(task.done() for task in waiting)
    await asyncio.gather(*waiting)
    assert await stored(opened) == ["Ev0", "Ev1", "Ev2"]
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2, lines
    assert "locked" in lines[0]
    assert "works again" in lines[1]
    assert not any(record.exc_info for record in caplog.records)


async def test_a_full_disk_is_waited_for_and_what_comes_later_keeps_its_place(opened: Storage):
    await opened.write(full)
    first = asyncio.create_task(store(opened, 0, BIG))
    await begun(opened)
    second = asyncio.create_task(store(opened, 1))
    await asyncio.sleep(0)
    await engine_of(opened).connection.run(has_room)  # somebody tidied up
    await asyncio.gather(first, second)
    assert await stored(opened) == ["Ev0", "Ev1"]
    assert not opened.outage.is_on


async def test_who_cannot_wait_is_told_and_nothing_is_stored_later(opened: Storage, path: Path):
    with locked(path):
        patient = asyncio.create_task(store(opened, 0))
        await begun(opened)
        with pytest.raises(StorageUnavailable):
            await store(opened.impatient(0.2), 1)
    await patient
    await store(opened.impatient(5), 2)
    assert await stored(opened) == ["Ev0", "Ev2"]


async def test_one_that_runs_out_of_patience_in_the_attempt_is_told_what_came_of_it(opened: Storage, path: Path):
    with locked(path), pytest.raises(StorageUnavailable):
        await store(opened.impatient(0.01), 1)
    assert await stored(opened) == []


async def test_a_job_that_fails_with_what_passes_is_undone_whole_and_run_again(opened: Storage):
    attempts: list[int] = []

    def job(db: Connection) -> None:
        attempts.append(db.execute("select count(*) from inbox").fetchone()[0])
        inbox.receive(db, receives(7), 0.0)
        if len(attempts) < 3:
            full(db)
        else:
            has_room(db)
        inbox.receive(db, receives(8, BIG), 0.0)

    await asyncio.gather(opened.write(job), store(opened, 1))
    assert attempts == [0, 0, 0]
    assert sorted(await stored(opened)) == ["Ev1", "Ev7", "Ev8"]


async def test_giving_up_ends_the_waiting_and_closing_does_not_hang(path: Path, hasty: None):
    with locked_after(path) as lock:
        async with open_storage(f"sqlite:///{path}") as storage:
            lock()
            waiting = asyncio.create_task(store(storage, 0))
            await begun(storage)
            storage.give_up()
            with pytest.raises(StorageUnavailable):
                await waiting


async def test_a_file_that_stays_locked_is_not_opened(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sqlite_engine, "BUSY_TIMEOUT", 0.1)
    async with open_storage(f"sqlite:///{path}"):
        pass
    with locked(path), pytest.raises(StorageUnavailable, match="locked"):
        async with open_storage(f"sqlite:///{path}"):
            pass
    async with open_storage(f"sqlite:///{path}") as storage:
        await store(storage, 1)


NO_DESCRIPTORS = """
import asyncio, os, resource, sys
from storage import open_storage
from tests.support.sqlite import engine_of

async def main():
    async with open_storage(sys.argv[1]) as storage:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) , most))
        reading = asyncio.create_task(storage.read(lambda db: db.execute("select count(*) from inbox").fetchone()[0]))
        while not storage.outage.is_on:
            await asyncio.sleep(0.01)
        await storage.changes.mark()
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        print(await reading, storage.outage.is_on)

asyncio.run(main())
"""


@pytest.mark.slow
def test_without_descriptors_a_read_waits_until_there_are_some(path: Path):
    command = [sys.executable, "-c", NO_DESCRIPTORS, f"sqlite:///{path}"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.stdout, ended.returncode) == ("0 False\n", 0), ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("code", "passes"),
    [
        (sqlite3.SQLITE_BUSY, True),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, True),
        (sqlite3.SQLITE_FULL, True),
        (sqlite3.SQLITE_IOERR_WRITE, True),
        (sqlite3.SQLITE_CANTOPEN, True),
        (sqlite3.SQLITE_READONLY, True),
        (sqlite3.SQLITE_CORRUPT, False),
        (sqlite3.SQLITE_NOTADB, False),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, False),
        (sqlite3.SQLITE_ERROR, False),
    ],
)
def test_what_passes_is_said_in_one_place(code: int, passes: bool):
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorcode = code
    assert is_passing(error) is passes


@contextmanager
def busy(path: Path) -> Iterator[threading.Event]:
    """Another program that stores without a pause: the lock is free for a millisecond now and then. The event is set
    while it has it.
    """
    over, has_it = threading.Event(), threading.Event()

    def store_on() -> None:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as other:
            while not over.wait(0.001):
                with suppress(sqlite3.OperationalError):  # it is the other's turn
                    other.execute("begin immediate")
                    has_it.set()
                    over.wait(0.02)
                    has_it.clear()
                    other.execute("commit")

    storing = threading.Thread(target=store_on)
    storing.start()
    try:
        yield has_it
    finally:
        over.set()
        storing.join()


async def test_beside_one_that_stores_without_a_pause_others_have_their_turn(path: Path):
    """Looking ever more rarely for a lock that is free for a moment only is to find it taken each time."""
    async with open_storage(f"sqlite:///{path}") as storage:
        with busy(path) as other_has_it:
            for number in range(30):
                await until(other_has_it.is_set, "the other's turn")
                await store(storage, number)
        assert not storage.outage.since, "the first attempt found it free"
