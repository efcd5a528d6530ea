"""What a person sees of a model behind Responses, and what it sees of them: the whole bot."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from graphs.agent.policy import Approval
from graphs.agent.tools import tool
from graphs.models.choosing import open_model
from storage import Storage
from tests.bot.running import Bot, running
from tests.demo.workspace.support import Page
from tests.models.chat_server import Answer, ChatServer, serve
from tests.models.odd_streams import recorded
from tests.models.responses_events import called, ended, event, piece, said, thought


@tool(approval=Approval())
async def write(text: str = "nothing") -> str:
    """Write it."""
    return f"wrote {text}"


@asynccontextmanager
async def answered(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, *answers: Answer
) -> AsyncIterator[tuple[Bot, ChatServer]]:
    """The bot on a model's server that gives these answers."""
    async with (
        serve(*answers) as server,
        aclosing(open_model(api_key="k", model="m", base_url=server.url, api="responses", max_retries=0)) as model,
        running(workspace, storage, [write], http=http, model=model) as bot,
    ):
        yield bot, server


ITEMS = [
    thought(summary=[{"type": "summary_text", "text": "A secret thought."}]),
    said("I write it.", phase="commentary"),
    called("a", '{"text":"hello"}', "write"),
]


async def test_a_call_is_asked_about_and_what_came_with_it_goes_back(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    summary = event("response.reasoning_summary_text.delta", item_id="rs_1", output_index=0, delta="A secret thought.")
    asks = Answer([summary + piece("I write it.") + ended(*ITEMS)])
    async with answered(workspace, storage, http, asks, Answer([ended(said("Written."))])) as (bot, server):
        root = (await page.say("write hello", "D0ANA"))["ts"]
        card = await bot.card(root, "approve")
        assert len(server.requests) == 1
        await bot.press(card, "approve")
        await bot.reads(root, "Written.")
    asked, *items, output = server.requests[1]["input"]
    assert items == ITEMS
    assert asked["content"].endswith("write hello")
    assert output == {"type": "function_call_output", "call_id": "a", "output": "wrote hello"}
    assert server.requests[1]["store"] is False
    assert "previous_response_id" not in server.requests[1]
    assert "secret thought" not in json.dumps(await page.journal("call"))


@pytest.mark.parametrize(
    "file", ["none-cut-off-behind-a-whole-call.sse", "none-the-response-failed.sse", "cut-for-a-reason.sse"]
)
async def test_a_call_of_a_reply_that_is_not_whole_is_not_asked_about(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, file: str
):
    body = recorded(f"responses/{file}").replace(b"REASON", b"max_output_tokens").replace(b'"pay"', b'"write"')
    async with answered(workspace, storage, http, Answer([body]), Answer([ended(*ITEMS)])) as (bot, _):
        root = (await page.say("write", "D0ANA"))["ts"]
        if file.startswith("none"):
            failed = await bot.card(root, "retry")
            assert await storage.interrupts(status="waiting") == []
            await bot.press(failed, "retry")
            await bot.card(root, "approve")
            assert len(await storage.interrupts(status="waiting")) == 1
        else:
            await bot.reads(root, "cut off at the model's length limit")
            assert await storage.interrupts(status="waiting") == []


async def test_a_provider_that_stays_away_is_told_of_with_how_long(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    busy = Answer(status=429, body={"error": {"message": "slow down"}}, headers={"Retry-After": "180"})
    async with answered(workspace, storage, http, busy, Answer([ended(said("Hello!"))])) as (bot, _):
        root = (await page.say("hello", "D0ANA"))["ts"]
        failed = await bot.card(root, "retry")
        assert "The model is busy. Please try again in 3 minutes." in json.dumps(failed)
        await bot.press(failed, "retry")
        await bot.reads(root, "Hello!")
