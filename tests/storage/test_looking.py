"""A look at a database changes nothing, and says what is in the way."""

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest

from storage import open_storage
from storage.errors import NotOurDatabase
from storage.migrations import MIGRATIONS
from storage.sqlite.looking import look


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "storage.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


def made(url: str) -> None:
    async def make() -> None:
        async with open_storage(url):
            pass

    asyncio.run(make())


def test_one_in_memory_has_nothing_to_be_looked_at() -> None:
    assert look("sqlite://") is None


def test_one_that_is_not_there_is_not_made(path: Path, url: str) -> None:
    seen = look(url)
    assert seen is not None
    assert (seen.version, seen.exposed) == (None, [])
    assert list(path.parent.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such folder"):
        look(f"sqlite:///{tmp_path}/nowhere/storage.db")


def test_one_of_ours_is_left_as_it_is(path: Path, url: str) -> None:
    made(url)
    before = path.read_bytes()
    seen = look(url)
    assert seen is not None
    assert (seen.version, seen.newest, seen.exposed) == (len(MIGRATIONS), len(MIGRATIONS), [])
    assert seen.free > 0
    assert path.read_bytes() == before


def test_an_older_one_is_not_migrated(path: Path, url: str) -> None:
    made(url)
    with sqlite3.connect(path) as db:
        db.execute("pragma user_version = 1")
    db.close()
    for _ in range(2):
        seen = look(url)
        assert seen is not None
        assert seen.version == 1


async def test_one_that_is_open_gets_no_second_owner(path: Path, url: str) -> None:
    async with open_storage(url) as storage:
        seen = look(url)
        owners = await storage.read(lambda db: db.execute("select id from owners").fetchall())
        assert [row["id"] for row in owners] == [storage.owner]
        assert seen is not None
        assert seen.exposed == []
        for each in (path.with_name("storage.db-wal"), path):
            each.chmod(0o640)
        seen = look(url)
        assert seen is not None
        assert sorted(seen.exposed) == [(path, 0o640), (path.with_name("storage.db-wal"), 0o640)]


def test_one_that_is_held(path: Path, url: str) -> None:
    made(url)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("begin immediate")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            look(url)
    other.close()


def test_one_of_another_version_or_program(path: Path, url: str) -> None:
    made(url)
    for statement, said in (("user_version = 999", "newer Signoff"), ("application_id = 7", "another program")):
        with sqlite3.connect(path) as db:
            db.execute(f"pragma {statement}")
        db.close()
        with pytest.raises(NotOurDatabase, match=said):
            look(url)
        with sqlite3.connect(path) as db:
            db.execute(f"pragma user_version = {len(MIGRATIONS)}")
        db.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write every file")
def test_one_that_may_only_be_read(path: Path, url: str) -> None:
    made(url)
    path.chmod(0o400)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        look(url)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder of the system that takes no files")
def test_a_folder_that_takes_no_files() -> None:
    with pytest.raises(OSError, match="no file can be made in this folder"):
        look("sqlite:////proc/storage.db")
