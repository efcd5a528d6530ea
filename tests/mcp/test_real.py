"""Servers that others wrote: git and time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from graphs.approvals.decisions import Approve
from graphs.mcp.servers import Servers
from graphs.mcp.spec import ServerSpec
from storage import Storage
from tests.agent.conversing import calls, says
from tests.mcp.conftest import ServedTalk
from tests.mcp.served import loaded, names

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    subprocess.run(["git", "init", "-q", "-b", "main", str(path)], check=True, env=environment)
    (path / "new.txt").write_text("new")
    return path


async def test_git_shows_and_adds_what_it_is_asked_to(storage: Storage, repository: Path, started: list[Servers]):
    args = ("--repository", str(repository))
    fixed = {"repo_path": str(repository)}
    spec = ServerSpec(name="git", command=str(BIN / "mcp-server-git"), args=args, fixed=fixed, trust_annotations=True)
    servers = await loaded(Servers([spec], storage))
    started.append(servers)
    assert {"git.git_status", "git.git_add", "git.git_log"} <= set(names(servers, "git"))
    talk = ServedTalk(
        storage,
        servers,
        calls(("git__git_status", {})),
        calls(("git__git_add", {"files": ["new.txt"]})),
        says("Added."),
    )
    await talk.say("Add the new file.")
    assert "new.txt" in (await talk.results())[0]
    row = await talk.waiting()
    assert row.payload["args"] == {"files": ["new.txt"], "repo_path": str(repository)}
    await talk.decide(Approve())
    assert (repository / ".git" / "index").read_bytes().count(b"new.txt") == 1


async def test_time_converts_and_says_what_it_does_not_know(storage: Storage, started: list[Servers]):
    spec = ServerSpec(name="time", command=str(BIN / "mcp-server-time"))
    servers = await loaded(Servers([spec], storage))
    started.append(servers)
    convert = {"source_timezone": "Europe/Berlin", "time": "12:00", "target_timezone": "Asia/Tokyo"}
    talk = ServedTalk(
        storage,
        servers,
        calls(("time__convert_time", convert)),
        calls(("time__convert_time", convert | {"time": "noon"})),
        says("Done."),
    )
    await talk.say("Go.")
    await talk.decide(Approve())
    await talk.decide(Approve())
    first, second = await talk.results()
    assert "Asia/Tokyo" in first
    assert second.startswith("Failed")
