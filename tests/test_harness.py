"""What a run of the tests says when it hangs, and when it left something out: seen in a run of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

HANGING = """
import asyncio
import time

import pytest


async def test_a_coroutine():
    await asyncio.Event().wait()


def test_a_function():
    time.sleep(100)


@pytest.fixture
async def fixture():
    await asyncio.Event().wait()


async def test_a_fixture(fixture): ...


@pytest.fixture
async def end():
    yield
    await asyncio.Event().wait()


async def test_an_end(end): ...


async def test_what_comes_after(): ...
"""


def run_of_tests(*arguments: str, **environment: str) -> str:
    """What pytest, with this project's settings, says of these tests."""
    env = {name: value for name, value in os.environ.items() if name != "CI"} | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env | environment, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.slow
def test_whatever_hangs_fails_by_itself_and_says_where_it_waited(tmp_path: Path) -> None:
    hanging = tmp_path / "test_hanging.py"
    hanging.write_text(HANGING, "utf-8")
    said = run_of_tests("-p", "tests.support.reports", "-o", "timeout=0.3", str(hanging))
    assert "2 failed, 2 passed, 2 errors" in said
    assert said.count("in test_a_coroutine\n    await asyncio.Event().wait()\n") == 1
    assert said.count("in fixture\n    await asyncio.Event().wait()\n") == 1


@pytest.mark.slow
def test_a_run_without_a_browser_ends_with_what_it_left_out() -> None:
    said = run_of_tests(
        "tests/demo/workspace/test_page.py", "-k", "mrkdwn or each_person", CHROMIUM="/nowhere/chromium"
    )
    assert said.splitlines()[-2].startswith("NOT RUN: 2 browser tests, because there is no Chromium"), said


def test_every_test_has_a_time_limit_and_the_slow_ones_a_longer_one(request: pytest.FixtureRequest) -> None:
    assert request.config.getini("timeout") == "60"
    limits = [item.get_closest_marker("timeout") for item in request.session.items if item.get_closest_marker("slow")]
    assert all(each is not None and 60 < each.args[0] < 300 for each in limits)
