"""`signoff demo --tour`: all of it at once, as a program that a person starts."""

import os
import signal
from pathlib import Path

import pytest

from tests.stories.programs import Program

pytestmark = pytest.mark.slow


def tour(folder: Path, *arguments: str, **env: str) -> tuple[int, str, str]:
    """Exit code, transcript and stderr."""
    program = Program(["bot", "demo", "--tour", *arguments], folder, folder / "log", {"PYTHONUTF8": "1", **env})
    try:
        return program.outcome(90)
    finally:
        program.log.unlink()


def test_a_tour_that_nobody_reads_to_its_end_ends_quietly_and_did_not_hold(tmp_path: Path):
    program = Program(["bot", "demo", "--tour", "--port", "0"], tmp_path, tmp_path / "log", {"PYTHONUTF8": "1"})
    try:
        assert program.process.stdout is not None
        assert program.process.stdout.readline()
        program.process.stdout.close()
        assert program.process.wait(60) == 1
        assert program.log.read_text("utf-8") == ""
    finally:
        program.process.stdout = None
        program.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_tour_that_is_stopped_ends_quietly_and_leaves_nothing(tmp_path: Path, number: signal.Signals):
    (kept := tmp_path / "kept").mkdir()
    env = {"PYTHONUTF8": "1", "TMPDIR": str(kept)}
    program = Program(["bot", "demo", "--tour"], tmp_path, tmp_path / "log", env)
    try:
        program.line()
        os.killpg(program.process.pid, number)  # a terminal tells all of them
        assert program.process.wait(60) == 130
        assert program.log.read_text("utf-8") == ""
        assert list(kept.iterdir()) == []
    finally:
        program.kill()


def test_the_tour_of_another_agent_says_that_there_is_none(tmp_path: Path):
    agent = 'from graphs import Agent\nagent = Agent("Be brief.", [])\n'
    (tmp_path / "my_agent.py").write_text(agent, "utf-8")
    code, _, errors = tour(tmp_path, SIGNOFF_AGENT="my_agent:agent")
    assert code == 1
    assert "Unset SIGNOFF_AGENT" in errors
    assert "Traceback" not in errors


def test_the_tour_holds_reads_well_and_fails_where_something_happened_before(tmp_path: Path):
    arguments = ("--port", "0", "--data", str(tmp_path / "demo"))
    code, transcript, errors = tour(tmp_path, *arguments)
    assert (code, errors) == (0, "")
    for said in ("refund order 1042, 80 euro", "[ Approve ]", "80 → 60", "Reason", "without asking", "killed", "Lea"):
        assert said in transcript
    assert "orders, 1043: status paid → cancelled" in transcript
    assert "\x1b" not in transcript, "no colours where no terminal is"
    assert [line for line in transcript.splitlines() if len(line) > 80] == []
    code, transcript, errors = tour(tmp_path, *arguments)
    assert (code, transcript) == (1, "")
    assert "--data" in errors
