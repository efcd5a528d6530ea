"""`signoff.toml`: which agent answers in which channel; each mistake in it is a line that says where."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot import config
from bot.settings import BadSettings

GOOD = """
# Which agent answers where.
[agents]
"#deploys" = "graphs.patterns.approve_or_reject:graph"
C0DEBUG = "graphs.patterns.step_by_step:${GRAPH}"
"""


def test_it_names_agents_by_channel(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRAPH", "graph")
    read = config.parse(GOOD, "signoff.toml")
    assert read.agents == {
        "#deploys": "graphs.patterns.approve_or_reject:graph",
        "C0DEBUG": "graphs.patterns.step_by_step:graph",
    }
    assert read.places["#deploys"] == "signoff.toml, line 4"
    assert config.channels(read, {"deploys": "C0DEPLOYS"}).keys() == {"C0DEPLOYS", "C0DEBUG"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[agent]\n", "signoff.toml, line 1: there is no agent; there is agents"),
        ('[agents]\n"#a" = "no path"\n', "signoff.toml, line 2: agents.#a is not module:attribute"),
        ('[agents]\n"#a" = 7\n', "signoff.toml, line 2: agents.#a is not module:attribute"),
        ('[agents]\ndeploys = "a:b"\n', "signoff.toml, line 2: 'deploys' is no channel; write \"#name\" or its id"),
        ('[agents]\n"#a" = "a:${NOT_THERE_AT_ALL}"\n', "signoff.toml, line 2: the environment has no NOT_THERE_AT_ALL"),
        ("[agents\n", "signoff.toml: "),
    ],
)
def test_a_mistake_is_one_line_with_its_place(text: str, problem: str):
    with pytest.raises(BadSettings) as refused:
        config.parse(text, "signoff.toml")
    (line,) = refused.value.problems
    assert line.startswith(problem)


def test_a_channel_that_there_is_not_is_one_line_with_its_place(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRAPH", "graph")
    with pytest.raises(BadSettings) as refused:
        config.channels(config.parse(GOOD, "signoff.toml"), {"general": "C0GENERAL"})
    assert refused.value.problems == [
        "signoff.toml, line 4: there is no channel #deploys that the bot can see. Make it, or invite the bot"
    ]


def checked(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    outer = {key: value for key, value in os.environ.items() if not key.startswith("SIGNOFF_")}
    return subprocess.run(
        [sys.executable, "-m", "bot", "config", "check"],
        cwd=folder,
        env=outer | {"PYTHONPATH": str(Path(__file__).parents[2])} | environment,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_the_command_says_what_answers_where(tmp_path: Path):
    (tmp_path / "signoff.toml").write_text(GOOD)
    said = checked(tmp_path, GRAPH="graph")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.splitlines() == [
        "#deploys  graphs.patterns.approve_or_reject:graph  (signoff.toml, line 4)",
        "C0DEBUG  graphs.patterns.step_by_step:graph  (signoff.toml, line 5)",
        "everywhere else  graphs.sample.support_desk:agent  (SIGNOFF_AGENT)",
    ]
    wrong = checked(tmp_path, GRAPH="nothing")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("signoff.toml, line 5 is 'graphs.patterns.step_by_step:nothing'")
    missing = checked(tmp_path, SIGNOFF_CONFIG="other.toml")
    assert missing.returncode == 2
    assert missing.stderr.startswith("SIGNOFF_CONFIG is 'other.toml', which cannot be read: ")
