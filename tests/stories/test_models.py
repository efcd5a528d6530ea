"""A bot on a model's server that is not OpenAI's: what came with a call goes back after a restart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.stories.conftest import NewStage
from tests.stories.people import Page, Person
from tests.stories.programs import Stage

pytestmark = pytest.mark.slow

KEY = "k3y-of-the-account"
SIGNATURE = {"google": {"thought_signature": "c2lnbmVk"}}


class Server:
    """A model like Gemini's, which refuses a call that comes back without its signature, and repeats our key."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.is_sulking = False

    async def complete(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.requests.append(body)
        calls = [call for message in body["messages"] for call in message.get("tool_calls", ())]
        if self.is_sulking or any(call.get("extra_content") != SIGNATURE for call in calls):
            message = f"Function call is missing a thought_signature (key {request.headers['Authorization']})"
            return web.json_response({"error": {"message": message}}, status=401 if self.is_sulking else 400)
        if body["messages"][-1]["role"] == "tool":
            delta: dict[str, Any] = {"content": "<think>It is done.</think>Booked."}
        else:
            function = {"name": "book", "arguments": json.dumps({"entry": "x"})}
            delta = {
                "reasoning_content": "Book it.",
                "tool_calls": [{"function": function, "extra_content": SIGNATURE}],
            }
        chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": "stop"}]}
        return web.Response(text=f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n", content_type="text/event-stream")


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Server, str]]:
    server = Server()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.complete)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield server, f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


@pytest.fixture
async def elsewhere(new_stage: NewStage, tmp_path: Path) -> AsyncIterator[tuple[Stage, Server]]:
    """A bot on that server."""
    async with serving() as (server, url):
        settings = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY, "LOG_LEVEL": "DEBUG"}
        stage = await asyncio.to_thread(
            new_stage, tmp_path, agent="tests.stories.agents.ledger:agent", settings=settings
        )
        yield stage, server


async def test_a_signature_comes_back_after_a_restart_and_the_key_is_nowhere(elsewhere: tuple[Stage, Server]):
    stage, server = elsewhere
    async with aiohttp.ClientSession() as http:
        page = Page(http, stage.url, stage.model_url)
        ana = Person(page, "U0ANA", "D0ANA")
        thread = await ana.say("book x")
        card = await thread.card()
        stage.kill_bot()
        await asyncio.to_thread(stage.start_bot)
        await ana.click(card, "Approve")
        booked = await thread.says("Booked.")
        assert "think" not in json.dumps(booked)
        assert (stage.folder / "ledger.txt").read_text() == "x\n"
        server.is_sulking = True
        again = await ana.say("book another")
        failed = await again.says("has to check OPENAI_API_KEY")
        shown = json.dumps([await page.journal(), failed])
    assert server.requests[0]["messages"][-1]["content"] == "book x"
    calling = server.requests[1]["messages"][-2]
    assert calling["reasoning_content"] == "Book it."
    assert calling["tool_calls"][0]["extra_content"] == SIGNATURE
    assert "c2lnbmVk" not in shown
    assert "Function call is missing a thought_signature" in stage.log, "who is on call learns what it said"
    for text in (shown, stage.log):
        assert KEY not in text
