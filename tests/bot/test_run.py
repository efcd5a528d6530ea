"""`signoff run`: what cannot be used is said in one line each, before anything is begun."""

import os
import sys
import types
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from bot.errors import CannotGoOn
from bot.loading import load
from bot.run import run
from bot.settings import BadSettings, Settings
from graphs.agent.agent import Agent
from storage import Storage
from tests.bot.running import running

AGENTS = '''
from graphs import Agent, tool

@tool
def look_up(number: int) -> str:
    """Look it up."""
    return "fine"

agent = Agent("Be brief.", [look_up])
no_agent = 7
'''


@pytest.fixture(autouse=True)
def _a_folder_of_agents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory is where agents are imported from."""
    (tmp_path / "agents_of_test_run.py").write_text(AGENTS)
    (tmp_path / "broken_syntax_of_test_run.py").write_text("def (")
    (tmp_path / "broken_tool_of_test_run.py").write_text("from graphs import tool\n\n@tool\ndef undocumented(a): ...\n")
    (tmp_path / "needs_more_of_test_run.py").write_text("import no_such_module_anywhere\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])


def settings(workspace: Workspace, **more: Any) -> Settings:
    given = {
        "SLACK_BOT_TOKEN": workspace.tokens.bot,
        "SLACK_APP_TOKEN": workspace.tokens.app,
        "SLACK_API_URL": f"{workspace.url}/api/",
        "OPENAI_API_KEY": "unused",
        "DATABASE_URL": "sqlite:///run.db",
        "SIGNOFF_AGENT": "agents_of_test_run:agent",
    }
    return Settings(**(given | more))  # type: ignore[arg-type]


def test_an_agent_is_found_in_the_working_directory() -> None:
    found = load("agents_of_test_run:agent")
    assert isinstance(found, Agent)
    assert list(found.toolbox) == ["look_up"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("no_such_module_anywhere:agent", "No module named 'no_such_module_anywhere'"),
        ("agents_of_test_run:missing", "has no attribute 'missing'"),
        ("agents_of_test_run:no_agent", "expected an Agent, a StateGraph, or a function"),
        ("needs_more_of_test_run:agent", "No module named 'no_such_module_anywhere'"),
        ("broken_syntax_of_test_run:agent", "invalid syntax"),
        ("broken_tool_of_test_run:agent", "undocumented"),
    ],
)
def test_an_agent_that_cannot_be_used_is_one_line_that_names_it(path: str, said: str) -> None:
    with pytest.raises(BadSettings) as refusal:
        load(path)
    (problem,) = refusal.value.problems
    assert problem.startswith(f"SIGNOFF_AGENT is {path!r}")
    assert said in problem
    assert "\n" not in problem


def test_an_agent_that_says_more_than_a_line_is_one_line_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "wordy_of_test_run.py").write_text("raise ImportError('first\\nSLACK_BOT_TOKEN is fine')\n")
    with pytest.raises(BadSettings) as refusal:
        load("wordy_of_test_run:agent")
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("raise ValueError('no key')", "ValueError: no key"),
        ("raise KeyError('STRIPE_KEY')", "KeyError: 'STRIPE_KEY'"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("import asyncio; raise asyncio.CancelledError", "CancelledError"),
        ("raise BaseException('x')", "BaseException: x"),
        ("def f(): f()\nf()", "RecursionError"),
    ],
)
def test_an_agent_that_raises_anything_is_one_line_that_says_where(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "raising_of_test_run.py").write_text(line)
    try:
        with pytest.raises(BadSettings) as refusal:
            load("raising_of_test_run:agent")
    finally:
        sys.modules.pop("raising_of_test_run", None)
    (problem,) = refusal.value.problems
    assert said in problem
    assert "raising_of_test_run.py, line " in problem
    assert len(str(refusal.value).splitlines()) == 1


def test_who_interrupts_while_the_agent_is_loaded_ends_that(tmp_path: Path) -> None:
    (tmp_path / "interrupted_of_test_run.py").write_text("raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load("interrupted_of_test_run:agent")


@pytest.mark.parametrize("raised", [ValueError("no books"), SystemExit(5), KeyboardInterrupt()])
async def test_what_prepares_an_agent_and_fails_is_said_in_a_line(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, raised: BaseException
) -> None:
    def prepare() -> None:
        raise raised

    module = types.ModuleType("unprepared_of_test_run")
    monkeypatch.setattr(module, "agent", Agent("Be brief.", [], prepare=prepare), raising=False)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with pytest.raises(CannotGoOn, match=type(raised).__name__) as error:
        await run(settings(workspace, SIGNOFF_AGENT="unprepared_of_test_run:agent"))
    assert "prepare" in str(error.value)


async def refused(given: Settings) -> str:
    """The one line that says why this cannot run."""
    with pytest.raises(BadSettings) as error:
        await run(given)
    (problem,) = error.value.problems
    assert "\n" not in problem
    return problem


async def test_tokens_that_slack_does_not_know_are_named(workspace: Workspace, tmp_path: Path) -> None:
    problem = await refused(settings(workspace, SLACK_BOT_TOKEN="xoxb-another"))
    assert problem.startswith("SLACK_BOT_TOKEN is refused by Slack: invalid_auth")
    problem = await refused(settings(workspace, SLACK_APP_TOKEN="xapp-another"))
    assert problem.startswith("SLACK_APP_TOKEN is refused by Slack")
    assert "another" not in problem
    assert not (tmp_path / "run.db").exists()


async def test_a_file_that_is_no_database_of_ours_is_named_and_left_as_it_is(
    workspace: Workspace, tmp_path: Path
) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("my notes " * 100)
    problem = await refused(settings(workspace, DATABASE_URL=f"sqlite:///{other}"))
    assert problem.startswith("DATABASE_URL cannot be used")
    assert other.read_text() == "my notes " * 100
    assert "DATABASE_URL" in await refused(settings(workspace, DATABASE_URL="sqlite:///no/such/folder/x.db"))
    assert "DATABASE_URL" in await refused(settings(workspace, DATABASE_URL=f"sqlite:///{tmp_path}"))


async def test_bolt_has_nothing_to_say_of_the_variables_that_the_settings_read(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = {
        "SLACK_BOT_TOKEN": workspace.tokens.bot,
        "SLACK_APP_TOKEN": workspace.tokens.app,
        "SLACK_CLIENT_ID": "another",
        "SLACK_CLIENT_SECRET": "another",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    caplog.set_level("DEBUG", "slack_bolt")
    async with running(workspace, storage, [], http=http):
        pass
    assert [record.getMessage() for record in caplog.records if record.levelname not in ("DEBUG", "INFO")] == []
    assert "OAuth" not in caplog.text
    assert {name: os.environ[name] for name in given} == given
