"""What cannot be used ends the program at once: one line for each problem, exit code 2, nothing half-started."""

import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from tests.stories.conftest import NewStage
from tests.stories.programs import Program, Stage

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stage(new_stage: NewStage) -> Stage:
    """Only for its workspace and model."""
    stage = new_stage()
    assert stage.stop_bot() == 0
    return stage


def refused(folder: Path, arguments: list[str], env: Mapping[str, str]) -> list[str]:
    """What the program says on stderr before it ends with 2."""
    code, printed, said = Program(["bot", *arguments], folder, folder / "refused.log", env).outcome()
    assert (code, printed) == (2, ""), said
    assert "Traceback" not in said
    return said.splitlines()


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"SIGNOFF_AGENT": "no_such_module:agent"}, "SIGNOFF_AGENT"),
        ({"SIGNOFF_AGENT": "tests.stories.agents.ledger:nobody"}, "SIGNOFF_AGENT"),
        ({"SIGNOFF_AGENT": "tests.stories.agents.ledger:LEDGER"}, "SIGNOFF_AGENT"),
        ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_APP_TOKEN": "xapp-wrong"}, "SLACK_APP_TOKEN"),
        ({"SLACK_API_URL": "127.0.0.1:1/api/"}, "SLACK_API_URL"),
        ({"DATABASE_URL": "sqlite:////no/such/folder/signoff.db"}, "DATABASE_URL"),
    ],
    ids=lambda value: "=".join(*value.items()) if isinstance(value, dict) else "",
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, stage: Stage, changed: dict[str, str], named: str):
    env = stage.environment | {"DATABASE_URL": f"sqlite:///{tmp_path / 'signoff.db'}"} | changed
    (line,) = refused(tmp_path, ["run"], env)
    assert named in line
    assert "-wrong" not in line, "no secret is shown"
    assert not (tmp_path / "orders.db").exists(), "nothing was begun"


def test_several_problems_take_a_line_each(tmp_path: Path, stage: Stage):
    env = stage.environment | {"SLACK_BOT_TOKEN": "", "SLACK_APP_TOKEN": "", "OPENAI_API_KEY": "", "PORT": "none"}
    said = refused(tmp_path, ["run"], env)
    assert [line.split()[0] for line in said] == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "PORT", "OPENAI_API_KEY"]
    assert not (tmp_path / "orders.db").exists(), "nothing was begun"


@pytest.mark.parametrize("content", ["text", "another program's database"])
def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path, stage: Stage, content: str):
    file = tmp_path / "theirs.db"
    if content == "text":
        file.write_text("Dear diary,\n" * 100, "utf-8")
    else:
        with closing(sqlite3.connect(file)) as db:
            db.execute("create table theirs (id integer)")
    before = file.read_bytes()
    (line,) = refused(tmp_path, ["run"], stage.environment | {"DATABASE_URL": f"sqlite:///{file}"})
    assert "theirs.db" in line
    assert file.read_bytes() == before


def test_a_port_that_is_taken_is_said(tmp_path: Path, stage: Stage):
    port = stage.url.rpartition(":")[2]
    (line,) = refused(tmp_path, ["demo", "--port", port, "--data", str(tmp_path / "demo")], {})
    assert port in line


@pytest.mark.parametrize("arguments", [["demo", "--port", "many"], ["dance"]])
def test_a_wrong_command_line_is_explained(tmp_path: Path, arguments: list[str]):
    assert any("signoff" in line for line in refused(tmp_path, arguments, {}))


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["demo", "--version"]])
def test_help_and_version_are_everywhere(arguments: list[str]):
    command = [sys.executable, "-m", "bot", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert "signoff" in done.stdout
    assert done.stderr == ""
