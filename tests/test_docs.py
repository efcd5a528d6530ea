"""The examples of `docs/langgraph-examples.md`, run as they stand, on a real file; and what the README promises."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.loading import load
from storage import open_storage

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/langgraph-examples.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def sections() -> dict[str, list[str]]:
    """Heading → blocks, in the page's order; "" is what stands before the first heading."""
    parts = re.split(r"^## (.*)\n", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    return {"": BLOCK.findall(parts[0])} | {
        heading: BLOCK.findall(text) for heading, text in zip(parts[1::2], parts[2::2], strict=True)
    }


SECTIONS = sections()


async def run(source: str, names: dict[str, Any], where: str) -> None:
    code = compile(source, where, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    result = eval(code, names)  # the page is ours
    if inspect.iscoroutine(result):
        await result


async def test_the_examples_run_in_the_pages_order(tmp_path: Path) -> None:
    names: dict[str, Any] = {"__name__": "examples"}
    async with open_storage(f"sqlite:///{tmp_path / 'examples.db'}") as storage:
        names["storage"] = storage
        for heading, blocks in SECTIONS.items():
            assert blocks, f"{heading!r} shows nothing"
            for block in blocks:
                await run(block, names, f"{PAGE.name}: {heading or 'the beginning'}")


@pytest.mark.parametrize(
    "example",
    [
        "Approve or reject",
        "Review and edit state",
        "Review tool calls, in the tool",
        "Review tool calls, around it",
        "Validate input",
        "Several questions at once",
        "Static breakpoints, at compile time",
        "Static breakpoints, at run time",
        "Debugging step by step",
        "Side effects before a question",
        "Subgraphs called as functions",
        "Several questions in one node",
    ],
)
def test_each_example_of_the_guide_is_there_and_asserts_what_it_shows(example: str) -> None:
    assert any("assert " in block for block in SECTIONS[example])


async def test_a_wrong_example_fails() -> None:
    with pytest.raises(AssertionError):
        await run("async def no():\n    return False\n\nassert await no()", {}, "here")


README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("address", sorted(set(re.findall(r"(?:\]\(|src=\")((?:docs|graphs)/[^)\"#]+)", README))))
def test_what_the_readme_shows_and_leads_to_is_there(address: str) -> None:
    assert (ROOT / address).exists()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`signoff ([a-z]+(?: [a-z]+)?)[ `]", README))))
def test_every_command_that_the_readme_names_is_there(command: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "bot", *command.split(), "--help"], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("name", ["my_agent", "my_graph"])
def test_the_readmes_files_can_be_hosted(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = re.findall(rf"```python\n(# {name}\.py\n.*?)```", README, re.DOTALL)
    (tmp_path / f"{name}.py").write_text(block, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load(f"{name}:{name.removeprefix('my_')}") is not None
