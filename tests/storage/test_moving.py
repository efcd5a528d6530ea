"""Moving a database into another one: everything arrives, or nothing is there and why is said."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from storage import audit, open_storage, votes
from storage.audit import Verified
from storage.backup import source_of
from storage.errors import CopyFailed, CopyRefused, NotOurDatabase
from storage.ids import InterruptId, ThreadId
from storage.inbox import Delivery, receive
from storage.looking import read
from storage.migrations import MIGRATIONS
from storage.moving import move
from storage.postgres import opening
from storage.postgres.connections import connect
from tests.storage.filled import ROWS, all_in, fill, is_empty, more, reference
from tests.support.engines import POSTGRES
from tests.support.postgres import PASSWORD, NewDatabase, Server
from tests.support.waiting import until

KINDS = ["file", POSTGRES]

New = Callable[[str], str]


@pytest.fixture
def new(tmp_path: Path, request: pytest.FixtureRequest) -> New:
    """Names a database of a kind in which nothing is."""
    numbers = iter(range(10))

    def make(kind: str) -> str:
        if kind == "file":
            return f"sqlite:///{tmp_path / f'{next(numbers)}.db'}"
        made: NewDatabase = request.getfixturevalue("new_postgres_url")
        return made()

    return make


@pytest.fixture
def filled(tmp_path: Path) -> str:
    return f"sqlite:///{fill(tmp_path / 'filled.db')}"


@pytest.fixture
def full(new: New, filled: str) -> New:
    """Names a database of a kind with rows of every kind."""

    def make(kind: str) -> str:
        if kind == "file":
            return filled
        move(filled, url := new("postgres"))
        return url

    return make


async def opened(url: str) -> None:
    async with open_storage(url):
        pass


@pytest.mark.parametrize("target_kind", KINDS)
@pytest.mark.parametrize("source_kind", KINDS)
def test_everything_arrives(full: New, new: New, source_kind: str, target_kind: str):
    source, target = full(source_kind), new(target_kind)
    before = all_in(source)
    assert before.keys() - {name for name, rows in before.items() if rows} == set()
    copied = move(source, target)
    assert all_in(target) == all_in(source) == before
    assert copied.rows == {name: len(rows) for name, rows in before.items()}
    assert copied.rows.keys() == reference().keys()
    rows, head = read(source, audit.head)
    assert copied.audit == Verified(rows, head)
    assert read(target, audit.head) == (rows, head)
    cast = [(each.user, each.at) for each in read(target, lambda db: votes.of(db, [InterruptId("i1")]))]
    assert cast == [("U0ZOE", 1.0), ("U0ANA", 2.0)]


@pytest.mark.parametrize("target_kind", KINDS)
@pytest.mark.parametrize("source_kind", KINDS)
async def test_what_is_stored_there_has_new_numbers(full: New, new: New, source_kind: str, target_kind: str):
    target = new(target_kind)
    await asyncio.to_thread(lambda: move(full(source_kind), target))
    delivery = Delivery("e9", "message", ThreadId("T/C/9.0"), "T", "C", "9.0", "9.0", "U0ANA", "hi")
    async with open_storage(target) as storage:
        await storage.write(lambda db: receive(db, delivery, 9.0), delivery.thread_id)
        newest = await storage.read(lambda db: db.execute("select max(seq) from inbox").fetchone()[0])
        whole = await audit.verify(storage.read)
        refusal = {"at": 9.0, "thread_id": "t", "interrupt_id": "i", "team": "T", "user": "U0MAX"}
        await storage.write(lambda db: audit.append_refusal(db, **refusal, reason="no"))
        assert isinstance(whole, Verified)
        assert await audit.verify(storage.read, whole.head) == Verified(4, (await storage.read(audit.head))[1])
    assert newest > 40  # the last that was ever given


@pytest.mark.postgres
def test_a_text_that_postgresql_does_not_have_is_no_difference(filled: str, new: New):
    with closing(sqlite3.connect(filled.removeprefix("sqlite:///"))) as db:
        db.execute("update inbox set text = ?", ("a\0b",))
        db.commit()
    move(filled, target := new("postgres"))
    assert read(target, lambda db: db.execute("select text from inbox").fetchone()[0]) == "a\u2400b"


@pytest.mark.parametrize("kind", KINDS)
def test_a_target_with_rows_is_left_as_it_is(full: New, tmp_path: Path, kind: str):
    target = full(kind)
    source = f"sqlite:///{fill(tmp_path / 'other.db')}"
    before = all_in(target)
    with pytest.raises(CopyRefused, match="has rows already, in answers, attachments"):
        move(source, target)
    assert all_in(target) == before


@pytest.mark.parametrize("target_kind", KINDS)
async def test_an_empty_database_that_a_bot_set_up_is_filled(filled: str, new: New, target_kind: str):
    target = new(target_kind)
    await opened(target)
    await asyncio.to_thread(move, filled, target)
    assert all_in(target) == all_in(filled)


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_is_moved_from_where_a_bot_works(full: New, new: New, kind: str):
    source, target = full(kind), new("file")
    async with open_storage(source):
        with pytest.raises(CopyFailed, match=rf"is in use by process {os.getpid()} on .*\. Stop what runs there"):
            await asyncio.to_thread(move, source, target)
        assert is_empty(target)
    await asyncio.to_thread(move, source, target)
    assert all_in(target) == all_in(source)


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_is_moved_to_where_a_bot_works(filled: str, new: New, kind: str):
    target = new(kind)
    async with open_storage(target):
        with pytest.raises(CopyFailed, match="is in use by process"):
            await asyncio.to_thread(move, filled, target)
        assert is_empty(target)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_bot_that_starts_meanwhile_waits(full: New, kind: str):
    source = full(kind)
    with source_of(source, alone=True):
        starting = asyncio.create_task(opened(source))
        done, _ = await asyncio.wait([starting], timeout=0.5)
        assert not done
    await starting


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_is_not_moved_into_itself(full: New, kind: str):
    url = full(kind)
    same = url.replace("filled.db", "./filled.db") if kind == "file" else f"{url}?application_name=other"
    before = all_in(url)
    with pytest.raises(CopyRefused, match=r"both what is to be moved|the same database"):
        move(url, same)
    assert all_in(url) == before


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_is_nothing_is_moved(new: New, tmp_path: Path, kind: str):
    url = new(kind)
    if kind == "file":
        with pytest.raises(CopyRefused, match="there is no file"):
            move(url, new("file"))
        (tmp_path / "empty.db").touch()
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    with pytest.raises(NotOurDatabase, match="is empty: no bot has stored anything there"):
        move(url, target := new("file"))
    assert is_empty(target)


def test_another_programs_file_is_not_moved(new: New, tmp_path: Path, filled: str):
    with closing(sqlite3.connect(tmp_path / "other.db")) as db:
        db.execute("create table theirs (a)")
    other = f"sqlite:///{tmp_path / 'other.db'}"
    with pytest.raises(NotOurDatabase, match="belongs to another program"):
        move(other, new("file"))
    with pytest.raises(NotOurDatabase, match="belongs to another program"):
        move(filled, other)
    (tmp_path / "text.db").write_text("no database, and long enough to be looked at" * 20)
    with pytest.raises(NotOurDatabase, match="is no SQLite database"):
        move(f"sqlite:///{tmp_path / 'text.db'}", new("file"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_newer_versions_database_is_not_moved(full: New, new: New, kind: str):
    url = full(kind)
    newer = len(MIGRATIONS) + 1
    if kind == "file":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db:
            db.execute(f"pragma user_version = {newer}")
    else:
        with psycopg.connect(url) as connection:
            connection.execute(f"update signoff_schema set version = {newer}".encode())
    with pytest.raises(NotOurDatabase, match="written by a newer Signoff"):
        move(url, target := new("file"))
    assert is_empty(target)


@pytest.mark.parametrize("target_kind", KINDS)
def test_an_older_file_is_brought_up_on_the_way_and_stays_as_it_is(tmp_path: Path, new: New, target_kind: str):
    for version in (4, len(MIGRATIONS) - 1):
        old = fill(tmp_path / f"v{version}.db", version)
        before = old.read_bytes()
        copied = move(f"sqlite:///{old}", target := new(target_kind))
        assert copied.rows["threads"] == 1
        assert isinstance(copied.audit, Verified)
        (thread,) = read(target, lambda db: db.execute("select thread_id, cut_short from threads").fetchall())
        assert tuple(thread) == ("old", 0)
        assert old.read_bytes() == before


@pytest.mark.postgres
def test_an_older_schema_on_a_server_is_brought_up_on_the_way(new: New, monkeypatch: pytest.MonkeyPatch):
    before = len(MIGRATIONS) - 1
    source, target = new("postgres"), new("file")
    with connect(source) as db, monkeypatch.context() as patch:
        patch.setattr(opening, "MIGRATIONS", MIGRATIONS[:before])
        opening.prepare(db)
        db.execute("insert into threads (thread_id, status, created_at, updated_at) values ('old', 'done', 1, 2)")
    copied = move(source, target)
    assert (copied.rows["threads"], copied.audit) == (1, Verified(0, audit.GENESIS))
    assert [row[0] for row in all_in(target)["threads"]] == ["old"]
    with psycopg.connect(source) as db:
        assert db.execute("select version from signoff_schema").fetchone() == (before,)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_row_that_arrives_as_another_one_is_found(filled: str, new: New, kind: str):
    target = new(kind)
    await opened(target)
    if kind == "file":
        with closing(sqlite3.connect(target.removeprefix("sqlite:///"))) as db:
            db.execute("create trigger t after insert on homes begin update homes set channel = 'D0LEA'; end")
    else:
        with psycopg.connect(target) as connection:
            connection.execute(
                """create function t() returns trigger language plpgsql as
                   $$ begin new.channel = 'D0LEA'; return new; end $$"""
            )
            connection.execute("create trigger t before insert on homes for each row execute function t()")
    with pytest.raises(CopyFailed, match=r"the 1 rows of homes in .* are not the 1 of"):
        await asyncio.to_thread(move, filled, target)
    assert is_empty(target)


@pytest.mark.parametrize("kind", KINDS)
def test_an_audit_that_is_not_whole_is_not_moved(filled: str, new: New, kind: str):
    with closing(sqlite3.connect(filled.removeprefix("sqlite:///"))) as db:
        db.execute("drop trigger audit_is_not_changed")
        db.execute("update audit set user = 'U0MAX' where seq = 2")
        db.commit()
    with pytest.raises(CopyFailed, match=r"the audit of .* is not whole: row 2 was changed"):
        move(filled, target := new(kind))
    assert is_empty(target)


@pytest.mark.postgres
def test_what_a_copy_may_store_a_bot_still_may_not(filled: str, new: New):
    move(filled, target := new("postgres"))
    with (
        psycopg.connect(target) as db,
        pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="a question begins as waiting"),
    ):
        db.execute(
            """insert into interrupts
                   (id, thread_id, ns, scope, ordinal, node, kind, status, payload, digest, created_at)
               values ('i2', 't', '', 's', 0, 'n', 'question', 'answered', '{}', 'd', 1)"""
        )


@pytest.mark.postgres
def test_no_message_says_the_password(new: New, filled: str, postgres: Server):
    source = postgres.url("no_such_database")
    for one, other in ((source, new("file")), (filled, source)):
        with pytest.raises(CopyFailed, match=r"postgresql://signoff@127.0.0.1.* does not exist") as refused:
            move(one, other)
        assert PASSWORD not in str(refused.value)
    with pytest.raises(NotOurDatabase, match="write what is special in a name or password") as unread:
        move(f"postgresql://signoff:{PASSWORD}%zz@h/d", new("file"))
    assert PASSWORD not in str(unread.value)


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_move_that_is_cut_short_leaves_nothing_and_is_begun_again(
    filled: str, new: New, kind: str, end: signal.Signals
):
    target = new(kind)
    await opened(target)
    more(filled)
    command = [sys.executable, "-m", "bot", "move", filled, target]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    await until(lambda: is_written_to(target) or process.returncode is not None, "the move to write")
    assert process.returncode is None
    process.send_signal(end)
    _, said = await process.communicate()
    assert (process.returncode, said) == ((-end if end == signal.SIGKILL else 130), b"")
    if kind == "postgres":
        await until(lambda: not is_written_to(target), "the server to notice")
    assert is_empty(target)
    await asyncio.to_thread(move, filled, target)
    assert all_in(target) == all_in(filled)


@pytest.mark.slow
@pytest.mark.postgres
async def test_a_move_whose_server_throws_it_out_is_one_line_and_leaves_nothing(filled: str, new: New):
    more(filled)
    target = new("postgres")
    command = [sys.executable, "-m", "bot", "move", filled, target]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    await until(lambda: is_written_to(target) or process.returncode is not None, "the move to write")
    with psycopg.connect(target) as db:
        db.execute(
            """select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid()"""
        )
    printed, said = await process.communicate()
    assert (process.returncode, printed) == (1, b"")
    assert len(said.splitlines()) == 1
    assert b"cannot be used: " in said
    assert PASSWORD.encode() not in said
    assert is_empty(target)


def is_written_to(url: str) -> bool:
    """Whether much of a move has been written, but not committed."""
    if url.startswith("sqlite"):
        wal = Path(url.removeprefix("sqlite:///") + "-wal")
        return wal.exists() and wal.stat().st_size > 1_000_000
    with psycopg.connect(url) as db:
        looked = db.execute(
            """select count(*) from pg_stat_activity where datname = current_database()
               and query like 'copy state_values%' and state = 'active'"""
        ).fetchone()
    return bool(looked and looked[0])


def test_the_rows_of_these_tests_are_of_every_kind():
    assert ROWS.keys() | {"audit"} == reference().keys()
