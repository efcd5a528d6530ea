"""Servers behind an address."""

from __future__ import annotations

from functools import partial

import pytest

from graphs import Command
from graphs.approvals.decisions import Approve
from graphs.mcp import connection, lifeline, server
from graphs.mcp.servers import Servers
from storage import Storage
from tests.agent.conversing import CONFIG, calls, says
from tests.mcp.conftest import ServedTalk, Web
from tests.mcp.served import loaded, names

pytestmark = pytest.mark.slow


@pytest.fixture(params=["auto", "legacy"])
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the protocol is agreed on: as ever, or as with a server that knows the older one only."""
    monkeypatch.setattr(connection, "Client", partial(connection.Client, mode=request.param))
    return request.param


async def talking(storage: Storage, web: Web, started: list[Servers], tool: str, args: dict) -> ServedTalk:
    await web.start()
    servers = await loaded(Servers([web.spec], storage))
    started.append(servers)
    talk = ServedTalk(storage, servers, calls((f"web__{tool}", args)), says("Done."))
    await talk.say("Go.")
    await talk.decide(Approve())
    return talk


@pytest.mark.usefixtures("mode")
async def test_its_tools_are_called(storage: Storage, web: Web, started: list[Servers]):
    talk = await talking(storage, web, started, "add", {"a": 1, "b": 2})
    assert await talk.results() == ["3"]


async def test_its_headers_go_with_each_call(storage: Storage, web: Web, started: list[Servers]):
    talk = await talking(storage, web, started, "header", {})
    assert await talk.results() == ["a-secret-key"]


@pytest.mark.usefixtures("mode")
async def test_it_asks_and_goes_on_with_the_answer(storage: Storage, web: Web, started: list[Servers]):
    talk = await talking(storage, web, started, "greet", {})
    row = await talk.waiting()
    assert row.payload["question"] == "web asks: Whose name?"
    await talk.graph.ainvoke(Command(resume={row.id: {"name": "Ana"}}), CONFIG, by="U0ANA")
    assert await talk.results() == ["Hello Ana"]
    assert web.calls() == ["greet Ana"]


@pytest.mark.usefixtures("mode")
async def test_one_that_dies_in_a_call_leaves_it_in_doubt(storage: Storage, web: Web, started: list[Servers]):
    talk = await talking(storage, web, started, "die", {})
    assert (await talk.waiting()).kind == "in_doubt"
    assert web.calls() == ["die"]


@pytest.mark.usefixtures("mode")
async def test_one_that_is_away_is_no_doubt_and_back_when_it_is_back(
    storage: Storage, web: Web, started: list[Servers], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lifeline, "FIRST_PAUSE", 0.01)
    await web.start()
    servers = await loaded(Servers([web.spec], storage))
    started.append(servers)
    lines = [calls(("web__add", {"a": 1, "b": 2})), calls(("web__add", {"a": 2, "b": 2})), says("Done.")]
    talk = ServedTalk(storage, servers, *lines)
    await talk.say("Go.")
    web.stop()
    await talk.decide(Approve())
    (told,) = await talk.results()
    assert "The server web could not be" in told
    assert "no connection to 127.0.0.1" in told
    await web.start()
    await talk.decide(Approve())
    assert (await talk.results())[1] == "4"


@pytest.mark.usefixtures("mode")
async def test_one_that_was_started_anew_meanwhile_is_spoken_to_anew(
    storage: Storage, web: Web, started: list[Servers], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lifeline, "FIRST_PAUSE", 0.01)
    await web.start()
    servers = await loaded(Servers([web.spec], storage))
    started.append(servers)
    add = calls(("web__add", {"a": 1, "b": 2}))
    talk = ServedTalk(storage, servers, add, add, says("Done."))
    await talk.say("Go.")
    for fresh_for in (60.0, -1.0):
        web.stop()
        await web.start()
        monkeypatch.setattr(server, "FRESH_FOR", fresh_for)
        await talk.decide(Approve())
    assert await talk.results() == ["3", "3"]


async def test_one_that_cannot_be_reached_is_down(
    storage: Storage, web: Web, started: list[Servers], caplog: pytest.LogCaptureFixture
):
    servers = await loaded(Servers([web.spec], storage))
    started.append(servers)
    assert names(servers, "web") == []
    (line,) = [each.getMessage() for each in caplog.records if "is down" in each.getMessage()]
    assert "no connection to 127.0.0.1" in line
