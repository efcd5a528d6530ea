"""A backup that was made while the bot ran is put back, in place or into another database: the bot goes on there."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.stories.conftest import NewStage
from tests.stories.people import Person
from tests.stories.programs import Program, Stage
from tests.support.postgres import PASSWORD
from tests.support.waiting import until

pytestmark = pytest.mark.slow

SCRIPT = {
    "book": [
        {"text": "Let me see.", "tool_calls": [{"name": "book", "arguments": {"entry": "one"}}]},
        {"text": "That was book."},
    ],
    "hello": [{"text": "Hello yourself."}],
}


@pytest.fixture
def stage(new_stage: NewStage, tmp_path: Path) -> Stage:
    return new_stage(tmp_path, agent="tests.stories.agents.ledger:agent", script=SCRIPT)


@pytest.fixture
def ledger(stage: Stage) -> Path:
    file = stage.folder / "ledger.txt"
    file.write_text("", "utf-8")
    return file


@pytest.fixture
def command(stage: Stage) -> Callable[..., tuple[int, str, str]]:
    """Runs a command beside whatever runs: its exit code, and what it says on both outputs."""
    numbers = iter(range(20))

    def run(*arguments: str) -> tuple[int, str, str]:
        log = stage.folder / f"command{next(numbers)}.log"
        return Program(["bot", *arguments], stage.folder, log, stage.environment).outcome()

    return run


@pytest.fixture(params=["in place", "another file", pytest.param("postgres", marks=pytest.mark.postgres)])
def restore(
    request: pytest.FixtureRequest, stage: Stage, command: Callable[..., tuple[int, str, str]]
) -> Callable[[], None]:
    """Puts `backup.db` back, and has the next bot start on it."""

    def do() -> None:
        if request.param == "in place":
            for file in stage.folder.glob("signoff.db*"):
                file.unlink()
            (stage.folder / "backup.db").rename(stage.folder / "signoff.db")
            return
        url = "sqlite:///restored.db" if request.param == "another file" else request.getfixturevalue("postgres_url")
        code, printed, said = command("move", "sqlite:///backup.db", url)
        assert (code, said) == (0, ""), said
        assert PASSWORD not in printed
        stage.told = {"DATABASE_URL": url}

    return do


async def test_what_waits_is_approved_where_the_backup_is_restored_and_runs_once(
    stage: Stage, ana: Person, ledger: Path, command: Callable[..., tuple[int, str, str]], restore: Callable[[], None]
):
    thread = await ana.say("book")
    card = await thread.card()
    code, printed, said = command("backup", "backup.db")
    assert (code, said) == (0, "")
    assert "1 thread." in printed
    code, printed, said = command("move", "sqlite:///signoff.db", "sqlite:///moved.db")
    assert stage.bot is not None
    assert (code, printed) == (1, "")
    assert f"signoff.db' is in use by process {stage.bot.process.pid} on {os.uname().nodename}." in said
    assert stage.stop_bot() == 0
    restore()
    stage.start_bot()
    await ana.click(card, "Approve")
    await thread.becomes(card, "approved by <@U0ANA>[^$]*done")
    await thread.says("That was book.", after=card["ts"])
    assert written(ledger) == ["one"]
    assert len(await thread.said()) == 3, "nothing was said twice"
    assert command("audit", "verify")[0] == 0
    assert PASSWORD not in stage.log


async def test_finished_conversations_of_the_age_in_the_configuration_are_deleted(stage: Stage, ana: Person):
    thread = await ana.say("hello")
    await thread.says("Hello yourself.")
    stage.stop_bot()
    with closing(sqlite3.connect(stage.folder / "signoff.db")) as db:
        db.execute("update threads set updated_at = updated_at - 200000")
        db.execute("update inbox set received_at = received_at - 200000")
        db.commit()
    (stage.folder / "signoff.toml").write_text('[retention]\nfinished_threads = "2d"\n', "utf-8")
    stage.start_bot()
    await until(lambda: threads(stage) == 0, "the conversation to be deleted")
    shown = await thread.said()
    await ana.say("hello", thread)
    await thread.says("Hello yourself.", after=shown[-1]["ts"])
    assert threads(stage) == 1
    assert (await thread.said())[: len(shown)] == shown
    stage.stop_bot()
    assert "1 finished thread that nobody had touched for 2d: deleted" in stage.log


def written(ledger: Path) -> list[str]:
    return ledger.read_text("utf-8").split()


def threads(stage: Stage) -> int:
    with closing(sqlite3.connect(stage.folder / "signoff.db")) as db:
        return db.execute("select count(*) from threads").fetchone()[0]
