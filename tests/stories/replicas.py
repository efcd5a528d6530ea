"""The processes of a story in HTTP mode: workspace, balancer, model, and bots on one database."""

import json
import signal
import socket
from pathlib import Path
from typing import Any

from tests.stories.programs import _OPENER, Program, _wait


class Replicas:
    """Everything that a conversation needs, in `folder`; the bots run `agent`, the model plays `script`. Slack's
    repetitions come after shorter pauses than Slack's.
    """

    def __init__(self, folder: Path, count: int, *, agent: str, script: Any) -> None:
        self.folder = folder
        self.ports = _free_ports(count)
        self.balancer = Program(["tests.stories.balancer", *self.ports], folder, folder / "balancer.log")
        self.address = self.balancer.ready()
        posts = ["--request-url", f"{self.address}/slack/events", "--pauses", "0,0.5,5"]
        arguments = ["bot.demo.workspace", "--data", str(folder), "--port", "0", *posts]
        self.workspace = Program(arguments, folder, folder / "workspace.log")
        self.url = self.workspace.ready()
        tokens = dict(self.workspace.line().split("=", 1) for _ in range(2))
        (folder / "script.json").write_text(json.dumps(script), "utf-8")
        self.model = Program(["bot.demo.model", "--port", "0", "--script", "script.json"], folder, folder / "model.log")
        self.model_url = self.model.ready()
        self.environment = {
            **tokens,
            "SLACK_API_URL": f"{self.url}/api/",
            "OPENAI_API_KEY": "demo",
            "OPENAI_BASE_URL": f"{self.model_url}/v1",
            "DATABASE_URL": f"sqlite:///{folder / 'signoff.db'}",
            "SIGNOFF_AGENT": agent,
        }
        self.bots: dict[str, Program] = {}

    def start(self, *ports: str) -> None:
        """Start the bots of these ports, and wait until the balancer sends to them."""
        for port in ports:
            environment = self.environment | {"PORT": port}
            self.bots[port] = Program(["bot", "run"], self.folder, self.folder / f"bot{port}.log", environment)
        for port in ports:
            bot = self.bots[port]
            _wait(lambda port=port, bot=bot: port in self.ready or bot.process.poll() is not None, "it to be ready")
            assert bot.process.poll() is None, f"the bot ended: {bot.log.read_text('utf-8')}"

    def tell_to_stop(self, port: str) -> None:
        self.bots[port].process.send_signal(signal.SIGTERM)

    def stopped(self, port: str) -> int:
        """The exit code of a bot that was told to stop."""
        self.bots[port].process.communicate(timeout=20)
        return self.bots[port].process.returncode

    @property
    def ready(self) -> list[str]:
        """The ports that the balancer sends to."""
        return self._there["ready"]

    @property
    def answered(self) -> dict[str, int]:
        """How many requests of Slack's each bot has answered."""
        return self._there["answered"]

    @property
    def logs(self) -> str:
        return "\n".join(bot.log.read_text("utf-8") for bot in self.bots.values())

    @property
    def _there(self) -> Any:
        with _OPENER.open(f"{self.address}/there") as response:
            return json.load(response)

    def close(self) -> None:
        for program in (*self.bots.values(), self.balancer, self.model, self.workspace):
            program.kill()


def _free_ports(count: int) -> list[str]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [str(each.getsockname()[1]) for each in taken]
    for each in taken:
        each.close()
    return ports
