"""Servers as processes: started when needed, told what they may know, stopped for good, and down without a fuss."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

import pytest

from graphs.agent.errors import ToolError
from graphs.mcp import lifeline
from graphs.mcp.servers import Servers
from graphs.mcp.spec import ServerSpec
from storage import Storage
from tests.agent.conversing import calls, says
from tests.mcp.conftest import ServedTalk
from tests.mcp.served import Folder, listed, loaded, names, offered, runs
from tests.support.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture
def era() -> str:
    """What nearly all servers speak; the other one is started and stopped in the same way."""
    return "2025-11-25"


NEVER = ServerSpec(name="gone", command="no-such-command-anywhere")


REFUSING = """
import json, os, sys
for line in sys.stdin:
    asked = json.loads(line)
    if "id" in asked:
        error = {"code": -32000, "message": os.environ["KEY"] + " is no key."}
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}), flush=True)
"""


async def test_one_that_refuses_to_be_spoken_to_is_quoted_without_its_key(storage: Storage, started: list[Servers]):
    spec = ServerSpec(name="raw", command=sys.executable, args=("-c", REFUSING), env={"KEY": "a-key-of-some-length"})
    servers = await loaded(Servers([spec], storage))
    started.append(servers)
    assert servers.servers["raw"].problem == "The server raw could not be started: [hidden] is no key."


async def test_nothing_is_started_before_it_is_needed(storage: Storage, folder: Folder, started: list[Servers]):
    folder.lists(listed("echo"))
    servers = folder.servers(storage)
    started.append(servers)
    await servers.load()
    assert not (folder.path / "pid").exists()
    await servers.servers["raw"].ready()
    assert names(servers) == ["raw.echo"]
    assert runs(folder.pid)


async def test_one_that_cannot_be_started_is_said_once_and_the_others_work(
    storage: Storage, folder: Folder, started: list[Servers], caplog: pytest.LogCaptureFixture
):
    folder.lists(listed("echo"))
    servers = await loaded(folder.servers(storage, NEVER))
    started.append(servers)
    for _ in range(3):
        await servers.servers["gone"].ready()
    said = [each.getMessage() for each in caplog.records if "gone" in each.getMessage()]
    assert len(said) == 1
    assert "was not found; install it" in said[0]
    talk = ServedTalk(storage, servers, calls(("raw__echo", {"a": 1})), says("Done."))
    await talk.say("Go.")
    assert (await talk.waiting()).payload["name"] == "raw.echo"


async def test_its_tools_stay_known_and_a_call_says_why_it_fails(
    storage: Storage, folder: Folder, started: list[Servers]
):
    folder.lists(listed("echo"))
    first = await loaded(folder.servers(storage))
    await first.aclose()
    servers = folder.servers(storage, command="no-such-command-anywhere")
    started.append(servers)
    await servers.load()
    assert names(servers) == ["raw.echo"]
    tool = servers.servers["raw"].tools["raw.echo"]
    with pytest.raises(ToolError, match=r"The server raw could not be started: the command .* was not found"):
        await tool.call(tool.validate({}), idempotency_key="k")


async def test_one_that_died_is_started_again(
    storage: Storage, folder: Folder, started: list[Servers], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lifeline, "FIRST_PAUSE", 0.01)
    folder.lists(listed("echo"))
    servers = await loaded(folder.servers(storage))
    started.append(servers)
    first = folder.pid
    os.kill(first, signal.SIGKILL)

    async def there_is_another() -> bool:
        await servers.servers["raw"].ready()
        return folder.pid != first

    await until(there_is_another, "another one")
    assert runs(folder.pid)


async def test_one_that_cannot_be_started_is_not_tried_at_every_turn_nor_waited_for(
    storage: Storage, started: list[Servers], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(lifeline, "FIRST_PAUSE", 50.0)
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho started >> {tmp_path}/starts\n")
    program.chmod(0o755)
    servers = await loaded(Servers([ServerSpec(name="short", command=str(program))], storage))
    started.append(servers)
    for _ in range(3):
        await servers.servers["short"].ready()
    assert (tmp_path / "starts").read_text() == "started\n"


async def test_stopping_ends_the_process_whatever_it_does(storage: Storage, folder: Folder):
    folder.lists(listed("never"))
    (folder.path / "stubborn").touch()
    servers = await loaded(folder.servers(storage))
    pid = folder.pid
    await asyncio.wait_for(servers.aclose(), 12)
    await until(lambda: not runs(pid), "the process to be gone")


async def test_it_is_told_its_own_secrets_and_no_others(
    storage: Storage, folder: Folder, started: list[Servers], monkeypatch: pytest.MonkeyPatch
):
    for name in ("SLACK_BOT_TOKEN", "OPENAI_API_KEY", "DATABASE_URL", "OTHER"):
        monkeypatch.setenv(name, "not for servers")
    folder.lists(listed("environment", annotations={"readOnlyHint": True}))
    servers = await loaded(folder.servers(storage, env={"TOKEN": "own"}, trust_annotations=True))
    started.append(servers)
    talk = ServedTalk(storage, servers, calls(("raw__environment", {})), says("Done."))
    await talk.say("Go.")
    (result,) = await talk.results()
    assert '"TOKEN": "own"' in result
    assert "not for servers" not in result


async def test_what_it_writes_on_standard_error_is_in_the_log_line_by_line_and_bounded(
    storage: Storage, folder: Folder, started: list[Servers], caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    folder.lists(listed("flood", annotations={"readOnlyHint": True}))
    servers = await loaded(folder.servers(storage, trust_annotations=True))
    started.append(servers)
    talk = ServedTalk(storage, servers, calls(("raw__flood", {})), says("Done."))
    await talk.say("Go.")
    assert await talk.results() == ["flooded"]
    lines = [each.getMessage() for each in caplog.records if each.name == "graphs.mcp.log"]
    assert "MCP server raw: line 3 of [hidden]" in lines
    assert len(lines) == 120
    assert "writes more than the log takes" in lines[-1]


async def test_what_is_no_message_is_said_once_and_takes_nothing_away(
    storage: Storage, folder: Folder, started: list[Servers], caplog: pytest.LogCaptureFixture
):
    folder.lists(listed("garbage", annotations={"readOnlyHint": True}))
    servers = await loaded(folder.servers(storage, trust_annotations=True))
    started.append(servers)
    talk = ServedTalk(storage, servers, calls(("raw__garbage", {})), says("Done."))
    await talk.say("Go.")
    assert await talk.results() == ["after garbage"]
    assert len([each for each in caplog.records if "is no message of the protocol" in each.getMessage()]) == 1


async def test_a_tool_that_cannot_be_used_is_left_out_with_a_line_and_the_others_are_offered(
    storage: Storage, folder: Folder, started: list[Servers], caplog: pytest.LogCaptureFixture
):
    bad = {"name": "bad", "description": 7, "inputSchema": {"type": "object"}}
    far = listed("far", {"a": {"$ref": "https://example.com/a"}})
    wrong = listed("wrong") | {"inputSchema": {"type": "string"}}
    none = listed("none") | {"inputSchema": "x"}
    many = listed("many", {f"a{n}": {"type": "string"} for n in range(200)})
    odd = listed("do it/now…", {"a.b": {}, "$x": {}, "model_config": {}, "_y": {}})
    folder.lists(bad, far, wrong, none, many, odd)
    servers = await loaded(folder.servers(storage))
    started.append(servers)
    assert names(servers) == ["raw.do it/now…", "raw.many"]
    assert all(len(each) <= 64 for each in offered(servers))
    lines = [each.getMessage() for each in caplog.records if "left out" in each.getMessage()]
    assert len(lines) == 4
    await servers.servers["raw"].ready()
    assert len([each for each in caplog.records if "left out" in each.getMessage()]) == 4


def test_a_name_that_no_server_can_have_is_refused(storage: Storage):
    for name in ("a.b", "", "x" * 65, "a b"):
        with pytest.raises(ValueError, match="cannot be called"):
            Servers([ServerSpec(name=name, command="x")], storage)
    with pytest.raises(ValueError, match="cannot be called"):
        Servers([NEVER, NEVER], storage)


async def test_what_is_fixed_and_no_tool_has_is_a_line(
    storage: Storage, folder: Folder, started: list[Servers], caplog: pytest.LogCaptureFixture
):
    folder.lists(listed("echo", {"repo": {"type": "string"}}))
    servers = await loaded(folder.servers(storage, fixed={"repo": ".", "rep": "."}, place="signoff.toml, line 3"))
    started.append(servers)
    (line,) = [each.getMessage() for each in caplog.records if "is fixed" in each.getMessage()]
    assert line == "MCP server raw (signoff.toml, line 3): no tool of it has the argument 'rep' that is fixed"
