"""Who may run a thread: its owner while that lives, whoever comes when it is gone, and nobody with an old lease."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from storage import Connection, Storage, open_storage, owners, threads
from storage.errors import LeaseLost, ThreadHeld, ThreadMoved
from storage.ids import OwnerId, ThreadId
from storage.owners import ProcessIdentity, is_gone, this_process
from storage.sqlite.heartbeat import Heartbeat
from tests.storage.support import Child
from tests.support.sqlite import engine_of

THREAD = ThreadId("t1")


async def take(storage: Storage, *, version: int | None = None) -> threads.Lease:
    return await storage.write(lambda db: threads.take(db, THREAD, storage.owner, 1.0, version=version))


async def hold(storage: Storage, lease: threads.Lease, release: threads.ThreadStatus | None = None) -> None:
    await storage.write(lambda db: threads.hold(db, lease, 2.0, release=release))


async def status(storage: Storage) -> threads.ThreadRow:
    row = await storage.read(lambda db: threads.get(db, THREAD))
    assert row is not None
    return row


async def lends(storage: Storage, owner: str, *, host: str, pid: int, started: str | None, expires_in: float) -> None:
    """The thread is held by this owner."""

    def job(db: Connection) -> None:
        db.execute("delete from owners where id = ?", (owner,))
        db.execute(
            "insert into owners values (?, ?, ?, ?, ?)",
            (owner, host, pid, started, time.time() + expires_in),
        )
        threads.take(db, THREAD, OwnerId(owner), 1.0)

    await storage.write(job)


async def test_a_thread_has_one_owner_at_a_time(storage: Storage):
    lease = await take(storage)
    with pytest.raises(ThreadHeld, match="'t1' is being run by owner"):
        await take(storage)
    await hold(storage, lease, release="waiting")
    assert (await status(storage)).status == "waiting"
    await take(storage)


async def test_two_storages_on_one_database_are_two_owners(shared_url: str):
    async with open_storage(shared_url) as one, open_storage(shared_url) as two:
        await take(one)
        with pytest.raises(ThreadHeld):
            await take(two)


async def test_an_owner_that_was_closed_is_gone_at_once(shared_url: str):
    async with open_storage(shared_url) as one, open_storage(shared_url) as two:
        await take(two)
        await two.write(lambda db: owners.unregister(db, two.owner))
        await take(one)


async def test_a_thread_that_moved_is_not_taken(storage: Storage):
    with pytest.raises(ThreadMoved):
        await take(storage, version=3)
    lease = await take(storage, version=0)
    await hold(storage, lease, release="done")
    with pytest.raises(ThreadMoved):
        await take(storage, version=1)
    await take(storage, version=2)


async def test_another_hosts_owner_is_left_alone_until_it_expires(storage: Storage):
    await lends(storage, "far", host="elsewhere", pid=1, started="1", expires_in=60)
    with pytest.raises(ThreadHeld):
        await take(storage)


async def test_another_hosts_owner_that_has_expired_is_taken_over(storage: Storage):
    await lends(storage, "far", host="elsewhere", pid=1, started="1", expires_in=-0.1)
    await take(storage)


async def test_a_pid_that_was_given_out_anew_is_not_the_owner(storage: Storage):
    me = this_process()
    assert me.started is not None
    await lends(storage, "old", host=me.host, pid=me.pid, started="1", expires_in=60)
    await take(storage)


async def test_an_old_lease_cannot_write(storage: Storage):
    await lends(storage, "far", host="elsewhere", pid=1, started="1", expires_in=-0.1)
    row = await status(storage)
    old = threads.Lease(THREAD, OwnerId("far"), row.fence)
    new = await take(storage)
    with pytest.raises(LeaseLost):
        await hold(storage, old)
    await hold(storage, new)


async def test_a_lease_does_not_outlive_its_run(storage: Storage):
    first = await take(storage)
    await hold(storage, first, release="waiting")
    await take(storage)
    with pytest.raises(LeaseLost):
        await hold(storage, first, release="done")


async def test_a_lease_does_not_outlive_its_thread(storage: Storage):
    first = await take(storage)
    await storage.delete_thread("t1")
    second = await take(storage)
    with pytest.raises(LeaseLost, match="taken over by another owner, or deleted"):
        await hold(storage, first)
    await hold(storage, second)


@pytest.mark.slow
async def test_P11_a_killed_process_loses_its_threads_at_once(shared_url: str):
    child = Child("hold", shared_url)
    assert child.line() == "ready"
    async with open_storage(shared_url) as storage:
        with pytest.raises(ThreadHeld):
            await take(storage)
        assert await storage.read(threads.cut_short) == []
        child.kill()
        assert await storage.read(threads.cut_short) == [THREAD]
        await take(storage)


@pytest.mark.slow
def test_a_process_that_nobody_has_buried_is_gone():
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is still in the table
    started = "ended, but still there"
    assert is_gone(ProcessIdentity(this_process().host, child.pid, started))
    stat = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
    assert stat[0] == "Z"
    assert is_gone(ProcessIdentity(this_process().host, child.pid, stat[19]))
    child.wait()


def test_this_process_is_not_gone():
    assert not is_gone(this_process())


async def test_a_heartbeat_renews_the_owner_and_brings_back_one_that_was_swept_away(file_url: str):
    async with open_storage(file_url) as storage:
        await storage.write(lambda db: owners.unregister(db, storage.owner))
        mark = await storage.changes.mark()
        heartbeat = Heartbeat(Path(file_url.removeprefix("sqlite:///")), storage.owner, every=0.01)
        heartbeat.start()
        try:
            assert await storage.changes.wait(mark, 10)
        finally:
            heartbeat.stop()
        assert await storage.read(lambda db: owners.is_alive(db, storage.owner))


async def test_the_writer_renews_its_owner_with_what_it_stores(file_url: str):
    """However busy it keeps the file: a renewal that needs the lock for itself might wait too long."""
    async with open_storage(file_url) as storage:
        heartbeat = Heartbeat(Path(file_url.removeprefix("sqlite:///")), storage.owner, every=0.0)
        engine_of(storage).writer._first = heartbeat.beat  # pyright: ignore[reportPrivateUsage] - one whose time has always come
        await storage.write(lambda db: owners.unregister(db, storage.owner))
        assert not await storage.read(lambda db: owners.is_alive(db, storage.owner))
        await storage.write(lambda db: None)
        assert await storage.read(lambda db: owners.is_alive(db, storage.owner))
