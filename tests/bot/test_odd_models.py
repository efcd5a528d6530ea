"""What a person sees of models that think aloud, break off, say nothing, or repeat secrets: the whole bot."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from graphs.agent.policy import Approval
from graphs.agent.tools import tool
from graphs.models.chat import ChatModel
from graphs.models.model import ModelReply, TextDelta
from storage import Storage
from tests.bot.running import Bot, running
from tests.bot.support import calls_of
from tests.demo.workspace.support import Page
from tests.models.chat_server import Answer, ChatServer, call, chunk, serve, sse
from tests.models.odd_streams import ONLY_CLOSED, THOUGHTS
from tests.support.waiting import until

KEY = "k3y-of-the-account"


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
        aclosing(ChatModel(api_key=KEY, model="m", base_url=server.url, max_retries=0)) as model,
        running(workspace, storage, [write], http=http, model=model) as bot,
    ):
        yield bot, server


async def everything_shown(page: Page) -> str:
    """All that Slack was ever sent."""
    return json.dumps(await page.journal("call"), ensure_ascii=False)


@pytest.mark.parametrize("stream", [ONLY_CLOSED, THOUGHTS[0]], ids=["no opening tag", "both tags"])
async def test_thoughts_are_not_shown(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, stream: Any
):
    async with answered(workspace, storage, http, Answer([stream.body])) as (bot, server):
        root = (await page.say("hello", "D0ANA"))["ts"]
        await bot.reads(root, "Hello!")
        again = await page.say("hello again", "D0ANA", thread_ts=root)
        await until(lambda: _requests(server, 2), "a second request")
        assert "think" not in json.dumps(server.requests[1]["messages"])
        assert again["ts"] != root
    shown = await everything_shown(page)
    assert "greet" not in shown
    assert "Should I" not in shown
    assert "think>" not in shown


async def _requests(server: ChatServer, number: int) -> bool:
    return len(server.requests) >= number


@dataclass
class ThinksAloud:
    """A model whose words turn out, once they are shown, to have been thoughts."""

    page: Page
    name = "thinks-aloud"

    async def stream(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
    ) -> AsyncGenerator[TextDelta | ModelReply, None]:
        yield TextDelta("Somebody greets me. \n")
        await until(lambda: calls_of(self.page, "chat.startStream"), "a stream")
        yield TextDelta("Hello!")
        yield ModelReply("Hello!")

    async def aclose(self) -> None:
        """Holds nothing."""


async def test_words_that_turn_out_to_be_thoughts_are_taken_back(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    async with running(workspace, storage, [write], http=http, model=ThinksAloud(page)):
        root = (await page.say("hello", "D0ANA"))["ts"]

        async def is_clean() -> bool:
            shown = [each for each in await page.messages("D0ANA") if each.get("thread_ts") == root]
            return len(shown) == 1 and "greets" not in json.dumps(shown) and "Hello!" in json.dumps(shown)

        await until(is_clean, "the reply without the thoughts")
    assert "Somebody greets me." in await everything_shown(page)


async def test_a_call_of_a_reply_that_broke_off_is_not_asked_about_and_the_turn_can_be_tried_again(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    cut = Answer([sse(chunk(call(0, "{}", id="a", name="write")), done=False)], end="cut")
    whole = Answer([sse(chunk(call(0, "{}", id="a", name="write")), chunk({}, "tool_calls"))])
    async with answered(workspace, storage, http, cut, whole) as (bot, _):
        root = (await page.say("write", "D0ANA"))["ts"]
        failed = await bot.card(root, "retry")
        assert "broke off" in json.dumps(failed)
        assert await storage.interrupts(status="waiting") == []
        await bot.press(failed, "retry")
        await bot.card(root, "approve")
        assert len(await storage.interrupts(status="waiting")) == 1


async def test_a_model_with_nothing_to_say_is_told_of(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    async with answered(workspace, storage, http, Answer([sse(chunk({"content": ""}), chunk({}, "stop"))])) as (
        bot,
        server,
    ):
        root = (await page.say("hello", "D0ANA"))["ts"]
        await bot.reads(root, "The model answered with nothing.")
        assert len(server.requests) == 2


async def test_a_mention_alone_reaches_the_model_with_words(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    hi = Answer([sse(chunk({"content": "Hi!"}), chunk({}, "stop"))])
    async with answered(workspace, storage, http, hi) as (bot, server):
        root = (await page.say(f"<@{workspace.team.bot.id}>"))["ts"]
        await bot.reads(root, "Hi!", "C0SUPPORT")
    (request,) = server.requests
    assert request["messages"][-1]["content"].startswith("What can you do?")


async def test_a_key_that_the_provider_repeats_is_nowhere(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    caplog: pytest.LogCaptureFixture,
):
    refused = Answer(status=401, body={"error": {"message": f"Incorrect API key provided: {KEY}."}})
    async with answered(workspace, storage, http, refused) as (bot, _):
        root = (await page.say("hello", "D0ANA"))["ts"]
        await bot.reads(root, "whoever runs this bot has to check OPENAI_API_KEY")
    assert "Incorrect API key provided: [hidden]" in caplog.text
    assert KEY not in caplog.text
    assert KEY not in await everything_shown(page)
