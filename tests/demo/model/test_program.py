"""The model as a process of its own."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

import pytest

PROGRAM = [sys.executable, "-m", "bot.demo.model"]
SECONDS = 20


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program, and the line it printed when it was ready."""
    process = subprocess.Popen([*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout
            yield process, process.stdout.readline()
        finally:
            process.kill()


@pytest.mark.slow
def test_it_says_when_it_is_ready_and_stops_when_told() -> None:
    with started() as (process, line):
        ready, url = line.split()
        assert ready == "ready"
        opener = build_opener(ProxyHandler({}))
        with opener.open(
            Request(f"{url}/v1/models", headers={"Authorization": "Bearer any"}), timeout=SECONDS
        ) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0


@pytest.mark.slow
def test_a_taken_port_is_one_line_and_exit_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = subprocess.run(
            [*PROGRAM, "--port", port], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert port in result.stderr


@pytest.mark.slow
def test_an_unusable_script_is_one_line_and_exit_2(tmp_path: Path) -> None:
    script = str(tmp_path / "none.json")
    result = subprocess.run(
        [*PROGRAM, "--script", script], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert script in result.stderr
