"""The commands that look into a database, on a server's; and that no log says its password."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from bot.cli import main
from storage import audit, open_storage, usage
from storage.audit import Entry
from storage.ids import ThreadId
from storage.usage import Used
from tests.support.postgres import PASSWORD, Server

Said = Callable[..., str]
BOT = {"SLACK_BOT_TOKEN": "xoxb-1-2-abc", "SLACK_APP_TOKEN": "xapp-1-2-abc", "OPENAI_API_KEY": "sk-of-this-account"}


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs a command on the database; what it printed, or what it said was wrong."""
    monkeypatch.chdir(tmp_path)

    def run(url: str, *command: str, code: int = 0) -> str:
        monkeypatch.setenv("DATABASE_URL", url)
        assert main(command) == code
        out, err = capsys.readouterr()
        assert PASSWORD not in out + err
        assert (err if code == 0 else out) == ""
        return out if code == 0 else err

    return run


@pytest.fixture
async def filled(postgres_url: str) -> str:
    """With one row of each that the commands print."""
    today = datetime.now(UTC).date().isoformat()
    used = Used("m1", ThreadId("T/C/1.0"), "U0ANA", today, "small", 12_000, 300)
    async with open_storage(postgres_url) as storage:
        await storage.write(lambda db: usage.put(db, used))
        await storage.write(lambda db: audit.append(db, Entry("vote", 1.0, "t1", "q1", "T1", "U1", {"took": 1})))
    return postgres_url


def test_what_it_took_and_the_record(filled: str, said: Said) -> None:
    (line,) = said(filled, "usage", "--json").splitlines()
    assert json.loads(line)["prompt_tokens"] == 12_000
    row, head = map(json.loads, said(filled, "audit", "export").splitlines())
    assert (row["kind"], row["facts"]["took"], head["rows"]) == ("vote", 1, 1)
    assert said(filled, "audit", "verify", "--head", head["head"]).startswith("1 rows, and the chain is whole.")


def test_a_record_that_was_changed_is_found(filled: str, said: Said) -> None:
    with psycopg.connect(filled) as db:
        db.execute("alter table audit disable trigger all")
        db.execute("""update audit set "user" = 'U2'""")
    assert "row 1 was changed" in said(filled, "audit", "verify", code=1)


@pytest.mark.parametrize("command", [("usage",), ("audit", "verify"), ("audit", "export")])
def test_none_is_made_by_looking_into_it(postgres_url: str, said: Said, command: tuple[str, ...]) -> None:
    assert "is empty" in said(postgres_url, *command, code=2)
    with psycopg.connect(postgres_url) as db:
        tables = db.execute("select relname from pg_class where relnamespace = 'public'::regnamespace").fetchall()
    assert tables == []


@pytest.mark.parametrize("command", [("usage",), ("audit", "verify"), ("audit", "export")])
def test_one_that_cannot_be_reached_is_one_line(postgres: Server, said: Said, command: tuple[str, ...]) -> None:
    away = postgres.url("nowhere").replace(str(postgres.port), "1")
    assert said(away, *command, code=2).count("\n") == 1
    assert "does not exist" in said(postgres.url("nowhere"), *command, code=2)


def test_config_check_reads_what_is_pinned_there(postgres_url: str, said: Said) -> None:
    assert "refund_order" in said(postgres_url, "config", "check")


LEAKY = """
import logging
import os
from urllib.parse import unquote, urlsplit

written = urlsplit(os.environ["DATABASE_URL"]).password
logging.getLogger("leaky").warning("the passwords are %s and %r", written, unquote(written))
raise ImportError("no module for " + unquote(written))
"""


@pytest.mark.slow
@pytest.mark.parametrize("form", ["text", "json"])
def test_the_databases_password_is_in_no_log_however_it_is_written(form: str, tmp_path: Path) -> None:
    (tmp_path / "leaky.py").write_text(LEAKY)
    others = {
        "SIGNOFF_AGENT": "leaky:agent",
        "DATABASE_URL": "postgresql://me:hunter%402of@host/db",
        "LOG_FORMAT": form,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        cwd=tmp_path,
        env=os.environ | BOT | others | {"LOG_LEVEL": "DEBUG"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 2
    assert "the passwords are [hidden] and '[hidden]'" in ended.stderr
    assert "cannot be imported: no module for [hidden]" in ended.stderr
    assert "hunter" not in ended.stderr
