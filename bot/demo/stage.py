"""A whole Signoff on this machine: the local workspace, a model, and the bot as a process of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.demo.git import make_repository
from bot.demo.model import serve_model
from bot.demo.models import choose_model
from bot.demo.workspace import HARBOUR_GOODS, LOCAL_TEAM, Workspace, serve_workspace
from bot.loading import load

STOP_AFTER = 15.0
"""Seconds that the bot gets to finish its steps before it is killed."""

SAMPLE = "bot.demo.desk:agent"
"""The agent of the sample shop, which the demo shows when it is told of no other."""

REPOSITORY = "repository"
"""The folder of what #git works on."""

logger = logging.getLogger(__name__)

_NOT_PASSED_ON = ("slack_", "openai_", "signoff_", "database_", "llm_", "http_proxy", "https_proxy", "all_proxy")


@dataclass
class Stage:
    """`url` is the page's address, `model` what the model is called, `data` the folder that everything is kept in."""

    url: str
    model: str
    data: Path
    workspace: Workspace
    environment: dict[str, str]
    process: asyncio.subprocess.Process | None = None

    async def start_bot(self) -> None:
        """Start the bot and wait until it is connected. Raises `BotEnded` when it ends instead."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot.demo.bot_process",
            cwd=self.data,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the demo, which stops the bot; it ends with its stdin in any case
            umask=0o077,  # what the agent keeps beside the conversations is nobody else's business either
        )
        ended = asyncio.create_task(self.process.wait())
        connected = asyncio.create_task(self.workspace.bot_connected.wait())
        try:
            await asyncio.wait([ended, connected], return_when=asyncio.FIRST_COMPLETED)
            if not connected.done():
                raise BotEnded(f"the bot ended with exit code {self.process.returncode} before it was connected")
        finally:
            ended.cancel()
            connected.cancel()

    async def kill_bot(self) -> None:
        """End it as a crash would: nothing is finished, nothing is said."""
        assert self.process is not None
        self.process.kill()
        await self.process.wait()
        await self.workspace.bot_gone.wait()

    async def stop_bot(self) -> None:
        if self.process is None or self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            async with asyncio.timeout(STOP_AFTER):
                await self.process.wait()
        except TimeoutError:
            await self.kill_bot()


class BotEnded(Exception):
    """The bot's process is gone. Its own last lines say why."""


@asynccontextmanager
async def stage(
    data: Path, port: int, log_level: str = "WARNING", *, ollama: str | None = None
) -> AsyncGenerator[Stage]:
    """Set it up in the folder `data`; the bot is started by whoever asked. Raises `PortInUse`, `NotOurFile`.

    `ollama` is where to look for a model on this machine; without it, and without a key, the script answers.
    """
    data = await asyncio.to_thread(_folder, data)
    choice = await choose_model(os.environ, ollama)
    async with AsyncExitStack() as stack:
        sample = _agent(os.environ) == SAMPLE
        workspace = await stack.enter_async_context(
            serve_workspace(
                port=port,
                data=data,
                panel=data / "orders.db" if sample else None,  # the sample's books: another agent has none
                note=choice.name,
                team=HARBOUR_GOODS if sample else LOCAL_TEAM,
            )
        )
        environment = _environment(os.environ, workspace, data, log_level) | dict(choice.environment)
        if sample:
            await asyncio.to_thread(make_repository, data / REPOSITORY)
            environment |= {"DEMO_PYTHON": sys.executable, "DEMO_REPOSITORY": str(data / REPOSITORY)}
        if choice.is_script:
            examples = await asyncio.to_thread(_examples, os.environ)
            model = await stack.enter_async_context(serve_model(port=0, examples=examples))
            environment |= {"OPENAI_API_KEY": "demo", "OPENAI_BASE_URL": model.url, "OPENAI_MODEL": "demo-model"}
        built = Stage(workspace.url, choice.name, data, workspace, environment)
        try:
            yield built
        finally:
            with suppress(ProcessLookupError):
                await built.stop_bot()


def _agent(outer: Mapping[str, str]) -> str:
    return outer.get("SIGNOFF_AGENT") or SAMPLE


def _config(outer: Mapping[str, str]) -> str:
    """What is hosted in which channel: the patterns, beside the sample; beside another agent, what it says itself."""
    given = outer.get("SIGNOFF_CONFIG")
    if given:
        return str(Path(given).resolve())
    return str(Path(__file__).with_name("signoff.toml")) if _agent(outer) == SAMPLE else ""


def _folder(data: Path) -> Path:
    """The folder, made for its owner alone where it is not there, with what is in it already."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    for kept in data.glob("*.db*"):
        with suppress(PermissionError):  # somebody else's: it cannot be written to, which is said then
            kept.chmod(0o600)
    return data.resolve()


def _examples(outer: Mapping[str, str]) -> Sequence[str]:
    """What the agent says that it can be told. None where it cannot be imported: the bot itself says why, and ends."""
    path = _agent(outer)
    try:
        return getattr(load(path), "examples", ())
    except Exception:  # the module may raise anything
        logger.debug("no examples of %s", path, exc_info=True)
        return ()


def _environment(outer: Mapping[str, str], workspace: Workspace, data: Path, log_level: str) -> dict[str, str]:
    """The bot's environment: the local workspace's, and the agent, from outside where it is set there.

    No proxy is passed on: Slack's client would take it for this machine's own addresses, too.
    """
    kept = {key: value for key, value in outer.items() if not key.lower().startswith(_NOT_PASSED_ON)}
    paths = [str(Path.cwd()), outer.get("PYTHONPATH", "")]
    config = {"SIGNOFF_CONFIG": path} if (path := _config(outer)) else {}
    return (
        kept
        | config
        | {
            "SIGNOFF_AGENT": _agent(outer),
            "SLACK_BOT_TOKEN": workspace.tokens.bot,
            "SLACK_APP_TOKEN": workspace.tokens.app,
            "SLACK_API_URL": f"{workspace.url}/api/",
            "DATABASE_URL": f"sqlite:///{data / 'signoff.db'}",
            "LOG_LEVEL": log_level,
            "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        }
    )
