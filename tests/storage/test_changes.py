"""Being told of commits: our own at once, another process's within half a second, and of nothing else."""

import asyncio
import time

import pytest

from storage import Storage, open_storage, threads
from storage.ids import ThreadId
from tests.storage.support import Child

THREAD = ThreadId("t1")


async def touch(storage: Storage) -> None:
    await storage.write(lambda db: threads.take(db, THREAD, storage.owner, 1.0))


async def test_our_own_commit_is_told(storage: Storage):
    mark = await storage.changes.mark()
    waiting = asyncio.create_task(storage.changes.wait(mark, 10))
    await touch(storage)
    assert await waiting is True


async def test_a_commit_between_the_look_and_the_wait_is_not_missed(storage: Storage):
    mark = await storage.changes.mark()
    await touch(storage)
    assert await storage.changes.wait(mark, 10) is True


async def test_a_read_is_no_change(storage: Storage):
    mark = await storage.changes.mark()
    await storage.read(lambda db: threads.get(db, THREAD))
    assert await storage.changes.wait(mark, 0.01) is False


async def test_a_job_that_was_undone_is_no_change_of_another(storage: Storage):
    await touch(storage)
    mark = await storage.changes.mark()
    assert await storage.changes.wait(mark, 0) is False


@pytest.mark.slow
async def test_A11_another_processs_commit_is_told_within_half_a_second(shared_url: str):
    async with open_storage(shared_url) as storage:
        await touch(storage)
        child = Child("touch", shared_url)
        try:
            assert await asyncio.to_thread(child.line) == "ready"
            mark = await storage.changes.mark()
            child.tell()
            assert await storage.changes.wait(mark, 30) is True
            told = time.monotonic()
            committed = float(await asyncio.to_thread(child.line))
        finally:
            child.kill()
    assert told - committed < 0.5
