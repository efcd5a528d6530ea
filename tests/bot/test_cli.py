"""The command line: help and version everywhere, one line for what cannot be used, exit code 2."""

import json
import socket
from importlib.metadata import version
from pathlib import Path

import pytest

from bot.cli import main
from bot.manifest import manifest

COMMANDS = ("run", "demo", "manifest")


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", [(), *((each,) for each in COMMANDS)])
def test_help_and_version_are_everywhere(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    assert "usage: signoff" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main([*command, "--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"signoff {version('signoff')}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["run", "--fast"],
        ["demo", "--port", "many"],
        ["demo", "--port", "99999"],
        ["demo", "--port", "-1"],
        ["manifest", "--url", "http://bot.example.com"],
    ],
)
def test_what_it_does_not_know_is_said_with_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: signoff" in capsys.readouterr().err


def test_the_manifest_is_printed_to_paste(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifest"]) == 0
    assert json.loads(capsys.readouterr().out) == manifest()


def test_missing_settings_are_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "OPENAI_API_KEY"]


def test_a_port_in_use_is_one_line_and_nothing_is_left_running(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["demo", "--port", str(port), "--data", str(tmp_path / "demo")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(port) in line
