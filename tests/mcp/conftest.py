"""Servers as processes, conversations with an agent that has their tools, and a real database file."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from graphs.agent.agent import Agent
from graphs.agent.desk import Desk
from graphs.agent.toolbox import Toolbox
from graphs.mcp.servers import Servers
from graphs.mcp.spec import ServerSpec
from storage import Storage
from tests.agent.conversing import Line, ScriptedModel, Talk
from tests.mcp.served import PROGRAMS, Folder
from tests.support.database import clock, storage, template, url
from tests.support.waiting import until

__all__ = ["clock", "storage", "template", "url"]


class ServedTalk(Talk):
    """One thread of an agent with the tools of these servers."""

    def __init__(self, storage: Storage, servers: Servers, *lines: Line) -> None:
        self.storage = storage
        self.model = ScriptedModel(lines)
        self.toolbox = Toolbox([], list(servers.servers.values()))
        self.agent = Agent("Be brief.", [])
        self.desk = Desk(storage, self.toolbox)
        self.graph = self.agent.compile(self.model, storage, toolbox=self.toolbox)


@pytest.fixture(params=["2025-11-25", "2026-07-28"])
def era(request: pytest.FixtureRequest) -> str:
    """Of the protocol."""
    return request.param


@pytest.fixture
def folder(tmp_path: Path, era: str) -> Folder:
    path = tmp_path / "raw"
    path.mkdir()
    return Folder(path, era)


@pytest.fixture
async def started() -> AsyncIterator[list[Servers]]:
    """Servers to be stopped at the end."""
    found: list[Servers] = []
    yield found
    await asyncio.gather(*(each.aclose() for each in found))


@pytest.fixture
def port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Web:
    """The server over HTTP."""

    def __init__(self, port: int, path: Path) -> None:
        self.port, self.path = port, path
        self.spec = ServerSpec(name="web", url=f"http://127.0.0.1:{port}/mcp", headers={"X-Key": "a-secret-key"})
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        program = [sys.executable, str(PROGRAMS / "web.py"), str(self.port), str(self.path)]
        self._process = subprocess.Popen(program, stdin=subprocess.DEVNULL)  # noqa: ASYNC220 - it returns at once
        await until(self._answers, "the server over HTTP")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def calls(self) -> list[str]:
        path = self.path / "calls"
        return path.read_text().splitlines() if path.exists() else []

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True


@pytest.fixture
def web(port: int, tmp_path: Path) -> Iterator[Web]:
    server = Web(port, tmp_path)
    yield server
    server.stop()


def dumped(value: object) -> str:
    return json.dumps(value, sort_keys=True)
