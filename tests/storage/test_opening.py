"""Opening a new database: by many at once, by threads and by processes, and it works every time."""

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
from storage.urls import is_postgres

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
    version_of = "select version from signoff_schema" if is_postgres(url) else "pragma user_version"
    async with open_storage(url) as storage:
        version, count = await storage.read(
            lambda db: [db.execute(sql).fetchone()[0] for sql in (version_of, "select count(*) from threads")]
        )
    assert (version, count) == (len(MIGRATIONS), OPENERS)


@pytest.mark.parametrize("attempt", range(5))
async def test_ten_threads_set_up_a_new_database_at_once(new_url: str, attempt: int):
    together = threading.Barrier(OPENERS)

    async def open_and_write(number: int) -> None:
        async with open_storage(new_url) as storage:
            await storage.write(lambda db: threads.take(db, ThreadId(f"t{number}"), storage.owner, 1.0))

    def opener(number: int) -> None:
        together.wait(10)
        asyncio.run(open_and_write(number))

    with ThreadPoolExecutor(OPENERS) as pool:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(pool, opener, number) for number in range(OPENERS)))
    await has_all(new_url)


@pytest.mark.slow
def test_ten_processes_set_up_a_new_database_at_once(new_url: str):
    root = Path(__file__).parents[2]
    openers = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, new_url, f"t{number}"], stdin=subprocess.PIPE, cwd=root)
        for number in range(OPENERS)
    ]
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write(b"x")
        opener.stdin.close()
    assert [opener.wait(60) for opener in openers] == [0] * OPENERS
    asyncio.run(has_all(new_url))
