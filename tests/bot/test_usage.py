"""`signoff usage`: a table, or lines of JSON, beside a bot at work and without being one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.cli import main
from storage import Storage, open_storage, usage
from storage.ids import ThreadId
from storage.migrations import MIGRATIONS
from storage.usage import Used

TODAY = datetime.now(UTC).date()


def day(ago: int) -> str:
    return (TODAY - timedelta(days=ago)).isoformat()


Said = Callable[..., list[str]]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Said:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'bot.db'}")

    def run(*arguments: str, code: int = 0) -> list[str]:
        assert main(["usage", *arguments]) == code
        out, err = capsys.readouterr()
        return (out if code == 0 else err).splitlines()

    return run


@pytest.fixture
async def at_work(tmp_path: Path):
    """A bot's own storage on the file."""
    async with open_storage(f"sqlite:///{tmp_path / 'bot.db'}") as storage:
        yield storage


async def fill(storage: Storage) -> None:
    rows = [
        Used("m1", ThreadId("T/C/1.0"), "U0ANA", day(0), "small", 12_000, 300),
        Used("m2", ThreadId("T/C/1.0"), "U0ANA", day(8), "small", 1_000, 20),
        Used("m3", ThreadId("T/D/2.0"), None, day(0), "small", 5, 5),
        Used("m4", ThreadId("T/D/3.0"), "U0LEA", day(40), "small", 7, 7),
    ]
    for row in rows:
        await storage.write(lambda db, row=row: usage.put(db, row))


async def test_by_day_beside_a_bot_at_work(at_work: Storage, said: Said):
    await fill(at_work)
    owners = await at_work.read(lambda db: db.execute("select count(*) from owners").fetchone()[0])
    assert said() == [
        "day         replies    read  written  tokens",
        f"{day(8)}        1   1,000       20   1,020",
        f"{day(0)}        2  12,005      305  12,310",
        "in all            3  13,005      325  13,330",
    ]
    assert await at_work.read(lambda db: db.execute("select count(*) from owners").fetchone()[0]) == owners == 1


async def test_by_person_and_by_thread_the_most_first(at_work: Storage, said: Said):
    await fill(at_work)
    await at_work.delete_thread("T/D/2.0")
    people = said("--by", "person", "--days", "50")
    assert [line.split()[0] for line in people] == ["person", "U0ANA", "U0LEA", "(unknown)", "in"]
    threads = said("--by", "thread", "--days", "1")
    assert [line.split()[0] for line in threads] == ["thread", "T/C/1.0", "(deleted)", "in"]


async def test_lines_of_json(at_work: Storage, said: Said):
    await fill(at_work)
    assert [json.loads(line) for line in said("--by", "person", "--json", "--days", "1")] == [
        {"person": "U0ANA", "replies": 1, "prompt_tokens": 12_000, "completion_tokens": 300},
        {"person": None, "replies": 1, "prompt_tokens": 5, "completion_tokens": 5},
    ]


async def test_nothing_is_said_in_a_sentence(at_work: Storage, said: Said):
    assert said() == ["No usage in the last 30 days (UTC)."]
    assert said("--days", "1") == ["No usage today (UTC)."]
    assert said("--json") == []


def test_without_a_database_none_is_made(said: Said, tmp_path: Path):
    (line,) = said(code=2)
    assert line.startswith("DATABASE_URL is ")
    assert line.endswith("cannot be read: there is no such file")
    assert list(tmp_path.iterdir()) == []


async def test_an_older_database_is_left_as_it_is(at_work: Storage, said: Said):
    await at_work.write(lambda db: db.execute(f"pragma user_version = {len(MIGRATIONS) - 1}"))
    (line,) = said(code=2)
    assert line.endswith("start the bot once.")


def test_another_file_is_no_database(said: Said, tmp_path: Path):
    (tmp_path / "bot.db").write_text("not a database at all, " * 100)
    (line,) = said(code=2)
    assert "is no SQLite database" in line
