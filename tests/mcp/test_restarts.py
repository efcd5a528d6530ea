"""Pins and questions over restarts, each life of the program in a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest

from tests.mcp.served import Folder, listed, runs
from tests.support.waiting import until

pytestmark = pytest.mark.slow


async def life(url: str, folder: Folder, what: str) -> dict[str, Any]:
    """What one life of the program saw."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.mcp.restarted_child", url, str(folder.path), folder.era, what),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await program.communicate()
    assert program.returncode == 0
    return json.loads(out)


async def test_what_a_server_asked_is_answered_in_later_lives(url: str, folder: Folder):
    folder.lists(listed("asks"))
    assert (await life(url, folder, "begin"))["waiting"] == ["raw asks: Whose name?"]
    assert (await life(url, folder, "answer"))["waiting"] == ["raw asks: Are you sure?"]
    last = await life(url, folder, "answer")
    assert last["waiting"] == []
    assert [each["action"] for each in json.loads(last["results"][0])] == ["accept", "accept"]
    begun = [line for line in folder.calls("asks") if line.endswith("None")]
    assert len(begun) == (1 if folder.era == "2026-07-28" else 3)


async def test_pins_are_there_before_a_server_is_and_a_change_is_seen_once_it_is(url: str, folder: Folder):
    folder.lists(listed("echo"))
    first = await life(url, folder, "look")
    assert (first["pinned"], first["offered"]) == ([], ["raw__echo"])
    folder.lists(listed("echo", description="Another one."), listed("new"))
    second = await life(url, folder, "look")
    assert (second["pinned"], second["offered"], second["changed"]) == (["raw__echo"], ["raw__new"], ["raw.echo"])
    third = await life(url, folder, "look")
    assert (third["pinned"], third["changed"]) == (["raw__new"], ["raw.echo"])


async def test_a_server_ends_with_a_program_that_was_killed(url: str, folder: Folder):
    folder.lists(listed("echo"))
    await life(url, folder, "killed")
    pid = folder.pid
    await until(lambda: not runs(pid), "the server to end")
