"""The server's own means of a backup, as people who have a server use them."""

import asyncio
import subprocess

from storage import Storage, audit, open_storage
from storage.audit import Entry, Verified
from tests.support.postgres import NewDatabase, programs


async def appended(storage: Storage, rows: int) -> Verified:
    """The chain after so many more rows."""
    for number in range(rows):
        entry = Entry("vote", float(number), "t1", f"q{number}", "T1", "U1", {"took": number})
        await storage.write(lambda db, entry=entry: audit.append(db, entry))
    found = await audit.verify(storage.read)
    assert isinstance(found, Verified)
    return found


def run(*command: object, given: bytes = b"") -> bytes:
    """What it prints. It has nothing to complain of."""
    ended = subprocess.run([str(each) for each in command], input=given, capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, b"")
    return ended.stdout


async def test_what_pg_dump_wrote_beside_a_bot_and_pg_restore_read_is_whole_and_goes_on(new_postgres_url: NewDatabase):
    folder = programs()
    assert folder is not None
    source, target = new_postgres_url(), new_postgres_url()
    async with open_storage(source) as storage:
        before = await appended(storage, 5)
        dump = await asyncio.to_thread(run, folder / "pg_dump", "--format=custom", source)
    await asyncio.to_thread(run, folder / "pg_restore", "--no-owner", "-d", target, given=dump)
    async with open_storage(target) as storage:
        assert await appended(storage, 0) == before
        assert (await appended(storage, 1)).rows == before.rows + 1
