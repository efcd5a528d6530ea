"""A look at a database changes nothing, and says what is in the way."""

import os
import sqlite3
from pathlib import Path

import pytest

from storage import open_storage
from storage.errors import NotOurDatabase
from storage.looking import look
from storage.migrations import MIGRATIONS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "storage.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


async def made(url: str) -> None:
    async with open_storage(url):
        pass


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


async def test_one_of_ours_is_left_as_it_is(path: Path, url: str) -> None:
    await made(url)
    before = held_by(path)
    seen = look(url)
    assert seen is not None
    assert (seen.version, seen.newest, seen.exposed) == (len(MIGRATIONS), len(MIGRATIONS), [])
    assert seen.free > 0
    assert held_by(path) == before


async def test_an_older_one_is_not_migrated(path: Path, url: str) -> None:
    await made(url)
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


async def test_one_that_is_held(path: Path, url: str) -> None:
    await made(url)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("begin immediate")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            look(url)
    other.close()


async def test_one_of_another_version_or_program(path: Path, url: str) -> None:
    await made(url)
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
async def test_one_that_may_only_be_read(path: Path, url: str) -> None:
    await made(url)
    os.chmod(path, 0o400)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        look(url)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write every folder")
def test_a_folder_that_takes_no_files(path: Path, url: str) -> None:
    path.parent.chmod(0o500)
    with pytest.raises(PermissionError, match="no file can be made"):
        look(url)
    path.parent.chmod(0o700)


def held_by(path: Path) -> bytes:
    return path.read_bytes()
