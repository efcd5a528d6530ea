"""What a bot's measurement runs on: workspace, model and bots, each a process of its own, on new files."""
# pyright: reportMissingModuleSource=false, reportMissingImports=false
# psutil is there for benchmarks only (`benchmarks/requirements.lock`).

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psutil

from benchmarks.agent import SCRIPT

BOTS = {"signoff": ("bot", "run"), "naive": ("benchmarks.naive_bot",)}
"""What `python -m` is told to start each."""

_ROOT = Path(__file__).parents[1]
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
_STOP_DEADLINE = 20.0


@dataclass(frozen=True)
class Stage:
    """The running programs by name: `workspace`, `model`, and `bot` for all of the bots."""

    url: str
    log: Path
    programs: Mapping[str, list[psutil.Process]]

    def processor_seconds(self) -> dict[str, float]:
        """What each program has used so far, in seconds of one processor."""
        used = {name: [each.cpu_times() for each in processes] for name, processes in self.programs.items()}
        return {name: sum(each.user + each.system for each in times) for name, times in used.items()}


@asynccontextmanager
async def stage(side: str, bots: int, folder: Path, database: str | None = None) -> AsyncGenerator[Stage]:
    """Starts everything, with `bots` processes of one side on one database (a new file, where no URL is given); at the
    end they are asked to stop.
    """
    (folder / "script.json").write_text(json.dumps(SCRIPT), "utf-8")
    log = folder / "bot.log"
    async with AsyncExitStack() as stack:
        errors = stack.enter_context(log.open("ab"))

        async def start(*arguments: str, env: Mapping[str, str] | None = None) -> asyncio.subprocess.Process:
            return await stack.enter_async_context(_program(folder, errors, arguments, env or {}))

        workspace = await start("bot.demo.workspace", "--port", "0")
        model = await start("bot.demo.model", "--port", "0", "--script", "script.json")
        url, model_url = await _ready(workspace), await _ready(model)
        tokens = dict([(await _line(workspace)).split("=", 1) for _ in range(2)])
        env = {
            **tokens,
            "SLACK_API_URL": f"{url}/api/",
            "OPENAI_API_KEY": "demo",
            "OPENAI_BASE_URL": f"{model_url}/v1",
            "DATABASE_URL": database or f"sqlite:///{folder / 'bot.db'}",
            "SIGNOFF_AGENT": "benchmarks.agent:agent",
        }
        running = [await start(*BOTS[side], env=env) for _ in range(bots)]
        groups = {"workspace": [workspace], "model": [model], "bot": running}
        yield Stage(url, log, {name: [psutil.Process(one.pid) for one in group] for name, group in groups.items()})


@asynccontextmanager
async def _program(
    folder: Path, errors: BinaryIO, arguments: tuple[str, ...], env: Mapping[str, str]
) -> AsyncGenerator[asyncio.subprocess.Process]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        cwd=folder,
        env={**kept, "PYTHONPATH": str(_ROOT), **env},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=errors,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_DEADLINE)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _ready(process: asyncio.subprocess.Process) -> str:
    """The address that the program prints when it accepts connections."""
    words = (await _line(process)).split()
    assert words[:1] == ["ready"], "a program of the stage did not start"
    return words[1]


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()
