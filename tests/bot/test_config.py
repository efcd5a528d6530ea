"""`signoff.toml`: what each section comes to; each mistake in it is a line that says where."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import config
from bot.config.lines import json_lines, nearest, toml_lines
from bot.durations import duration
from bot.settings import BadSettings, HostSettings
from graphs.agent.conditions.condition import Condition
from graphs.agent.governing import NOTHING, Rule, Said
from graphs.mcp.spec import ServerSpec

GOOD = """
# Which agent answers where.
[agents]
"#deploys" = "graphs.patterns.approve_or_reject:graph"
C0DEBUG = "graphs.patterns.step_by_step:${GRAPH}"
"""

WHOLE = """
mcp_config = "mcp.json"

[admins]
users = ["U0LEA", "W0KIM"]

[approvals]
approvers = ["requester", "S0LEADS"]
expires_after = "90m"

[[approvals.rules]]
tool = "git.*"
when = "args.amount > 50"
approvers = ["S0FINANCE"]
quorum = 2
self_approval = false
allow = ["approve", "reject"]

[[approvals.rules]]
tool = "pay"
ask = false
expires_after = "P1DT2H"

[mcp.git]
command = "mcp-server-git"
args = ["--repository", "."]
env = { TOKEN = "${GIT_TOKEN}", PRICE = "5 $" }
cwd = "/srv"
fixed = { repo_path = "." }
trust_annotations = true
channels = ["#deploys", "C0DEBUG"]
type = "stdio"

[mcp.remote]
url = "https://mcp.example.com/mcp?tenant=1"
headers = { Authorization = "Bearer ${GIT_TOKEN}" }
timeout = "2m"
transport = "streamable-http"

[model]
context_window = 128000
"""
SHARED = (
    '{"mcpServers": {\n  "files": {"command": "npx", "args": ["-y", "files"],\n   "env": {"A": "${GIT_TOKEN}"}}\n}}'
)


def problems(text: str, folder: Path = Path()) -> list[str]:
    with pytest.raises(BadSettings) as refused:
        config.parse(text, "signoff.toml", folder)
    return refused.value.problems


def test_it_names_agents_by_channel(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRAPH", "graph")
    read = config.parse(GOOD, "signoff.toml")
    assert read.agents == {
        "#deploys": "graphs.patterns.approve_or_reject:graph",
        "C0DEBUG": "graphs.patterns.step_by_step:graph",
    }
    assert read.places["#deploys"] == "signoff.toml, line 4"
    assert config.ids(read, {"deploys": "C0DEPLOYS"}) == {"#deploys": "C0DEPLOYS", "C0DEBUG": "C0DEBUG"}


def test_every_section_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("GIT_TOKEN", "a-token-of-git")
    (tmp_path / "mcp.json").write_text(SHARED)
    read = config.parse(WHOLE, "signoff.toml", tmp_path)
    assert read.admins == ("U0LEA", "W0KIM")
    assert read.context_window == 128000
    assert read.defaults == Said(approvers=("requester", "S0LEADS"), expires_after=timedelta(minutes=90))
    assert read.defaults_place == "signoff.toml, line 7"
    assert read.rules == (
        Rule(
            tool="git.*",
            when=Condition("args.amount > 50"),
            said=Said(approvers=("S0FINANCE",), quorum=2, self_approval=False, allow=frozenset({"approve", "reject"})),
            place="signoff.toml, line 11",
        ),
        Rule(tool="pay", ask=False, said=Said(expires_after=timedelta(hours=26)), place="signoff.toml, line 19"),
    )
    git, remote, files = read.servers
    assert git == ServerSpec(
        name="git",
        command="mcp-server-git",
        args=("--repository", "."),
        env={"TOKEN": "a-token-of-git", "PRICE": "5 $"},
        cwd="/srv",
        fixed={"repo_path": "."},
        trust_annotations=True,
        channels=("#deploys", "C0DEBUG"),
        place="signoff.toml, line 24",
    )
    assert (remote.url, remote.timeout) == ("https://mcp.example.com/mcp?tenant=1", 120)
    assert remote.headers == {"Authorization": "Bearer a-token-of-git"}
    assert (files.env, files.place) == ({"A": "a-token-of-git"}, "mcp.json, line 2")


def test_nothing_said_is_nothing_set():
    assert config.parse("", "signoff.toml") == config.Config()
    assert config.Config().defaults == NOTHING


RULE = '[[approvals.rules]]\ntool = "pay"\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "[agent]\n",
            "line 1: there is no agent; there is agents, admins, approvals, mcp, mcp_config, model, retention",
        ),
        ('[agents]\n"#a" = "no path"\n', "line 2: agents.#a is not module:attribute: 'no path'"),
        ('[agents]\n"#a" = 7\n', "line 2: agents.#a is not module:attribute"),
        ('[agents]\ndeploys = "a:b"\n', "line 2: 'deploys' is no channel; write \"#name\" or its id"),
        ('[agents]\n"#a" = "a:${NOT_THERE_AT_ALL}"\n', "line 2: the environment has no NOT_THERE_AT_ALL"),
        ("agents = 5\n", "line 1: agents is no table"),
        ("\n[agents\n", "line 2: Expected ']' at the end of a table declaration (character 8)"),
        ("[admins]\nuser = []\n", "line 2: there is no admins.user; there is users"),
        ('[admins]\nusers = ["lea"]\n', "line 2: admins.users is not a list of people's ids (U…, W…): 'lea'"),
        ("admins = 5\n", "line 1: admins is no table"),
        ("[model]\ncontext_window = 0\n", "line 2: model.context_window is not a number of tokens, 1 or more: 0"),
        ("[model]\ncontext_window = true\n", "line 2: model.context_window is not a number of tokens, 1 or more"),
        (
            '[retention]\nfinished_threads = "soon"\n',
            'line 2: retention.finished_threads is not a duration like "90d" or "24h": \'soon\'',
        ),
        (
            "[retention]\nfinished_threads = 90\n",
            'line 2: retention.finished_threads is not a duration like "90d" or "24h"',
        ),
        ('[retention]\nthreads = "90d"\n', "line 2: there is no retention.threads; there is finished_threads"),
        ("retention = 5\n", "line 1: retention is no table"),
        ("approvals = 5\n", "line 1: approvals is no table"),
        ("[approvals]\nrules = 5\n", "line 2: approvals.rules is no list of tables: write [[approvals.rules]]"),
        ('[approvals]\nexpires_after = "soon"\n', "line 2: approvals.expires_after is not a duration like"),
        ('[approvals]\nexpires_after = "0h"\n', "line 2: approvals.expires_after is not a duration like"),
        ("[approvals]\nexpires_after = 24\n", "line 2: approvals.expires_after is not a duration like"),
        (
            '[approvals]\napprovers = "requester"\n',
            'line 2: approvals.approvers is not a list of "requester", "channel"',
        ),
        ("[approvals]\napprovers = []\n", 'line 2: approvals.approvers is not a list of "requester", "channel"'),
        ("[approvals]\nquorum = 2\n", "line 1: quorum=2: only 1 of the approvers ['requester'] can approve"),
        ("[approvals]\nself_approval = false\n", "line 1: quorum=1: only 0 of the approvers ['requester'] can approve"),
        (RULE + RULE + "quorum = 0\n", "line 5: approvals.rules.quorum is not a number of people, 1 or more: 0"),
        (RULE + RULE + "ask = 1\n", "line 5: approvals.rules.ask is not true or false: 1"),
        (RULE + RULE + 'approvers = ["requester", "lea"]\n', "line 5: approvals.rules.approvers is not a list"),
        (
            RULE + 'allow = ["reject"]\n',
            "line 3: approvals.rules.allow is not a list of approve, edit, reject and respond, more than",
        ),
        (
            RULE + RULE + 'allow = ["maybe"]\n',
            "line 5: approvals.rules.allow is not a list of approve, edit, reject and",
        ),
        (RULE + RULE + "whom = 1\n", "line 5: there is no approvals.rules.whom; there is approvers, quorum, "),
        (RULE + "[[approvals.rules]]\nask = true\n", "line 3: approvals.rules.tool is missing: the name of a tool"),
        (RULE + RULE + 'approvers = ["U0LEA"]\nquorum = 2\n', "line 3: quorum=2: only 1 of the approvers ['U0LEA']"),
        (RULE + RULE + 'when = ""\n', "line 5: approvals.rules.when: it is empty"),
        (
            RULE + RULE + 'when = "args.amount > > 5"\n',
            "line 5: approvals.rules.when: it cannot be read from character 15 on",
        ),
        (RULE + RULE + 'when = "amount > 5"\n', "line 5: approvals.rules.when: there is no 'amount' (character 1)"),
        (RULE + RULE + "when = 5\n", "line 5: approvals.rules.when is not a condition: 5"),
        ("[mcp.a]\n", "line 1: mcp.a has neither a command nor a url"),
        ('[mcp.a]\ncommand = "x"\nurl = "https://x"\n', "line 1: mcp.a has a command and a url"),
        ('[mcp.a]\nurl = "ftp://x"\n', "line 2: mcp.a.url is not an address like https://host/path: 'ftp://x'"),
        ('[mcp.a]\nurl = "https://x"\ntype = "stdio"\n', "line 1: mcp.a has a url and is said to be of another type"),
        ('[mcp.a]\nurl = "https://x"\ntype = "sse"\n', "line 3: mcp.a.type is not stdio or http"),
        ('[mcp.a]\nurl = "https://x"\nargs = ["x"]\n', "line 1: mcp.a has a url, and args, env or cwd"),
        ('[mcp.a]\ncommand = "x"\nheaders = { A = "b" }\n', "line 1: mcp.a has a command and headers"),
        ('[mcp.a]\ncommand = "x"\ntimeout = 0\n', "line 3: mcp.a.timeout is not seconds above zero"),
        ('[mcp.a]\ncommand = "x"\nargs = [1]\n', "line 3: mcp.a.args is not a list of texts: 1"),
        ('[mcp.a]\ncommand = "x"\nchannels = ["x"]\n', "line 3: mcp.a.channels is not a list of"),
        ('[mcp.a]\ncommand = "x"\ndisabled = true\n', "line 3: there is no mcp.a.disabled; there is command, args"),
        ('[mcp.a]\ncommand = "x"\nfixed = { since = 2026-01-01 }\n', "line 3: mcp.a.fixed is not a table of arguments"),
        ('[mcp."a b"]\ncommand = "x"\n', "line 1: 'a b' is no name for a server"),
        ("mcp = 5\n", "line 1: mcp is no table of servers by name"),
        ("[mcp]\na = 5\n", "line 2: mcp.a is no table"),
        ("mcp_config = 5\n", "line 1: mcp_config is not the path of a JSON file"),
        ('mcp_config = "gone.json"\n', "line 1: mcp_config is 'gone.json', which cannot be read: No such file"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(text: str, problem: str, tmp_path: Path):
    (line,) = problems(text, tmp_path)
    assert line.startswith(f"signoff.toml, {problem}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{\n", "signoff.toml, line 1: mcp.json, line 2: it is no JSON"),
        ("[]", "signoff.toml, line 1: mcp.json has no mcpServers"),
        (
            '{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}',
            "signoff.toml, line 1: mcp.json has 'a' twice in one place",
        ),
        ("{}", "signoff.toml, line 1: mcp.json has no mcpServers"),
        ('{"mcpServers": 5}', "mcp.json, line 1: mcpServers is no table of servers by name"),
        ('{"mcpServers": {\n"a": {"command": "x"},\n"b": {}}}', "mcp.json, line 3: mcpServers.b has neither"),
        (
            '{"a": {"b": 1}, "mcpServers": {\n"b": {\n"url": 5}}}',
            "mcp.json, line 3: mcpServers.b.url is not an address",
        ),
        (
            '{"mcpServers": {"git":\n{"command": "x"}}}',
            "mcp.json, line 1: there are two servers 'git'; the other is in",
        ),
        ('{"mcpServers": {"a": {"command": "${GONE}"}}}', "mcp.json, line 1: the environment has no GONE"),
        (
            '{"mcpServers": {"a": {"url": "https://x",\n"headers": {"Authorization": "Bearer abcdef-0123456789"}}}}',
            "mcp.json, line 2: mcpServers.a.headers.Authorization looks like a secret",
        ),
    ],
)
def test_a_mistake_in_the_shared_file_is_one_line_with_its_place(text: str, problem: str, tmp_path: Path):
    (tmp_path / "mcp.json").write_text(text)
    (line,) = problems('mcp_config = "mcp.json"\n[mcp.git]\ncommand = "x"\n', tmp_path)
    assert line.startswith(problem)
    assert "abcdef" not in line


def test_every_problem_is_told_at_once_in_the_order_of_the_file(tmp_path: Path):
    (tmp_path / "mcp.json").write_text('{"mcpServers": {"x": {}}}')
    text = 'mcp_config = "mcp.json"\n[model]\ncontext_window = -1\n[mcp.a]\n[admins]\nusers = [5]\n'
    text += RULE + "quorum = 0\nask = 5\n[oops]\n[mcp.b]\ncommand = '${GONE}'\n"
    found = problems(text, tmp_path)
    assert [line.partition(":")[0] for line in found] == [
        *(f"signoff.toml, line {number}" for number in (3, 4, 6, 9, 10, 11, 13)),
        "mcp.json, line 1",
    ]


SECRETS = [
    "xoxb-123456789012-abcdefghijkl",
    "sk-abcdefghijklmnopqrstuvwx",
    "ghp_abcdefghijklmnopqrstuvwxyz",
    "https://ana:hunter2hunter2@example.com/",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "text",
    [
        '[agents]\n"#a" = "{}"\n',
        '[admins]\nusers = [\n"U0LEA", "{}"]\n',
        '[mcp.a]\nurl = "{}"\n',
        '[mcp.a]\ncommand = "x"\nargs = ["--token={}"]\n',
        '[mcp.a]\ncommand = "x"\nenv = {{ KEY = "{}" }}\n',
        '[[approvals.rules]]\ntool = "pay"\nwhen = "args.code == \'{}\'"\n',
    ],
)
def test_a_secret_is_refused_and_not_repeated(text: str, secret: str):
    found = problems(text.format(secret))
    assert any("looks like a secret, which has no place in this file" in line for line in found)
    assert not any(secret[-10:] in line for line in found)


def test_what_is_named_like_a_secret_is_one():
    (line,) = problems('[mcp.a]\ncommand = "x"\nenv = { DB_PASSWORD = "tea-at-five", MODE = "fast-mode-on" }\n')
    assert line.startswith("signoff.toml, line 3: mcp.a.env.DB_PASSWORD looks like a secret")
    assert "tea" not in line


def test_what_came_from_the_environment_is_not_repeated(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WHOM", "someone-private")
    (line,) = problems('[approvals]\napprovers = ["${WHOM}"]\n')
    assert line.startswith("signoff.toml, line 2: approvals.approvers is not a list")
    assert "private" not in line


def test_nor_is_what_came_into_a_condition_or_a_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("WHOM", "someone-private")
    condition, path = problems('mcp_config = "${WHOM}.json"\n' + RULE + 'when = "args.a == ${WHOM}"\n', tmp_path)[::-1]
    assert condition == "signoff.toml, line 4: approvals.rules.when is no condition"
    assert path.startswith("signoff.toml, line 1: mcp_config cannot be read: No such file")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (".".join(["a"] * 3000) + " = 1\n", "signoff.toml: it is nested too deeply"),
        (f"[model]\ncontext_window = {'9' * 5000}\n", "signoff.toml: it has a number with too many digits"),
    ],
)
def test_what_is_too_large_to_be_read_is_a_line(text: str, problem: str):
    assert problems(text) == [problem]


def test_several_tables_in_the_place_of_one_have_a_line():
    found = problems("[[admins]]\nusers = []\n[[mcp.git]]\n[[admins]]\n[[model]]\n")
    assert found == [
        "signoff.toml, line 1: admins is no table",
        "signoff.toml, line 3: mcp.git is no table",
        "signoff.toml, line 5: model is no table",
    ]


def test_a_mark_at_the_beginning_of_a_file_is_none_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "mcp.json").write_text('{"mcpServers": {"x": {"command": "x"}}}', "utf-8-sig")
    (tmp_path / "own.toml").write_text('mcp_config = "mcp.json"\n', "utf-8-sig")
    monkeypatch.setenv("SIGNOFF_CONFIG", str(tmp_path / "own.toml"))
    assert [each.name for each in config.read(HostSettings()).servers] == ["x"]


def test_a_channel_that_there_is_not_is_one_line_with_its_place(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRAPH", "graph")
    text = GOOD + '[mcp.a]\ncommand = "x"\nchannels = ["#nowhere", "#general"]\n'
    with pytest.raises(BadSettings) as refused:
        config.ids(config.parse(text, "signoff.toml"), {"general": "C0GENERAL"})
    assert refused.value.problems == [
        "signoff.toml, line 4: there is no channel #deploys that the bot can see. Make it, or invite the bot",
        "signoff.toml, line 6: there is no channel #nowhere that the bot can see. Make it, or invite the bot",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24h", timedelta(hours=24)),
        ("90m", timedelta(minutes=90)),
        ("2d", timedelta(days=2)),
        ("30s", timedelta(seconds=30)),
        ("PT90M", timedelta(minutes=90)),
        ("P2D", timedelta(days=2)),
    ],
)
def test_durations(text: str, expected: timedelta):
    assert duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "h", "24", "24 h", "1.5h", "-1h", "0s", "P", "PT0S", "99999999d", "-P1D", 5, True, None]
)
def test_what_is_no_duration(text: Any):
    with pytest.raises(ValueError):
        duration(text)


ODD = '''
title = "[not.a.table]" # [[nor.this]]
"quoted key" = """
[still]
text = 1
"""
list = [
  "a", # quorum = 5
  "b]",
]
[[a.b]]
x = 1
[[a.b]]
y = { z = 1, "w.v" = [1, { u = 2 }] }
[a.b.c]
x = 2
[a.b."d.e"]
x = 3
["f"]
g.h = 4
'''


def test_the_line_of_each_entry():
    lines = toml_lines(ODD)
    assert {
        ("title",): 2,
        ("quoted key",): 3,
        ("list",): 7,
        ("list", 0): 8,
        ("list", 1): 9,
        ("a", "b", 0): 11,
        ("a", "b", 0, "x"): 12,
        ("a", "b", 1): 13,
        ("a", "b", 1, "y", "w.v", 1, "u"): 14,
        ("a", "b", 1, "c"): 15,
        ("a", "b", 1, "c", "x"): 16,
        ("a", "b", 1, "d.e", "x"): 18,
        ("f", "g", "h"): 20,
    }.items() <= lines.items()
    assert nearest(lines, ("a", "b", 1, "nothing")) == 13
    assert nearest(lines, ("nothing",)) == 0
    assert toml_lines(ODD.replace("\n", "\r\n")) == lines


ARRAYS = '''
"a = [" = [
  { b = "],", c = [1, 2] }, # , ]
  { b = """
],
""" }, [], [ [1,
    2], "x" ], 5,
  ''\'
[[x]]
''\',
]
d = { e = [
  1,
] }
'''


def test_the_line_of_each_member_of_an_array():
    lines = toml_lines(ARRAYS)
    key = "a = ["
    assert {
        (key,): 2,
        (key, 0): 3,
        (key, 0, "c", 1): 3,
        (key, 1): 4,
        (key, 1, "b"): 4,
        (key, 2): 6,
        (key, 3): 6,
        (key, 3, 0, 0): 6,
        (key, 3, 0, 1): 7,
        (key, 3, 1): 7,
        (key, 4): 7,
        (key, 5): 8,
        ("d", "e", 0): 12,
    }.items() <= lines.items()


def test_the_line_of_each_entry_of_a_json_file():
    lines = json_lines('\n{"a": {"b": [{"c": 1}],\n"d\\"": {}},\n "e": "}{",\n"f": {"g": {\n"h": null}}}\n')
    assert lines == {
        ("a",): 2,
        ("a", "b"): 2,
        ("a", 'd"'): 3,
        ("e",): 4,
        ("f",): 5,
        ("f", "g"): 5,
        ("f", "g", "h"): 6,
    }
    assert json_lines("{}") == {}


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_lines(text: str):
    told: list[str] = []
    try:
        config.parse(text, "signoff.toml")
    except BadSettings as error:
        told = error.problems
    assert all(line.startswith("signoff.toml") and "\n" not in line for line in told)
