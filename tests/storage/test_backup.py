"""A backup is one private file with all that there was at one moment, or there is none."""

import asyncio
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from storage import Connection, audit, open_storage
from storage.audit import Broken, Entry, Verified
from storage.backup import back_up
from storage.errors import CopyFailed, CopyRefused, NotOurDatabase
from storage.looking import read
from storage.migrations import MIGRATIONS
from storage.moving import move
from tests.storage.filled import all_in, fill
from tests.storage.support import count
from tests.support.engines import POSTGRES

KINDS = ["file", POSTGRES]


@pytest.fixture
def filled(tmp_path: Path) -> str:
    return f"sqlite:///{fill(tmp_path / 'filled.db')}"


@pytest.fixture
def full(filled: str, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Names a database of a kind with rows of every kind."""

    def make(kind: str) -> str:
        if kind == "postgres":
            move(filled, url := request.getfixturevalue("postgres_url"))
            return url
        return filled

    return make


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of the backup, in a folder of its own."""
    (tmp_path / "backups").mkdir()
    return tmp_path / "backups" / "backup.db"


@pytest.mark.parametrize("kind", KINDS)
async def test_everything_is_in_it_but_who_is_at_work(full: Callable[[str], str], path: Path, kind: str):
    url = full(kind)
    async with open_storage(url) as storage:
        copied = await asyncio.to_thread(back_up, url, path)
        assert await storage.read(lambda db: count(db, "owners")) == 1
    found = all_in(f"sqlite:///{path}")
    assert found == all_in(url)
    assert copied.rows == {name: len(rows) for name, rows in found.items()}
    assert copied.audit == Verified(*read(url, audit.head))
    assert {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {"backup.db": 0o600}
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("select count(*) from owners").fetchone() == (0,)
        assert db.execute("pragma user_version").fetchone() == (len(MIGRATIONS),)
        assert db.execute("pragma journal_mode").fetchone() == ("delete",)  # it needs no file beside it
        assert db.execute("select seq from sqlite_sequence where name = 'inbox'").fetchone() == (40,)


@pytest.mark.parametrize("kind", KINDS)
def test_it_has_what_a_database_that_was_set_up_has(full: Callable[[str], str], path: Path, kind: str):
    back_up(full(kind), path)
    schemas = []
    for file in (path, fill(path.with_name("other.db"))):
        with closing(sqlite3.connect(file)) as db:
            schemas.append(sorted(db.execute("select type, name, sql from sqlite_master").fetchall()))
    assert schemas[0] == schemas[1]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_stored_meanwhile_is_in_it_whole_or_not_at_all(full: Callable[[str], str], path: Path, kind: str):
    url = full(kind)

    def both(db: Connection) -> None:
        number = count(db, "homes") + 100
        db.execute("insert into homes (user, channel, opened_at) values (?, 'D', 1)", (f"U{number}",))
        audit.append(db, Entry("run", 1.0, f"thread of U{number}"))

    async with open_storage(url) as storage:
        stopping = asyncio.Event()
        stored: list[int] = []

        async def store() -> None:
            while not stopping.is_set():
                await storage.write(both)
                stored.append(1)

        storing = asyncio.create_task(store())
        counts: list[tuple[int, int]] = []
        for number in range(3):
            before = len(stored)
            copied = await asyncio.to_thread(back_up, url, path.with_name(f"{number}.db"))
            counts.append((copied.rows["homes"] - 1, copied.rows["audit"] - 3))
            assert isinstance(copied.audit, Verified)
            assert before <= counts[-1][0] <= len(stored) + 1
        stopping.set()
        await storing
    assert all(homes == rows for homes, rows in counts)
    assert counts[-1][0] > counts[0][0]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_bot_that_begins_on_it_goes_on(full: Callable[[str], str], path: Path, kind: str):
    back_up(full(kind), path)
    async with open_storage(f"sqlite:///{path}") as storage:
        assert await storage.read(lambda db: count(db, "owners")) == 1
        assert await audit.verify(storage.read) == Verified(*(await storage.read(audit.head)))


def test_what_is_there_already_is_not_written_over(filled: str, path: Path):
    path.write_text("mine")
    with pytest.raises(CopyRefused, match=r"is there already\. Name another file"):
        back_up(filled, path)
    assert path.read_text() == "mine"
    path.unlink()
    path.symlink_to(path.with_name("elsewhere.db"))
    with pytest.raises(CopyRefused, match="is there already"):
        back_up(filled, path)
    with pytest.raises(CopyRefused, match="there is no folder"):
        back_up(filled, path.parent / "none" / "backup.db")


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_is_no_file_is_made(path: Path, tmp_path: Path, request: pytest.FixtureRequest, kind: str):
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    if kind == "file":
        with pytest.raises(CopyRefused, match="there is no file"):
            back_up(url, path)
        with pytest.raises(CopyRefused, match="in memory"):
            back_up("sqlite://", path)
        (tmp_path / "empty.db").touch()
    else:
        url = request.getfixturevalue("postgres_url")
    with pytest.raises(NotOurDatabase, match="is empty: no bot has stored anything there"):
        back_up(url, path)
    assert not list(path.parent.iterdir())


def test_a_file_that_is_damaged_is_said_and_no_copy_of_it_is_left(filled: str, path: Path):
    file = Path(filled.removeprefix("sqlite:///"))
    whole = file.read_bytes()
    file.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    with pytest.raises(CopyFailed, match="malformed"):
        back_up(filled, path)
    assert not list(path.parent.iterdir())


def test_a_file_of_an_older_version_is_brought_up_in_the_copy_alone(tmp_path: Path, path: Path):
    old = fill(tmp_path / "old.db", 4)
    before = old.read_bytes()
    copied = back_up(f"sqlite:///{old}", path)
    assert (copied.rows["threads"], copied.rows["usage"]) == (1, 0)
    assert old.read_bytes() == before
    assert len(all_in(f"sqlite:///{path}")["threads"]) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_audit_that_is_not_whole_is_copied_as_it_is_and_said(full: Callable[[str], str], path: Path, kind: str):
    url = full(kind)
    if kind == "file":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db:
            (sql,) = db.execute("select sql from sqlite_master where name = 'audit_is_not_shortened'").fetchone()
            db.execute("drop trigger audit_is_not_shortened")
            db.execute("delete from audit where seq = 2")
            db.execute(sql)
            db.commit()
    else:
        with psycopg.connect(url) as connection:
            connection.execute("alter table audit disable trigger audit_is_not_shortened")
            connection.execute("delete from audit where seq = 2")
            connection.execute("alter table audit enable trigger audit_is_not_shortened")
    copied = back_up(url, path)
    assert copied.audit == Broken("row 2 is missing: the row after 1 has the number 3")
    assert all_in(f"sqlite:///{path}") == all_in(url)
    with closing(sqlite3.connect(path)) as db, pytest.raises(sqlite3.IntegrityError, match="never removed"):
        db.execute("delete from audit")


async def test_what_was_deleted_is_not_in_it(filled: str, path: Path):
    async with open_storage(filled) as storage:
        await storage.delete_thread("T/C/1.0")
        await asyncio.to_thread(back_up, filled, path)
    assert b"x" * 100 not in await asyncio.to_thread(path.read_bytes)
