"""Opening: whose file it is, of which version, who may read it; and two processes that create it at once."""

import asyncio
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storage import open_storage, threads
from storage.errors import NotOurDatabase
from storage.ids import ThreadId
from storage.migrations import APPLICATION_ID, MIGRATIONS
from tests.storage.support import Child, count


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "storage.db"


def url(path: Path) -> str:
    return f"sqlite:///{path}"


async def opened(path: Path) -> None:
    async with open_storage(url(path)):
        pass


async def test_nobody_else_may_read_the_file_or_its_companions(path: Path):
    previous = os.umask(0)
    try:
        async with open_storage(url(path)):
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(previous)
    assert modes == {"storage.db": 0o600, "storage.db-wal": 0o600, "storage.db-shm": 0o600}


async def test_opening_again_changes_nothing(path: Path):
    async with open_storage(url(path)) as storage:
        await storage.write(lambda db: threads.take(db, ThreadId("t1"), storage.owner, 1.0))
    await opened(path)
    async with open_storage(url(path)) as storage:
        assert await storage.read(lambda db: count(db, "threads")) == 1
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("pragma user_version").fetchone() == (len(MIGRATIONS),)
        assert db.execute("pragma application_id").fetchone() == (APPLICATION_ID,)


async def test_a_commit_is_on_the_disk_before_it_is_told(path: Path):
    async with open_storage(url(path)) as storage:

        def pragma(db, name: str):
            cursor = db.execute(f"pragma {name}")
            return (cursor.fetchone())[0]

        assert await storage.write(lambda db: pragma(db, "synchronous")) == 2
        assert await storage.write(lambda db: pragma(db, "journal_mode")) == "wal"


async def test_another_programs_file_is_left_alone(path: Path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("create table theirs (value)")
        db.commit()
    with pytest.raises(NotOurDatabase, match="belongs to another program"):
        await opened(path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("select name from sqlite_master").fetchall() == [("theirs",)]
        assert db.execute("pragma journal_mode").fetchone() == ("delete",)


async def test_another_programs_mark_is_enough(path: Path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma application_id = 7")
        db.commit()
    with pytest.raises(NotOurDatabase, match="belongs to another program"):
        await opened(path)


def test_a_file_that_is_no_database_is_left_alone(path: Path):
    path.write_text("Dear diary, " * 100)
    with pytest.raises(NotOurDatabase, match="is no SQLite database"):
        asyncio.run(opened(path))
    assert path.read_text() == "Dear diary, " * 100


async def test_P8_a_newer_file_is_refused_with_the_remedy(path: Path):
    await opened(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"pragma user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(NotOurDatabase, match=r"newer Signoff .* Install the newer one"):
        await opened(path)


@pytest.mark.parametrize("wrong", ["storage.db", "postgres://host/db", "sqlite:storage.db"])
async def test_what_is_no_database_url_is_refused(wrong: str):
    with pytest.raises(ValueError, match="is no database URL"):
        async with open_storage(wrong):
            pass


@pytest.fixture
def openers(path: Path) -> Iterator[list[Child]]:
    children = [Child("open", url(path)) for _ in range(4)]
    yield children
    for child in children:
        child.kill()


@pytest.mark.slow
async def test_processes_that_create_the_file_at_once_all_get_it(openers: list[Child], path: Path):
    for child in openers:
        assert child.line() == "ready"
    for child in openers:
        child.tell()
    assert [child.line() for child in openers] == ["opened"] * 4
    await opened(path)
