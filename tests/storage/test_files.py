"""The database's files: nobody else reads them, and one that is lost while it is open is noticed at once."""

import asyncio
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from storage import Connection, Storage, inbox, open_storage
from storage.errors import DatabaseGone, NotOurDatabase
from storage.ids import ThreadId


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "storage.db"


async def store(storage: Storage) -> None:
    row = inbox.Delivery("Ev1", "message", ThreadId("T/C/1"), "T", "C", "1", "1", "U", "hello")
    await storage.write(lambda db: inbox.receive(db, row, 0.0))


def replaced(path: Path) -> None:
    shutil.copy(path, path.with_name("copy"))
    path.with_name("copy").replace(path)


def emptied(path: Path) -> None:
    path.unlink()
    path.touch()


LOSSES: list[Callable[[Path], object]] = [
    Path.unlink,
    replaced,
    emptied,
    lambda path: path.rename(path.with_name("elsewhere")),
    lambda path: path.with_name(f"{path.name}-wal").unlink(),
    lambda path: path.with_name(f"{path.name}-shm").unlink(),
    lambda path: path.parent.rename(path.parent.with_name("moved")),
    lambda path: os.truncate(path, 0),
    lambda path: os.truncate(path, 100),
]


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize("deed", ["store", "read"])
async def test_what_fails_because_the_file_is_gone_says_so(tmp_path: Path, lose: Callable[[Path], object], deed: str):
    """Before anybody has looked, what is missing from the file may be the first sign."""
    path = tmp_path / "data" / "storage.db"
    path.parent.mkdir()

    def fails(db: Connection) -> None:
        lose(path)
        db.execute("select * from what_is_gone")

    async with open_storage(f"sqlite:///{path}") as storage:
        with pytest.raises(DatabaseGone, match="deleted, emptied or replaced"):
            await (storage.write(fails) if deed == "store" else storage.read(fails))
        assert storage.gone.done()


@pytest.mark.parametrize("lose", LOSSES)
async def test_nothing_is_stored_in_a_file_that_is_gone(tmp_path: Path, lose: Callable[[Path], object]):
    folder = tmp_path / "data"
    folder.mkdir()
    async with open_storage(f"sqlite:///{folder / 'storage.db'}") as storage:
        lose(folder / "storage.db")
        with pytest.raises(DatabaseGone, match="deleted, emptied or replaced"):
            await store(storage)
        with pytest.raises(DatabaseGone):
            await storage.read(lambda db: None)
        assert "deleted, emptied or replaced" in str(await storage.gone)


async def test_a_file_that_is_gone_is_noticed_while_nothing_is_stored(path: Path):
    async with open_storage(f"sqlite:///{path}") as storage:
        LOSSES[0](path)
        async with asyncio.timeout(5):
            await storage.gone
        assert path.name not in os.listdir(path.parent), "none is made in its place"


async def test_where_the_process_goes_meanwhile_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    async with open_storage("sqlite:///here.db") as storage:
        monkeypatch.chdir("/")
        await store(storage)
        assert await storage.read(lambda db: db.execute("select count(*) from inbox").fetchone()[0]) == 1
        assert not storage.gone.done()


def damage(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek(4096 * (page - 1))
        file.write(b"\xff" * 4096)


async def test_a_database_whose_rows_are_damaged_is_of_no_more_use(path: Path):
    async with open_storage(f"sqlite:///{path}") as storage:
        find = "select rootpage from sqlite_master where name = 'inbox'"
        (number,) = await storage.read(lambda db: db.execute(find).fetchone())
    damage(path, number)
    async with open_storage(f"sqlite:///{path}") as storage:
        with pytest.raises(DatabaseGone, match="damaged"):
            await store(storage)
        assert "damaged" in str(await storage.gone)
        with pytest.raises(DatabaseGone):
            await store(storage)


async def test_a_database_that_cannot_be_read_at_all_says_what_to_do(path: Path):
    async with open_storage(f"sqlite:///{path}"):
        pass
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3000)
    with pytest.raises(NotOurDatabase, match="damaged"):
        async with open_storage(f"sqlite:///{path}"):
            pass


async def test_in_memory_there_is_no_file_to_lose():
    async with open_storage("sqlite://") as storage:
        await store(storage)
        assert not storage.gone.done()


def modes(path: Path) -> set[int]:
    return {file.stat().st_mode & 0o777 for file in path.parent.glob(f"{path.name}*")}


async def test_files_that_others_could_read_become_their_owners(path: Path, caplog: pytest.LogCaptureFixture):
    async with open_storage(f"sqlite:///{path}") as first:
        for file in path.parent.glob(f"{path.name}*"):
            file.chmod(0o666)
        with caplog.at_level(logging.WARNING, logger="storage"):
            async with open_storage(f"sqlite:///{path}"):
                assert modes(path) == {0o600}
        await store(first)
    (record,) = caplog.records
    assert record.getMessage().count("0666") == 3
    caplog.clear()
    async with open_storage(f"sqlite:///{path}"):
        assert modes(path) == {0o600}
    assert caplog.records == []


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A link to where a database is to be."""
    for name in ("data", "links"):
        (tmp_path / name).mkdir(0o700)
    link = tmp_path / "links" / "bot.db"
    link.symlink_to("../data/real.db")
    return link


def behind(link: Path) -> Path:
    return link.parent.parent / "data" / "real.db"


def lead_elsewhere(link: Path) -> None:
    (link.parent / "other.db").touch()
    link.unlink()
    link.symlink_to("other.db")


async def test_behind_a_link_the_files_are_looked_at_where_they_are(linked: Path, caplog: pytest.LogCaptureFixture):
    real = behind(linked)
    real.with_name("real.db-wal").touch()
    for file in (real, real.with_name("real.db-wal")):
        file.touch()
        file.chmod(0o666)
    real.parent.chmod(0o777)
    with caplog.at_level(logging.WARNING, logger="storage"):
        async with open_storage(f"sqlite:///{linked}") as storage:
            await store(storage)
            assert modes(real) == {0o600}
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert said[0].count("0666") == 3
    assert f"chmod o-w {real.parent}" in said[1]


@pytest.mark.parametrize("name", ["real.db", "real.db-wal", "real.db-shm"])
async def test_behind_a_link_it_is_noticed_that_one_is_gone(linked: Path, name: str):
    async with open_storage(f"sqlite:///{linked}") as storage:
        behind(linked).with_name(name).unlink()
        with pytest.raises(DatabaseGone):
            await store(storage)


async def test_a_link_that_leads_somewhere_else_now_is_noticed(linked: Path):
    async with open_storage(f"sqlite:///{linked}") as storage:
        lead_elsewhere(linked)
        with pytest.raises(DatabaseGone):
            await store(storage)


@pytest.mark.parametrize(("mode", "warns"), [(0o777, True), (0o1777, False), (0o775, False), (0o700, False)])
async def test_a_folder_in_which_anybody_may_replace_the_file_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, warns: bool
):
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(mode)
    with caplog.at_level(logging.WARNING, logger="storage"):
        async with open_storage(f"sqlite:///{folder / 'storage.db'}"):
            pass
    assert ["chmod o-w" in record.getMessage() for record in caplog.records] == [True] * warns
    assert folder.stat().st_mode & 0o7777 == mode
