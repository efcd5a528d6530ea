"""Servers of the SDK ask people in two ways, one of which only the older protocol has: both become questions."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from graphs import Command
from graphs.approvals.decisions import Approve
from graphs.mcp.servers import Servers
from graphs.mcp.spec import ServerSpec
from storage import Storage
from tests.agent.conversing import ANA, CONFIG, Line, calls, says
from tests.mcp.conftest import ServedTalk
from tests.mcp.served import PROGRAMS, loaded

pytestmark = pytest.mark.slow


def servers_of(storage: Storage, tmp_path: Path) -> Servers:
    args = (str(PROGRAMS / "elicits.py"), str(tmp_path / "calls"))
    return Servers([ServerSpec(name="sdk", command=sys.executable, args=args)], storage)


async def talking(storage: Storage, tmp_path: Path, started: list[Servers], *lines: Line) -> ServedTalk:
    started.append(await loaded(servers_of(storage, tmp_path)))
    talk = ServedTalk(storage, started[-1], *lines)
    await talk.say("Go.")
    return talk


async def answered(talk: ServedTalk) -> str:
    row = await talk.waiting()
    assert row.payload["question"] == "sdk asks: Whom?"
    await talk.graph.ainvoke(Command(resume={row.id: {"name": "Ana"}}), CONFIG, by="U0ANA")
    return (await talk.results())[-1]


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [("greet", {"greeting": "Hello"}, "Hello, Ana!"), ("welcome", {}, "Welcome, Ana!")],
)
async def test_either_way_is_a_question(
    storage: Storage, tmp_path: Path, started: list[Servers], tool: str, arguments: dict[str, str], said: str
):
    talk = await talking(storage, tmp_path, started, calls((f"sdk__{tool}", arguments)), says("Done."))
    await talk.decide(Approve())
    assert await answered(talk) == said


async def test_after_a_restart_what_was_answered_is_not_asked_again(
    storage: Storage, tmp_path: Path, started: list[Servers]
):
    lines = [calls(("sdk__greet", {"greeting": "Hello"})), says("Done.")]
    talk = await talking(storage, tmp_path, started, *lines)
    await talk.decide(Approve())
    (question,) = await talk.all_waiting()
    await started.pop().aclose()
    started.append(servers_of(storage, tmp_path))
    await started[-1].load()
    again = ServedTalk(storage, started[-1], *lines)
    assert [row.id for row in await again.all_waiting()] == [question.id]
    assert await answered(again) == "Hello, Ana!"


async def test_the_tools_are_the_same_by_both_protocols_and_no_other_call_is_cut_off(
    storage: Storage, tmp_path: Path, started: list[Servers]
):
    both = calls(("sdk__wait", {"seconds": 1.0}), ("sdk__greet", {"greeting": "Hello"}))
    talk = await talking(storage, tmp_path, started, both, says("Done."))
    for row in await talk.all_waiting():
        await talk.desk.decide(row.id, row.thread_id, ANA, Approve())
    await talk.go_on()
    await answered(talk)
    assert sorted(await talk.results()) == ["Hello, Ana!", "waited"]
    assert await started[0].changes() == []
    assert (tmp_path / "calls").read_text().split().count("wait") == 1
