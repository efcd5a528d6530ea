"""`signoff config check` as a process: what answers where, which calls ask, and every problem as a line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config.checking import is_about_server
from bot.config.described import described
from bot.config.reading import parse
from bot.settings import HostSettings
from graphs.agent.agent import Agent
from graphs.agent.approval import Approval
from graphs.agent.governing import Rule
from graphs.agent.tools import tool
from graphs.mcp.definition import Definition
from storage import open_storage, pins
from storage.pins import Seen
from tests.agent.test_governing import from_server

SHOP = '''
from datetime import timedelta
from graphs import Agent, Approval, tool

@tool
def find(number: int) -> str:
    """Find it."""
    return "it"

@tool(approval=Approval(when=lambda args: args.amount > 50, approvers=["U0LEA"]))
def pay(amount: int) -> str:
    """Pay it."""
    return "paid"

@tool(approval=True)
def cancel(number: int) -> str:
    """Cancel it."""
    return "cancelled"

agent = Agent("Be brief.", [find, pay, cancel])
'''

RULES = """
[agents]
"#deploys" = "graphs.patterns.approve_or_reject:graph"
[approvals]
approvers = ["S0LEADS"]
expires_after = "2h"
[[approvals.rules]]
tool = "find"
when = "args.number > 1000"
[[approvals.rules]]
tool = "pay"
approvers = ["U0KIM"]
[[approvals.rules]]
tool = "git.log"
ask = false
[[approvals.rules]]
tool = "git.*"
when = "args.path != '/'"
approvers = ["U0KIM", "U0LEA"]
quorum = 2
self_approval = false
allow = ["approve", "reject"]
[mcp.git]
command = "mcp-server-git"
"""


def checked(folder: Path, text: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "shop.py").write_text(SHOP)
    if text is not None:
        (folder / "signoff.toml").write_text(text)
    outer = {key: value for key, value in os.environ.items() if not key.startswith("SIGNOFF_")}
    return subprocess.run(
        [sys.executable, "-m", "bot", "config", "check"],
        cwd=folder,
        env=outer | {"PYTHONPATH": str(Path(__file__).parents[2]), "SIGNOFF_AGENT": "shop:agent"} | environment,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_it_says_what_answers_where_and_which_line_says_what_asks(tmp_path: Path):
    said = checked(tmp_path, RULES)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.splitlines() == [
        "#deploys  graphs.patterns.approve_or_reject:graph  (signoff.toml, line 3)",
        "everywhere else  shop:agent  (SIGNOFF_AGENT)",
        "",
        "Tools everywhere else:",
        "  find  asks when args.number > 1000: S0LEADS, within 2h  (signoff.toml, line 7)",
        "  find  otherwise runs unasked",
        "  pay  asks when amount is over 50: U0LEA, within 2h"
        "  (signoff.toml, line 10; approvers stay the tool's own, who are stricter)",
        "  pay  otherwise asks: U0KIM, within 2h  (signoff.toml, line 10)",
        "  cancel  asks always: S0LEADS, within 2h  (its own rule in shop, made stricter by signoff.toml, line 4)",
        "",
        "Tools of the server git, whose tools are known once it is started (signoff.toml, line 23):",
        "  git.log  runs unasked  (signoff.toml, line 13)",
        "  git.*  asks when args.path != '/': U0KIM or U0LEA, 2 approvals, not the own approval of whoever asked, "
        "who may approve, reject, within 2h  (signoff.toml, line 16)",
        "  git.*  otherwise asks always: S0LEADS, within 2h  (signoff.toml, line 4)",
    ]


def test_it_says_what_is_not_kept(tmp_path: Path):
    said = checked(tmp_path, '[retention]\nfinished_threads = "90d"\n')
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.splitlines()[-2:] == [
        "",
        "Finished threads that nobody touched for 90d are deleted  (signoff.toml, line 2)",
    ]


def test_without_a_file_it_says_what_the_tools_say(tmp_path: Path):
    said = checked(tmp_path)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.splitlines() == [
        "everywhere else  shop:agent  (SIGNOFF_AGENT)",
        "",
        "Tools everywhere else:",
        "  find  runs unasked  (no rule)",
        "  pay  asks when amount is over 50: U0LEA, within 24h  (its own rule in shop)",
        "  pay  otherwise runs unasked",
        "  cancel  asks always: whoever asked, within 24h  (its own rule in shop)",
    ]


BAD = """
[approvals]
quorum = "two"
[[approvals.rules]]
tool = "find"
when = "args.number > > 5"
expires_after = "a while"
approvers = ["lea"]
[mcp.git]
env = { KEY = "sk-abcdefghijklmnopqrstuvwx" }
[tools]
"""


def test_every_problem_is_a_line_and_the_code_is_2(tmp_path: Path):
    wrong = checked(tmp_path, BAD)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert [line.partition(": ")[0] for line in wrong.stderr.splitlines()] == [
        f"signoff.toml, line {number}" for number in (3, 6, 7, 8, 9, 10, 11)
    ]
    assert "abcdefgh" not in wrong.stderr


@pytest.mark.parametrize(
    ("text", "environment", "problem"),
    [
        ('[agents]\n"#a" = "shop:nothing"\n', {}, "signoff.toml, line 2 is 'shop:nothing', which cannot be imported"),
        (None, {"SIGNOFF_CONFIG": "other.toml"}, "SIGNOFF_CONFIG is 'other.toml', which cannot be read: "),
        (
            '[[approvals.rules]]\ntool = "find"\n[[approvals.rules]]\ntool = "refund*"\n',
            {},
            "signoff.toml, line 3: there is no tool 'refund*'; there are cancel, find, pay",
        ),
        (
            '[[approvals.rules]]\ntool = "pay"\nquorum = 2\n',
            {},
            "signoff.toml, line 1: nobody could approve pay: quorum=2: only 1 of the approvers ['U0LEA'] can approve",
        ),
        (
            '[[approvals.rules]]\ntool = "git.*"\nquorum = 2\n[mcp.git]\ncommand = "x"\n',
            {},
            "signoff.toml, line 1: quorum=2: only 1 of the approvers ['requester'] can approve",
        ),
        (
            '[[approvals.rules]]\ntool = "git.*"\n[mcp.github]\ncommand = "x"\n',
            {},
            "signoff.toml, line 1: there is no tool 'git.*'",
        ),
    ],
)
def test_what_only_the_whole_shows_is_a_line_too(
    text: str | None, environment: dict[str, str], problem: str, tmp_path: Path
):
    wrong = checked(tmp_path, text, **environment)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    (line,) = wrong.stderr.splitlines()
    assert line.startswith(problem)


def test_what_is_known_of_a_servers_tools_is_said_like_other_tools():
    @tool(approval=Approval())
    def own() -> None:
        """Do it."""

    rule = '[[approvals.rules]]\ntool = "pay"\nwhen = "args.amount < 5"\nask = false\n'
    config = parse(f'{rule}[mcp.till]\ncommand = "x"\n', "signoff.toml")
    agents = {"": Agent("Be brief.", [own])}
    lines = described(HostSettings.model_construct(signoff_agent="a:b"), config, agents, {"till": [from_server()]})
    assert lines[-4:] == [
        "Tools of the server till (signoff.toml, line 5):",
        "  pay  asks where its condition fails: whoever asked, within 24h  (signoff.toml, line 1)",
        "  pay  asks always: whoever asked, within 24h  (what its server says of it)",
        "  pay  runs unasked when args.amount < 5  (signoff.toml, line 1)",
    ]


@pytest.mark.parametrize(
    ("glob", "is_about"),
    [
        ("git.*", True),
        ("git.log", True),
        ("git*", True),
        ("*", True),
        ("*.log", True),
        ("g?t.log", True),
        ("github.*", False),
        ("git", False),
        ("gi", False),
        ("log", False),
    ],
)
def test_which_rules_may_be_about_a_servers_tools(glob: str, is_about: bool):
    assert is_about_server(Rule(tool=glob), "git") is is_about


async def test_what_a_bot_has_pinned_is_said_tool_by_tool(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'signoff.db'}"
    only_reads = {"readOnlyHint": True}
    reading = Definition(name="log", description="Reads.", schema={"type": "object"}, annotations=only_reads)
    writing = Definition(name="commit", description="Writes.", schema={"type": "object"})
    otherwise = Definition(name="push", description="Writes.", schema={"type": "object"})
    async with open_storage(url) as storage:
        seen = {each.name: Seen(each.digest, each.text) for each in (reading, writing, otherwise)}
        await storage.write(lambda db: pins.see(db, "git", seen, 1.0))
        changed = Definition(name="push", description="Sends.", schema={"type": "object"})
        await storage.write(lambda db: pins.see(db, "git", {"push": Seen(changed.digest, changed.text)}, 2.0))
    said = checked(tmp_path, '[mcp.git]\ncommand = "git"\ntrust_annotations = true\n', DATABASE_URL=url)
    assert said.returncode == 0
    assert said.stdout.splitlines()[-4:] == [
        "Tools of the server git (signoff.toml, line 1):",
        "  git.commit  asks always: whoever asked, within 24h  (what its server says of it)",
        "  git.log  runs unasked  (no rule)",
        "  git.push  is blocked: its server describes it otherwise than when it was allowed",
    ]


def test_thousands_of_rules_are_looked_at_at_once(tmp_path: Path):
    rule = '[[approvals.rules]]\ntool = "find"\nwhen = "args.number > 1"\n'
    said = checked(tmp_path, rule * 3000)  # in the time that a check has
    assert (said.returncode, len(said.stdout.splitlines())) == (0, 3000 + 7)
