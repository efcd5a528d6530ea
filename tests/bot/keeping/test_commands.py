"""`signoff backup`, `signoff move` and `signoff prune`, as whoever types them has them."""

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.cli import main
from storage import audit, open_storage
from storage.looking import read
from storage.moving import move
from tests.storage.filled import all_in, fill, is_empty, more
from tests.support.engines import POSTGRES
from tests.support.postgres import PASSWORD
from tests.support.waiting import until

Said = Callable[..., tuple[str, str]]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The bot's database, with rows of every kind; in the working directory."""
    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{fill(tmp_path / 'bot.db')}"
    monkeypatch.setenv("DATABASE_URL", url)
    return url


@pytest.fixture
def said(filled: str, capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs a command; what it says on both outputs."""

    def run(*arguments: str, code: int = 0) -> tuple[str, str]:
        assert main(arguments) == code
        out, err = capsys.readouterr()
        return out, err

    return run


def test_a_backup_says_what_is_in_it(said: Said, filled: str, tmp_path: Path):
    rows, head = read(filled, audit.head)
    out, err = said("backup", "copy.db")
    size, count = (tmp_path / "copy.db").stat().st_size, sum(map(len, all_in(filled).values()))
    assert (out, err) == (
        f"copy.db: {size:,} bytes, {count} rows, 2 threads.\n"
        f"audit: {rows} rows, and the chain is whole.\nhead {head}\n",
        "",
    )
    assert all_in(f"sqlite:///{tmp_path / 'copy.db'}") == all_in(filled)


@pytest.mark.postgres
def test_a_backup_of_a_server_is_a_file(said: Said, filled: str, postgres_url: str, monkeypatch: pytest.MonkeyPatch):
    said("move", filled, postgres_url)
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    said("backup", "copy.db")
    assert all_in("sqlite:///copy.db") == all_in(filled)


def test_a_backup_has_to_be_a_new_file(said: Said, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    said("backup", "copy.db")
    before = (tmp_path / "copy.db").read_bytes()
    assert said("backup", "copy.db", code=2) == ("", "'copy.db' is there already. Name another file.\n")
    assert (tmp_path / "copy.db").read_bytes() == before
    with pytest.raises(SystemExit):
        main(["backup", "-"])
    assert "expected the path of a file" in capsys.readouterr().err


def test_an_audit_that_is_not_whole_is_backed_up_and_said(said: Said, tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "bot.db")) as db:
        db.execute("drop trigger audit_is_not_changed")
        db.execute("update audit set user = 'U0MAX' where seq = 2")
        db.commit()
    out, err = said("backup", "copy.db", code=1)
    assert out.startswith("copy.db: ")
    assert "head" not in out
    assert err == (
        "The audit is not whole: row 2 was changed: its hash is not that of what it says. The backup has it as it is.\n"
    )
    assert all_in("sqlite:///copy.db") == all_in("sqlite:///bot.db")


@pytest.mark.parametrize("kind", ["file", POSTGRES])
def test_what_was_restored_is_known_to_be_older_than_a_head_that_was_noted_since(
    said: Said, filled: str, kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    said("backup", "copy.db")
    old = read(filled, audit.head)[1]
    with closing(sqlite3.connect(filled.removeprefix("sqlite:///"))) as db:
        db.row_factory = sqlite3.Row
        audit.append(db, audit.Entry("run", 9.0, "t"))
        db.commit()
    head = said("audit", "verify")[0].split()[-1]
    assert head != old
    restored = "sqlite:///restored.db" if kind == "file" else request.getfixturevalue("postgres_url")
    said("move", "sqlite:///copy.db", restored)
    monkeypatch.setenv("DATABASE_URL", restored)
    assert said("audit", "verify", "--head", old)[0].endswith(f"head {old}\n")
    assert f"the head {head!r} is not in the chain of 3 rows" in said("audit", "verify", "--head", head, code=1)[1]


def smaller_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


# With much to store SQLite has written most of it before it is refused.
@pytest.mark.parametrize("size", [60_000, 6_000_000])
@pytest.mark.parametrize("command", [["backup", "copy.db"], ["move", "sqlite:///bot.db", "sqlite:///copy.db"]])
def test_a_disk_that_is_full_is_one_line_and_no_half_file(filled: str, tmp_path: Path, command: list[str], size: int):
    more(filled)
    ended = subprocess.run(
        [sys.executable, "-m", "bot", *command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: smaller_files(size),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert "cannot be used: " in ended.stderr
    assert not [each.name for each in tmp_path.iterdir() if "copy" in each.name]


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
async def test_a_backup_that_is_told_to_end_leaves_no_file(filled: str, tmp_path: Path, end: signal.Signals):
    more(filled)
    command = [sys.executable, "-m", "bot", "backup", "copy.db"]
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=asyncio.subprocess.PIPE
    )
    await until(lambda: list(tmp_path.glob(".copy.db.*")) or process.returncode is not None, "it to be begun")
    process.send_signal(end)
    _, said = await process.communicate()
    assert (process.returncode, said) == (130, b"")
    assert not [name for name in os.listdir(tmp_path) if "copy" in name]


@pytest.mark.parametrize("kind", ["file", POSTGRES])
def test_a_move_says_what_it_moved_and_no_password(said: Said, filled: str, kind: str, request: pytest.FixtureRequest):
    target = "sqlite:///new.db" if kind == "file" else request.getfixturevalue("postgres_url")
    out, err = said("move", filled, target)
    *tables, moved, chain, head = out.splitlines()
    assert {name: int(count) for name, count in (line.split() for line in tables)} == {
        name: len(rows) for name, rows in all_in(filled).items()
    }
    assert moved.startswith("All is in '")
    assert moved.endswith(f"; {filled!r} stays as it is.")
    assert chain == "audit: 3 rows, and the chain is whole."
    assert head == f"head {read(target, audit.head)[1]}"
    assert err == ""
    assert PASSWORD not in out
    assert all_in(target) == all_in(filled)
    refused = said("move", filled, target, code=2)[1]
    assert "has rows already" in refused
    assert PASSWORD not in refused


def test_what_cannot_be_moved_is_one_line(said: Said, filled: str, capsys: pytest.CaptureFixture[str]):
    assert said("move", "sqlite:///none.db", "sqlite:///new.db", code=2)[1] == "There is no file 'none.db'.\n"
    assert "is both what is to be moved and where to" in said("move", filled, "sqlite:///bot.db", code=2)[1]
    assert said("move", filled, "sqlite://", code=2)[1].startswith("A database in memory is gone with this command")
    for wrong in ("mysql://a:secret@h/d", "bot.db", "postgresql://a:b/secret@h/d"):
        with pytest.raises(SystemExit) as ended:
            main(["move", filled, wrong])
        assert ended.value.code == 2
        err = capsys.readouterr().err
        assert "expected sqlite:///file.db or postgresql://user@host/database" in err
        assert "secret" not in err
    assert is_empty("sqlite:///new.db")


async def test_nothing_is_moved_while_a_bot_runs(filled: str):
    async with open_storage(filled):
        command = [sys.executable, "-m", "bot", "move", filled, "sqlite:///new.db"]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = await asyncio.create_subprocess_exec(*command, env=env, stderr=asyncio.subprocess.PIPE)
        _, said = await process.communicate()
        err = said.decode()
    assert process.returncode == 1
    assert f"bot.db' is in use by process {os.getpid()} on " in err
    assert len(err.splitlines()) == 1
    assert is_empty("sqlite:///new.db")


@pytest.mark.parametrize("kind", ["file", POSTGRES])
def test_pruning_says_how_many_and_changes_nothing_in_a_dry_run(
    said: Said, filled: str, kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
):
    with closing(sqlite3.connect(filled.removeprefix("sqlite:///"))) as db:
        db.executescript(
            """insert into threads (thread_id, status, created_at, updated_at) values ('old', 'done', 1, 2);
               insert into inbox (event_id, kind, thread_id, team, channel, ts, thread_ts, user, text, status,
                   received_at) values ('eold', 'message', 'old', 'T', 'C', '5', '5', 'U', 'hi', 'done', 1);
               insert into checkpoints (checkpoint_id, thread_id, ns, format, source, step, tasks, joins, versions,
                   metadata, created_at) values
                   ('o1', 'old', '', 2, 'loop', 0, '[]', '[]', '{}', '{}', 1),
                   ('o2', 'old', '', 2, 'loop', 1, '[]', '[]', '{}', '{}', 2),
                   ('o3', 'old', '', 2, 'loop', 2, '[]', '[]', '{}', '{}', 3)"""
        )
    url = filled
    if kind == "postgres":
        move(filled, url := request.getfixturevalue("postgres_url"))
        monkeypatch.setenv("DATABASE_URL", url)
    before = all_in(url)
    untouched = "that nobody has touched for 90d"
    assert said("prune", "--older-than", "90d", "--dry-run") == (
        f"1 finished thread {untouched} would be deleted.\n",
        "",
    )
    assert said("prune", "--older-than", "90d", "--keep", "2", "--dry-run")[0] == (
        f"1 finished thread {untouched} would be pruned to the newest 2 snapshots.\n"
    )
    assert all_in(url) == before
    assert said("prune", "--older-than", "90d", "--keep", "2")[0] == (
        f"1 finished thread {untouched} was pruned to the newest 2 snapshots.\n"
    )
    gone = [row for row in before["checkpoints"] if row[1] == "o1"]
    assert [row for row in before["checkpoints"] if row not in all_in(url)["checkpoints"]] == gone
    assert said("prune", "--older-than", "90d", "--shrink")[0] == f"1 finished thread {untouched} was deleted.\n"
    after = all_in(url)
    assert {name: len(before[name]) - len(after[name]) for name in before if after[name] != before[name]} == {
        "threads": 1,
        "inbox": 1,
        "checkpoints": 3,
    }
    assert said("prune", "--older-than", "90d")[0] == f"0 finished threads {untouched} were deleted.\n"


def test_what_is_to_be_pruned_is_said_well_or_not_at_all(said: Said, capsys: pytest.CaptureFixture[str]):
    for arguments, why in (
        ([], "--older-than"),
        (["--older-than", "soon"], "expected a duration like 90d"),
        (["--older-than", "0d"], "expected a duration like 90d"),
        (["--older-than", "9d", "--keep", "0"], "expected a number of snapshots, 1 or more"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["prune", *arguments])
        assert ended.value.code == 2
        assert why in capsys.readouterr().err


def test_without_a_database_none_is_made(said: Said, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("DATABASE_URL", "sqlite:///none.db")
    assert said("backup", "copy.db", code=2)[1] == "There is no file 'none.db'.\n"
    assert "there is no such file" in said("prune", "--older-than", "9d", code=2)[1]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["bot.db"]
