"""Opening a new file: by many at once, by threads and by processes, and it works every time."""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage import open_storage, threads
from storage.ids import ThreadId
from storage.migrations import MIGRATIONS

OPENERS = 10

PROGRAM = """
import asyncio, sys
from storage import open_storage, threads
from storage.ids import ThreadId

async def main():
    sys.stdin.read(1)
    async with open_storage(sys.argv[1]) as storage:
        await storage.write(lambda db: threads.take(db, ThreadId(sys.argv[2]), storage.owner, 1.0))

asyncio.run(main())
"""


async def has_all(url: str) -> None:
    async with open_storage(url) as storage:
        version, count = await storage.read(
            lambda db: [
                db.execute(sql).fetchone()[0] for sql in ("pragma user_version", "select count(*) from threads")
            ]
        )
    assert (version, count) == (len(MIGRATIONS), OPENERS)


@pytest.mark.parametrize("attempt", range(5))
async def test_ten_threads_open_a_new_file_at_once(file_url: str, attempt: int):
    together = threading.Barrier(OPENERS)

    async def open_and_write(number: int) -> None:
        async with open_storage(file_url) as storage:
            await storage.write(lambda db: threads.take(db, ThreadId(f"t{number}"), storage.owner, 1.0))

    def opener(number: int) -> None:
        together.wait(10)
        asyncio.run(open_and_write(number))

    with ThreadPoolExecutor(OPENERS) as pool:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(pool, opener, number) for number in range(OPENERS)))
    await has_all(file_url)


@pytest.mark.slow
def test_ten_processes_open_a_new_file_at_once(file_url: str):
    root = Path(__file__).parents[2]
    openers = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, file_url, f"t{number}"], stdin=subprocess.PIPE, cwd=root)
        for number in range(OPENERS)
    ]
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write(b"x")
        opener.stdin.close()
    assert [opener.wait(60) for opener in openers] == [0] * OPENERS
    asyncio.run(has_all(file_url))
