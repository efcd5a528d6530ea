"""`signoff doctor`, as a process of its own: what is wrong, how to mend it, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stories.people import Page
from tests.stories.programs import ROOT, Stage

pytestmark = pytest.mark.slow


def doctor(stage: Stage, **changes: str) -> tuple[int, list[str], str]:
    """Its exit code, its lines, and what it says on stderr."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("SIGNOFF_", "SLACK_", "OPENAI_"))}
    environment = {**kept, **stage.environment, "PYTHONPATH": str(ROOT), **changes}
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "doctor"],
        cwd=stage.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    said = ended.stdout + ended.stderr
    for secret in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        assert environment[secret].partition("-")[2] not in said
    return ended.returncode, ended.stdout.splitlines(), ended.stderr


def wrong(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("✗ wrong")]


async def test_where_all_is_well_it_says_so_beside_a_running_bot(stage: Stage):
    code, lines, errors = doctor(stage)
    assert (code, wrong(lines), errors) == (0, [], "")
    said = "\n".join(lines)
    assert "Bot token: is that of @" in said
    assert "Scopes: it has all that the manifest asks for." in said
    assert "Socket Mode: it says hello." in said
    assert "cannot be seen from here" in said
    assert "answers, and calls a tool." in said
    assert "everybody whom the rules of tools name can decide." in said
    assert stage.bot is not None
    assert stage.bot.process.poll() is None, "the bot goes on"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1-wrong"}, "Bot token: Slack says"),
        ({"SLACK_APP_TOKEN": "xapp-1-wrong"}, "Socket Mode: Slack says"),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "Model: "),
        ({"DATABASE_URL": "sqlite:///no/such/folder/signoff.db"}, "Database: There is no folder"),
        ({"SIGNOFF_AGENT": "no_such_module:agent"}, "Agents: SIGNOFF_AGENT is 'no_such_module:agent'"),
    ],
)
async def test_what_is_wrong_is_a_line_with_its_remedy(stage: Stage, changes: dict[str, str], said: str):
    code, lines, errors = doctor(stage, **changes)
    assert (code, errors) == (1, "")
    assert any(said in line for line in wrong(lines)), lines
    assert len(lines) >= 6, "the others are looked at all the same"


async def test_what_is_missing_is_said_before_anything_is_looked_at(stage: Stage):
    code, lines, errors = doctor(stage, OPENAI_API_KEY="")
    assert (code, lines) == (2, [])
    assert "OPENAI_API_KEY" in errors


async def test_a_database_that_others_can_read_and_one_that_is_newer(stage: Stage, tmp_path: Path):
    file = tmp_path / "open.db"
    file.touch(0o644)
    code, lines, _ = doctor(stage, DATABASE_URL=f"sqlite:///{file}")
    assert code == 1
    assert f"Database: {file} can be read by others (644). Say chmod 600 {file}." in wrong(lines)[0]
    other = tmp_path / "other.db"
    other.write_text("this is no database, and it is long enough to be looked at")
    _, lines, _ = doctor(stage, DATABASE_URL=f"sqlite:///{other}")
    assert "is no SQLite database" in wrong(lines)[0]


async def test_scopes_that_are_lacking_are_named(stage: Stage, page: Page):
    await page.slack_fails(without_scopes=["files:write", "commands"])
    code, lines, _ = doctor(stage)
    await page.slack_fails(without_scopes=[])
    assert code == 1
    (line,) = wrong(lines)
    assert "Scopes: it lacks commands, files:write. Paste `signoff manifest`" in line


AGENT = """
from graphs import Agent, Approval, tool


@tool(approval=Approval(approvers={approvers}, quorum={quorum}))
def pay(amount: int) -> str:
    \"\"\"Pay.\"\"\"
    return "paid"


agent = Agent("Be brief.", [pay])
"""


@pytest.mark.parametrize(
    ("approvers", "quorum", "said"),
    [
        (["U0MAX"], 1, "Max Oduya is a guest, who cannot decide"),
        (["U0NOBODY"], 1, "U0NOBODY of pay:"),
        (["S0NOBODY"], 1, "S0NOBODY of pay:"),
        (["S0LEADS"], 2, "pay needs 2 approvals, and 1 of those it names can approve."),
    ],
)
async def test_each_approver_is_looked_up(stage: Stage, approvers: list[str], quorum: int, said: str):
    (stage.folder / "paying.py").write_text(AGENT.format(approvers=approvers, quorum=quorum))
    code, lines, _ = doctor(stage, SIGNOFF_AGENT="paying:agent")
    assert code == 1
    assert any(said in line for line in wrong(lines)), lines
