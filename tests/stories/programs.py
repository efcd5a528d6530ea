"""The processes of a story: workspace, model and bot, started, killed and stopped as an operator would."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
START_DEADLINE = 30.0
STOP_DEADLINE = 20.0

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "COVERAGE_PROCESS_START")


class Program:
    """`python -m …` in a process group of its own; what it writes to stderr is kept in `log`."""

    def __init__(self, arguments: list[str], folder: Path, log: Path, env: Mapping[str, str] | None = None) -> None:
        clean = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self.log = log
        with log.open("ab") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=folder,
                env=clean | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)])} | dict(env or {}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
            )

    def ready(self) -> str:
        """The address that the program prints when it accepts connections."""
        words = self.line().split()
        assert words[:1] == ["ready"], f"it did not start: {self.log.read_text('utf-8')}"
        return words[1]

    def line(self) -> str:
        """What it prints next."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode().strip()

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is said."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self._end()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; the exit code."""
        self.process.send_signal(number)
        return self._end()

    def outcome(self, seconds: float = 60.0) -> tuple[int, str, str]:
        """Let it end by itself: exit code, what it printed, and what it said on stderr."""
        try:
            printed, _ = self.process.communicate(timeout=seconds)
        finally:
            self.kill()
        return self.process.returncode, printed.decode("utf-8"), self.log.read_text("utf-8")

    def _end(self) -> int:
        self.process.communicate(timeout=STOP_DEADLINE)
        return self.process.returncode


class Stage:
    """Everything that a conversation needs, in `folder`. The bot runs `agent`, or the demo's; the model plays `script`,
    else rules, and lets `latency` seconds pass between two pieces of a reply. So many people more are the `crowd`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        agent: str | None = None,
        script: Any = None,
        settings: Any = None,
        latency: float = 0.0,
        crowd: int = 0,
    ) -> None:
        self.folder = folder
        self._agent = {"SIGNOFF_AGENT": agent or "bot.demo.desk:agent"}
        self.told: Mapping[str, str] = settings or {}
        arguments: list[str] = ["--latency", str(latency)]
        if script is not None:
            (folder / "script.json").write_text(json.dumps(script), "utf-8")
            arguments += ["--script", "script.json"]
        panel = ["--data", str(folder), "--panel", str(folder / "orders.db"), "--port", "0", "--crowd", str(crowd)]
        self.workspace = Program(["bot.demo.workspace", *panel], folder, folder / "workspace.log")
        self.url = self.workspace.ready()
        self._tokens = dict(self.workspace.line().split("=", 1) for _ in range(2))
        self._model_arguments = arguments
        self.start_model("0")
        self.bot: Program | None = None

    def start_model(self, port: str) -> None:
        """`port` 0 takes a free one."""
        arguments = ["bot.demo.model", "--port", port, *self._model_arguments]
        self.model = Program(arguments, self.folder, self.folder / "model.log")
        self.model_url = self.model.ready()

    @property
    def environment(self) -> dict[str, str]:
        """What `signoff run` is told."""
        return {
            **self._tokens,
            "SLACK_API_URL": f"{self.url}/api/",
            "OPENAI_API_KEY": "demo",
            "OPENAI_BASE_URL": f"{self.model_url}/v1",
            "DATABASE_URL": f"sqlite:///{self.folder / 'signoff.db'}",
            **self._agent,
            **self.told,
        }

    def start_bot(self) -> None:
        """Start it, and wait until it is connected."""
        if self.bot is not None:
            self.bot.kill()  # also where it has ended by itself: what it wrote to is closed
        _wait(lambda: not self._connected(), "the bot before to be gone")
        bot = self.bot = Program(["bot", "run"], self.folder, self.folder / "bot.log", self.environment)
        _wait(lambda: self._connected() or bot.process.poll() is not None, "the bot to connect")
        assert bot.process.poll() is None, f"the bot ended: {self.log}"

    def kill_bot(self) -> None:
        assert self.bot is not None
        self.bot.kill()

    def stop_bot(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; the exit code."""
        assert self.bot is not None
        return self.bot.stop(number)

    @property
    def log(self) -> str:
        """What the bots have logged so far."""
        return (self.folder / "bot.log").read_text("utf-8")

    def close(self) -> None:
        for program in (self.bot, self.model, self.workspace):
            if program is not None:
                program.kill()

    def _connected(self) -> bool:
        with _OPENER.open(f"{self.url}/client/boot") as response:
            return json.load(response)["bot"]["connected"]


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _wait(look: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + START_DEADLINE
    while not look():
        assert time.monotonic() < end, f"waited {START_DEADLINE:.0f} s for {what}"
        time.sleep(0.02)
