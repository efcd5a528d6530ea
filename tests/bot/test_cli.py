"""The command line: help and version everywhere, one line for what cannot be used, exit code 2."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from bot.cli import main
from bot.manifest import manifest
from storage import Connection, audit, open_storage, usage
from storage.ids import ThreadId
from storage.usage import Used

COMMANDS = (
    *(("run",), ("doctor",), ("demo",), ("manifest",), ("usage",)),
    *(("audit",), ("audit", "verify"), ("audit", "export")),
)


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", [(), *COMMANDS])
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
        ["fly"],
        ["run", "--fast"],
        ["demo", "--port", "many"],
        ["demo", "--port", "99999"],
        ["demo", "--port", "-1"],
        ["manifest", "--url", "http://bot.example.com"],
        ["manifest", "--url", "https://"],
        ["manifest", "--url", "https://bot.example.com/a b"],
        ["manifest", "--url", "https://bot.example.com:x"],
        ["manifest", "--url", "https://bot.example.com/?a=1"],
        ["audit", "export", "--since", "yesterday"],
        ["usage", "--days", "0"],
        ["usage", "--days", "many"],
        ["usage", "--by", "colour"],
    ],
)
def test_what_it_does_not_know_is_said_with_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "usage: signoff" in said
    assert "invalid" not in said or "invalid choice" in said, "what was expected is said"


def test_a_command_of_commands_alone_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert all(action in said.out for action in ("verify", "export"))


@pytest.mark.parametrize("arguments", [["demo"], ["demo", "--tour"]])
def test_a_folder_that_is_none_is_said_in_one_line(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main([*arguments, "--data", str(tmp_path / "file")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{str(tmp_path / 'file')!r} cannot be used: ")
    assert "--data" in line


def test_the_program_alone_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert all(
        command in said.out
        for command in ("run", "doctor", "demo", "manifest", "audit", "usage", "backup", "move", "prune")
    )


@pytest.fixture
def audited(tmp_path: Path) -> dict[str, str]:
    """The environment of a command, with a database of more rows than a pipe holds."""
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    today = datetime.now(UTC).date().isoformat()

    def refusals(db: Connection) -> None:
        for number in range(600):
            audit.append(db, audit.Entry("refusal", 1.0, "thread", None, None, f"{number:0300}"))
            usage.put(db, Used(f"m{number}", ThreadId(f"t{number:0200}"), "U0ANA", today, "small", 1, 1))

    async def fill() -> None:
        async with open_storage(url) as storage:
            await storage.write(refusals)

    asyncio.run(fill())
    return {"DATABASE_URL": url}


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["audit", "export"], 1),  # closed while it writes
        (["audit", "verify"], 0),  # closed before anything was flushed
        (["usage", "--by", "thread", "--json"], 1),
        (["usage"], 0),
        (["prune", "--older-than", "9d", "--dry-run"], 0),
        (["manifest"], 0),
        (["--help"], 0),
        (["audit", "--version"], 0),
        ([], 0),
    ],
)
def test_an_output_that_is_closed_early_ends_it_quietly(
    arguments: list[str], lines: int, audited: dict[str, str]
) -> None:
    command = [sys.executable, "-m", "bot", *arguments]
    env = {**os.environ, **audited, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        for _ in range(lines):
            assert program.stdout.read(1) == b"{"
        program.stdout.close()
        assert program.stderr.read() == b""
        assert program.wait(30) == 0


@pytest.mark.parametrize("arguments", [["audit", "export"], ["audit", "verify"], ["usage"], ["--help"], []])
def test_an_output_that_was_never_open_is_no_problem(arguments: list[str], audited: dict[str, str]) -> None:
    command = ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "bot", *arguments]
    env = {**os.environ, **audited, "PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run(command, env=env, capture_output=True, timeout=30)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize("arguments", [["manifest"], ["audit", "export"], ["audit", "verify"], ["usage"]])
def test_an_output_that_cannot_be_written_is_one_line(arguments: list[str], audited: dict[str, str]) -> None:
    env = {**os.environ, **audited, "PYTHONPATH": str(Path(__file__).parents[2])}
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "bot", *arguments], env=env, stdout=full, stderr=subprocess.PIPE, timeout=30
        )
    assert ended.returncode == 1
    assert ended.stderr == b"The output cannot be written: No space left on device.\n"


def test_a_broken_pipe_of_something_else_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def render(url: str | None) -> str:
        raise BrokenPipeError("to another program")

    monkeypatch.setattr("bot.manifest.render", render)
    with pytest.raises(BrokenPipeError, match="another program"):
        main(["manifest"])


def test_the_manifest_is_printed_to_paste(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifest"]) == 0
    assert json.loads(capsys.readouterr().out) == manifest()


@pytest.mark.parametrize("command", ["run", "doctor"])
def test_missing_settings_are_one_line_each(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command]) == 2
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


LEAKY = """
import logging, os
logging.getLogger("leaky").warning("the environment is %s", dict(os.environ))
try:
    raise KeyError(os.environ["OPENAI_API_KEY"])
except KeyError:
    logging.getLogger("leaky").exception("it failed")
logging.getLogger("aiosqlite").debug("executing %s", os.environ["OPENAI_API_KEY"])
raise ImportError("no module for " + os.environ["OPENAI_API_KEY"] + " at https://ana:s3cret-w0rd@host/")
"""


def test_no_secret_is_in_the_log_or_in_what_is_wrong_at_any_level(tmp_path: Path) -> None:
    (tmp_path / "leaky.py").write_text(LEAKY)
    secrets = {
        "SLACK_BOT_TOKEN": "xoxb-1-2-abc",
        "SLACK_APP_TOKEN": "xapp-1-2-abc",
        "SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef",
        "OPENAI_API_KEY": "k3y'of-the\"account",
    }
    others = {"SIGNOFF_AGENT": "leaky:agent", "LOG_LEVEL": "DEBUG", "MY_PROXY": "http://ana:s3cret-w0rd@proxy:1/"}
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        cwd=tmp_path,
        env=os.environ | secrets | others,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 2
    assert "the environment is" in ended.stderr
    assert "SIGNOFF_AGENT is 'leaky:agent', which cannot be imported: no module for [hidden]" in ended.stderr
    for secret in (*secrets.values(), "of-the", "s3cret-w0rd", "executing"):
        assert secret not in ended.stderr
