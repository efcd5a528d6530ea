"""The examples of `docs/langgraph-examples.md`, run as they stand, on a real file; and what the README promises."""

import ast
import dataclasses
import importlib
import inspect
import itertools
import re
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, get_overloads

import pytest
from PIL import Image

import graphs
from bot import config
from bot.config.sections import Approvals, Retention, RuleSection
from bot.config.servers import Server
from bot.loading import load
from bot.settings import Settings
from bot.shown.commands import help_
from graphs import Approval, entrypoint, tool
from graphs.errors import LeftOut
from graphs.runtime import left_out
from storage import open_storage
from storage.migrations import migrate

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/langgraph-examples.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def headings(text: str, level: int) -> list[tuple[str, str]]:
    """(heading, what stands below it), in order; "" is what stands before the first heading."""
    first, *parts = re.split(rf"^{'#' * level} (.*)\n", text, flags=re.MULTILINE)
    return [("", first), *zip(parts[::2], parts[1::2], strict=True)]


def examples() -> dict[tuple[str, str], list[str]]:
    """(page of the guide, example) → blocks, in the page's order; "" is what stands before a first heading."""
    return {
        (page, example): BLOCK.findall(text)
        for page, below in headings(PAGE.read_text("utf-8"), 2)
        for example, text in headings(below, 3)
    }


EXAMPLES = examples()
GUIDE = {
    "Interrupts": [
        "Pause and resume",
        "The schema of an answer",
        "Several questions at once",
        "Stream with a person in the loop",
        "Approve or reject",
        "Review and edit state",
        "Review tool calls, in the tool",
        "Review tool calls, around it",
        "Validate input",
        "Validate input, by an edge back",
        "Several questions in one node",
        "Simple and structured payloads",
        "try and except round a question",
        "Side effects before a question",
        "Subgraphs called as functions",
        "Static breakpoints, at compile time",
        "Static breakpoints, at run time",
        "Debugging step by step",
    ],
    "Durable execution": ["Side effects in tasks", "How durable a run is", "Go on after an error"],
    "Time travel": [
        "Run, find, update, go on",
        "Replay",
        "Fork",
        "As a node",
        "From before a question",
        "Between two questions",
        "Subgraphs, by default",
        "Subgraphs that keep their state",
    ],
    "Functional API": [
        "An entrypoint",
        "A task, and its result",
        "A task, awaited",
        "Injected parameters",
        "An essay with a review",
        "previous",
        "entrypoint.final",
        "Side effects in a flow",
        "What may be different the next time",
        "Tasks in parallel",
        "Call a graph",
        "Call another flow",
        "Stream what you like",
        "Retry",
        "Timeout",
        "Go on with a flow after an error",
        "A task that asks",
        "Review tool calls, in a flow that keeps its messages",
        "Manage checkpoints",
        "A chatbot",
    ],
}
NOT_SHOWN = [
    name
    for page, text in headings(PAGE.read_text("utf-8"), 2)
    if page == "What is left out"
    for names in re.findall(r"^\|[^|]*\|([^|]*)\|", text, re.MULTILINE)
    for name in re.findall(r"`(.+?)`", names)
]
NAMED = [(page, example) for page, there in GUIDE.items() for example in there]


async def run(source: str, names: dict[str, Any], where: str) -> None:
    code = compile(source, where, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    result = eval(code, names)  # the page is ours
    if inspect.iscoroutine(result):
        await result


async def test_the_examples_run_in_the_pages_order(tmp_path: Path) -> None:
    names: dict[str, Any] = {"__name__": "examples"}
    async with open_storage(f"sqlite:///{tmp_path / 'examples.db'}") as storage:
        names["storage"] = storage
        for (page, example), blocks in EXAMPLES.items():
            assert blocks or not example, f"{example!r} shows nothing"
            for block in blocks:
                await run(block, names, f"{PAGE.name}: {page or 'the beginning'}, {example or 'the beginning'}")


@pytest.mark.parametrize(("page", "example"), NAMED)
def test_each_example_of_the_guide_is_there_and_asserts_what_it_shows(page: str, example: str) -> None:
    assert any("assert " in block for block in EXAMPLES[page, example])


def test_the_examples_are_those_of_the_guides_pages_in_order() -> None:
    assert [(page, example) for page, example in EXAMPLES if example] == NAMED
    assert list(EXAMPLES)[-1] == ("What is left out", "")
    assert "graph.astream_events" in NOT_SHOWN


def reach(name: str) -> None:
    """Use a name as it is written: `graph.method`, `option=` of an entrypoint, or one that is imported."""

    @entrypoint()
    def graph(given: str) -> str:
        return given

    if name.startswith("graph."):
        getattr(graph, name.removeprefix("graph."))
    elif name.endswith("="):
        option: dict[str, Any] = {name.removesuffix("="): object()}
        entrypoint(**option)
    else:
        getattr(graphs, name)


@pytest.mark.parametrize("name", NOT_SHOWN)
def test_L14_what_the_page_leaves_out_raises_an_error_that_says_so(name: str) -> None:
    with pytest.raises(LeftOut, match="is left out"):
        reach(name)


async def test_a_wrong_example_fails() -> None:
    with pytest.raises(AssertionError):
        await run("async def no():\n    return False\n\nassert await no()", {}, "here")


FROM_LANGGRAPH = (ROOT / "docs/from-langgraph.md").read_text("utf-8")
LEFT_OUT = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (.*?) \| (.*?) \|$", FROM_LANGGRAPH, re.MULTILINE)
REASONS: list[Mapping[str, left_out.Reason]] = [
    *(left_out.NAMES, left_out.METHODS, left_out.OPTIONS, left_out.OF_RUNTIME, left_out.OF_DRAWINGS),
]


def test_the_page_for_those_who_come_from_langgraph_has_every_row_of_w() -> None:
    rows = set(re.findall(r"^\| (W\d+) \|", (ROOT / "docs/behaviour.md").read_text("utf-8"), re.MULTILINE))
    assert len(rows) == 14
    assert set(re.findall(r"^\| (W\d+) \|", FROM_LANGGRAPH, re.MULTILINE)) == rows


def test_L14_the_page_says_of_what_is_left_out_what_the_error_says() -> None:
    assert len(LEFT_OUT) > 20
    for names, why, instead in LEFT_OUT:
        for name in re.findall(r"`(\w+)`", names):
            reasons = [table[name] for table in REASONS if name in table]
            assert reasons, name
            assert all(reason.why == why and reason.instead.lower() == instead.lower() for reason in reasons), name


README = (ROOT / "README.md").read_text("utf-8")
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
PAGES["README.md"] = README
LINK = re.compile(r"(?:\]\(|src=\")(?!https?://)([^)\"]+)")


def anchors(text: str) -> set[str]:
    """The addresses of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_shows_and_leads_to_is_there(page: str) -> None:
    for address in LINK.findall(PAGES[page]):
        path, _, anchor = address.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), address
        assert not anchor or anchor in anchors(target.read_text("utf-8")), address


def commands() -> set[str]:
    named = (re.findall(r"`(?:SIGNOFF_AGENT=\S+ )?signoff ([a-z]+(?: [a-z]+)?)[ `]", text) for text in PAGES.values())
    return set(itertools.chain.from_iterable(named))


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_that_a_page_names_is_there(command: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bot", *command.split(), "--help"], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 0, ended.stderr


def test_every_command_that_there_is_stands_in_a_page() -> None:
    helped = subprocess.run(
        [sys.executable, "-m", "bot", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    there = set(re.findall(r"^    ([a-z]+) ", helped.stdout, re.MULTILINE))
    assert {"run", "demo"} <= there
    assert there - {command.split()[0] for command in commands()} <= {"demo"}, "`make demo` is that one"


def test_the_readme_shows_what_make_pictures_takes_and_nothing_else_of_the_demo() -> None:
    folder = ROOT / "docs/pictures"
    taken = set(re.findall(r"[a-z-]+\.(?:png|webp)", (folder / "make.py").read_text("utf-8")))
    assert taken == {path.name for path in folder.iterdir() if path.suffix in (".png", ".webp")}
    assert taken == set(re.findall(r"docs/pictures/([a-z-]+\.(?:png|webp))", README))
    assert sum((folder / name).stat().st_size for name in taken) < 600_000


@pytest.mark.browser
@pytest.mark.slow
def test_make_pictures_takes_them(chromium: str, tmp_path: Path) -> None:
    program = [sys.executable, str(ROOT / "docs/pictures/make.py"), str(tmp_path)]
    ended = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert ended.returncode == 0, ended.stderr
    for name in ("card.png", "card-dark.png", "ask-edit-run.webp"):
        with Image.open(tmp_path / name) as taken, Image.open(ROOT / "docs/pictures" / name) as kept:
            assert (taken.width, getattr(taken, "n_frames", 1)) == (kept.width, getattr(kept, "n_frames", 1))


def rows(page: str, heading: str) -> set[str]:
    """The words in the first column of the table below a heading."""
    (section,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGES[page], re.MULTILINE | re.DOTALL)
    return set(re.findall(r"^\| `([a-z_]+)`", section, re.MULTILINE))


def test_every_option_of_a_tool_and_of_a_policy_has_its_row() -> None:
    options = [each.name for each in dataclasses.fields(Approval) if each.init]
    assert rows("docs/tools.md", "`Approval(…)`") == set(options)
    _, declared = get_overloads(tool)
    assert rows("docs/tools.md", "`@tool(…)`") == set(inspect.signature(declared).parameters)


def test_every_table_of_the_database_has_its_row() -> None:
    (section,) = re.findall(r"^## What is on disk\n(.*?)(?=^## )", PAGES["docs/design.md"], re.MULTILINE | re.DOTALL)
    named = {
        name for cell in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)
    }
    with closing(sqlite3.connect(":memory:")) as db:
        migrate(db)
        there = {name for (name,) in db.execute("select name from sqlite_schema where type = 'table'")}
    assert named == there - {"sqlite_sequence"}


def test_every_file_that_the_tour_names_is_there() -> None:
    """By its path, or by its name alone where its room is clear from what stands around it."""
    files = [
        path.relative_to(ROOT).as_posix()
        for room in ("bot", "graphs", "storage", "tests")
        for path in (ROOT / room).rglob("*.py")
    ]
    for name in re.findall(r"`([\w/]+\.py)`", PAGES["docs/design.md"]):
        assert any(f"/{file}".endswith(f"/{name}") for file in files), name


@pytest.mark.parametrize("name", ["my_agent", "my_graph"])
def test_the_readmes_files_can_be_hosted(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = re.findall(rf"```python\n(# {name}\.py\n.*?)```", README, re.DOTALL)
    (tmp_path / f"{name}.py").write_text(block, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load(f"{name}:{name.removeprefix('my_')}") is not None


@pytest.mark.parametrize("block", BLOCK.findall(README))
def test_the_readmes_code_parses_and_its_names_import(block: str) -> None:
    tree = compile(block, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)
    assert isinstance(tree, ast.Module)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module or "")
            assert [each.name for each in node.names if not hasattr(module, each.name)] == []


def test_the_readmes_signoff_toml_can_be_read() -> None:
    first, last = (config.parse(block, "signoff.toml") for block in re.findall(r"```toml\n(.*?)```", README, re.DOTALL))
    assert ([each.name for each in first.servers], [rule.tool for rule in first.rules]) == (["git"], ["git.git_commit"])
    assert dict(last.agents) == {"#general": "my_graph:graph"}


def test_the_whole_signoff_toml_can_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGES["docs/tools.md"], re.DOTALL)
    (tmp_path / "mcp.json").write_text('{"mcpServers": {"files": {"command": "npx"}}}')
    for name in set(re.findall(r"\$\{(\w+)\}", block)):
        monkeypatch.setenv(name, "some-token")
    read = config.parse(block, "signoff.toml", tmp_path)
    assert {each.name for each in read.servers} == {"git", "remote", "files"}
    assert [rule.tool for rule in read.rules] == ["git.git_status", "git.*", "refund_order"]
    shown = set(re.findall(r"^(\w+) = |^\[+([\w.]+)\]+", block, re.MULTILINE))
    keys = {key for pair in shown for key in pair if key}
    assert keys >= {*Approvals.model_fields, *RuleSection.model_fields, *Retention.model_fields}
    assert keys >= {"admins", "agents", "model", "retention"}
    assert keys >= {*Server.model_fields} - {"type", "transport"}


def test_every_word_of_the_slash_command_that_a_page_names_is_one() -> None:
    named = {word for text in PAGES.values() for word in re.findall(r"`/signoff ([a-z]+)`", text)}
    assert {"list", "stop"} <= named
    helped = str(help_().blocks)
    assert [word for word in sorted(named) if f"/signoff {word}" not in helped] == []


def test_every_setting_that_a_page_names_is_one() -> None:
    named = {
        name for text in PAGES.values() for name in re.findall(r"\b(?:SIGNOFF|SLACK|OPENAI|DATABASE)_[A-Z_]+", text)
    }
    assert {"SIGNOFF_AGENT", "SLACK_BOT_TOKEN"} <= named
    assert sorted(named - {name.upper() for name in Settings.model_fields}) == []
