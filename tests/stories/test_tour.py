"""`signoff demo --tour`: all of it at once, as a program that a person starts."""

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
