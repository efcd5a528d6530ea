"""What the files beside the code promise, compared with the code."""

import ast
import itertools
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from bot.settings import Settings

ROOT = Path(__file__).parents[1]


def read(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


RUN, DEV, IMAGE, BENCH = LOCKS = (
    "requirements.lock",
    "requirements-dev.lock",
    "deploy/requirements.lock",
    "benchmarks/requirements.lock",
)


def locked(lock: str) -> list[str]:
    """The entries of a lock, each with its continuation lines joined."""
    lines = re.sub(r" \\\n +", " ", read(lock)).splitlines()
    return [line for line in lines if not line.startswith("#")]


def names(requirements: list[str]) -> set[str]:
    return {Requirement(each.partition(" --hash")[0]).name for each in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place_to_fetch_from(lock: str) -> None:
    """Where packages come from is the business of whoever installs."""
    assert not re.search(r"://|pypi|\.(org|io|com|net)\b", read(lock))
    assert not [line for line in locked(lock) if re.search(r"(^| )-(?!-hash=sha256:)", line)]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_one_version_and_hashes(lock: str) -> None:
    entries = locked(lock)
    assert entries
    for entry in entries:
        requirement, *hashes = re.split(r" --hash=", entry)
        assert re.fullmatch(r"==[\w.+]+", str(Requirement(requirement).specifier)), entry
        assert hashes, entry
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes), entry


def test_what_is_needed_is_in_its_lock() -> None:
    project = tomllib.loads(read("pyproject.toml"))
    dependencies, groups = project["project"]["dependencies"], project["dependency-groups"]
    tools = [*groups["test"], *(each for each in groups["dev"] if isinstance(each, str))]
    extras = itertools.chain.from_iterable(project["project"]["optional-dependencies"].values())
    ours = [*dependencies, *groups["install"]]
    for lock, wanted in ((RUN, ours), (DEV, tools), (IMAGE, [*ours, *extras]), (BENCH, groups["bench"])):
        pinned = [Requirement(entry.partition(" --hash")[0]) for entry in locked(lock)]
        versions = {each.name: str(each.specifier).removeprefix("==") for each in pinned}
        for each in map(Requirement, wanted):
            assert each.name in versions
            assert each.specifier.contains(versions[each.name]), each
    assert names(tools).isdisjoint(names(locked(RUN))), "who runs the program needs no tools for tests and checks"


@pytest.mark.parametrize("lock", [RUN, IMAGE])
def test_what_runs_is_what_was_tested(lock: str) -> None:
    """Every entry of the smaller lock, its version and hashes, stands in the larger, perhaps for more systems."""
    smaller, larger = ({re.sub(r" ; .*?(?= --hash)", "", each) for each in locked(file)} for file in (lock, DEV))
    assert smaller < larger


def test_the_example_of_env_is_the_settings_class() -> None:
    """Each variable once, with its description above it and its default behind it."""
    paragraphs = [part.splitlines() for part in read(".env.example").split("\n\n")]
    found = {lines[-1].partition("=")[0]: lines for lines in paragraphs if not lines[-1].startswith("#")}
    assert len(found) == sum("=" in lines[-1] for lines in paragraphs if not lines[-1].startswith("#"))
    assert found.keys() == {name.upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        default = field.default if isinstance(field.default, str | int) else ""
        assert found[name.upper()] == [f"# {field.description}", f"{name.upper()}={default}"]


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    assert re.search(r"^## \[Unreleased\]\n", read("CHANGELOG.md"), re.MULTILINE)


def test_every_command_of_the_readme_is_a_target_of_the_makefile() -> None:
    named = set(re.findall(r"\bmake ([a-z]+)", read("README.md")))
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert {"demo", "test"} <= named
    assert named <= targets


@pytest.mark.parametrize("room", ["bot", "graphs", "storage"])
def test_every_directory_with_modules_is_a_package(room: str) -> None:
    """One that is not would be missing from the installed program."""
    directories = {path.parent for path in (ROOT / room).rglob("*.py")}
    assert directories
    assert [str(each.relative_to(ROOT)) for each in sorted(directories) if not (each / "__init__.py").exists()] == []


def tool_words(source: str) -> Iterator[str]:
    """The names of the functions under `@tool`, and those of their parameters that are no everyday word.

    `idempotency_key` is the product's own: it is filled in for every tool that takes it.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(map(_is_tool, node.decorator_list)):
            arguments = node.args
            for name in (node.name, *(each.arg for each in (*arguments.args, *arguments.kwonlyargs))):
                if "_" in name and name != "idempotency_key":
                    yield name


def _is_tool(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (isinstance(called, ast.Name) and called.id == "tool") or (
        isinstance(called, ast.Attribute) and called.attr == "tool"
    )


def test_bot_knows_no_tool_of_the_sample_agent() -> None:
    sample = sorted((ROOT / "graphs" / "sample").rglob("*.py"))
    words = {word for path in sample for word in tool_words(path.read_text("utf-8"))} - {"idempotency_key"}  # our name
    assert len(words) >= 4, "the sample agent has tools"
    pattern = re.compile("|".join(map(re.escape, words)))
    text = [path for path in (ROOT / "bot").rglob("*") if path.suffix in (".py", ".js", ".html", ".css", ".json")]
    assert text
    knowing = {path for path in text if pattern.search(path.read_text("utf-8"))}
    assert knowing == {ROOT / "bot/demo/model/support_desk/shop.py"}, "only the demo's model may play the support desk"


def test_the_words_of_a_tool_are_found() -> None:
    source = (
        "@tool(approval=True)\nasync def pay_out(order_id: int, *, send_to: str, note=''): ...\n\ndef help_er(): ..."
    )
    assert set(tool_words(source)) == {"pay_out", "order_id", "send_to"}
    assert set(tool_words("@graphs.tool\ndef look_up(): ...")) == {"look_up"}
