"""Servers behind an address."""

from __future__ import annotations

from functools import partial

import pytest
from aiohttp import web as web_server

from graphs import Command
from graphs.approvals.decisions import Approve
from graphs.mcp import connection, lifeline, server
from graphs.mcp.servers import Servers
from graphs.mcp.spec import ServerSpec
from storage import Storage
from tests.agent.conversing import CONFIG, calls, says
from tests.mcp.conftest import ServedTalk, Web
from tests.mcp.served import listed, loaded, names

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


async def test_what_is_too_large_is_refused(storage: Storage, web: Web, started: list[Servers]):
    talk = await talking(storage, web, started, "huge", {})
    (told,) = await talk.results()
    assert "What the server web returned cannot be read. It may have taken effect." in told


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


class Answering:
    """A server that is written by hand: once it has listed its tools, each call has this answer."""

    def __init__(self, status: int, kind: str, body: str) -> None:
        self.status, self.kind, self.body = status, kind, body

    async def answer(self, request: web_server.Request) -> web_server.Response:
        asked = await request.json()
        key = request.headers["X-Key"]
        match asked.get("method"):
            case "initialize":
                info = {"name": "web", "version": "1"}
                result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info}
            case "tools/list":
                result = {"tools": [listed("pay")]}
            case "tools/call":
                body = self.body.replace("KEY", key)
                return web_server.Response(status=self.status, content_type=self.kind, text=body)
            case "server/discover":
                return web_server.Response(status=400)
            case _:
                return web_server.Response(status=202)
        return web_server.json_response({"jsonrpc": "2.0", "id": asked["id"], "result": result})


async def answered(storage: Storage, port: int, answering: Answering) -> ServedTalk:
    """A conversation in which its tool was called, with the server in this process."""
    app = web_server.Application()
    app.router.add_post("/mcp", answering.answer)
    runner = web_server.AppRunner(app)
    await runner.setup()
    await web_server.TCPSite(runner, "127.0.0.1", port).start()
    spec = ServerSpec(name="web", url=f"http://127.0.0.1:{port}/mcp", headers={"X-Key": "a-key-of-some-length"})
    servers = await loaded(Servers([spec], storage))
    talk = ServedTalk(storage, servers, calls(("web__pay", {})), says("Done."))
    try:
        await talk.say("Go.")
        await talk.decide(Approve())
    finally:
        await servers.aclose()
        await runner.cleanup()
    return talk


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_call_that_a_gateway_gave_up_is_in_doubt(storage: Storage, port: int, status: int):
    talk = await answered(storage, port, Answering(status, "text/html", "<h1>Upstream</h1>"))
    assert (await talk.waiting()).kind == "in_doubt"


async def test_what_a_server_refuses_with_is_told_without_its_key(storage: Storage, port: int):
    error = '{"jsonrpc": "2.0", "id": null, "error": {"code": -32000, "message": "KEY has expired."}}'
    talk = await answered(storage, port, Answering(500, "application/json", error))
    assert await talk.results() == ["Failed: The server web refused: [hidden] has expired."]


async def test_one_that_cannot_be_reached_is_down(
    storage: Storage, web: Web, started: list[Servers], caplog: pytest.LogCaptureFixture
):
    servers = await loaded(Servers([web.spec], storage))
    started.append(servers)
    assert names(servers, "web") == []
    (line,) = [each.getMessage() for each in caplog.records if "is down" in each.getMessage()]
    assert "no connection to 127.0.0.1" in line


async def test_an_address_with_nothing_behind_it_is_said_to_be_one(storage: Storage, web: Web):
    await web.start()
    spec = ServerSpec(name="web", url=f"http://127.0.0.1:{web.port}/other")
    servers = await loaded(Servers([spec], storage))
    assert "nothing is at its address (404): look at the path of its url" in (servers.servers["web"].problem or "")
    await servers.aclose()
