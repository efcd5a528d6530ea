"""A bot in HTTP mode is told by signed requests: what it answers counts, and what it does not take comes again."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from bot.demo.workspace import Tokens, Workspace, serve_workspace
from tests.demo.workspace.support import CARD, TOKENS, Page, slack_client
from tests.support.waiting import until

SECRET = "0123456789abcdef"

Answer = Callable[[web.Request], web.StreamResponse]


@pytest.fixture
def ack_timeout() -> float:
    return 0.3


class Listener:
    """A bot that answers as it is told, one after the other and then always the last way, and keeps what it heard."""

    def __init__(self) -> None:
        self.heard: list[tuple[web.Request, str]] = []
        self.answers: list[Any] = [web.Response]

    async def take(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        assert SignatureVerifier(SECRET).is_valid_request(text, dict(request.headers)), "Slack's own check"
        self.heard.append((request, text))
        made = (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])()
        return await made if asyncio.iscoroutine(made) else made

    @property
    def retries(self) -> list[tuple[str | None, str | None]]:
        headers = [request.headers for request, _ in self.heard]
        return [(each.get("X-Slack-Retry-Num"), each.get("X-Slack-Retry-Reason")) for each in headers]


@asynccontextmanager
async def told(
    ack_timeout: float, pauses: tuple[float, ...] = (0.0, 0.01, 0.02)
) -> AsyncIterator[tuple[Listener, Workspace, Page]]:
    listener = Listener()
    app = web.Application()
    app.router.add_post("/slack/events", listener.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    tokens = Tokens(bot=TOKENS.bot, app=TOKENS.app, signing=SECRET)
    try:
        async with (
            serve_workspace(
                port=0, tokens=tokens, request_url=url, ack_timeout=ack_timeout, pauses=pauses
            ) as workspace,
            aiohttp.ClientSession() as http,
        ):
            yield listener, workspace, Page(http, workspace.url)
    finally:
        await runner.cleanup()


async def gave_up(page: Page) -> bool:
    return any(entry.get("type") == "given_up" for entry in await page.journal("event"))


async def never() -> None:
    await asyncio.sleep(5)


async def test_what_the_bot_does_not_take_comes_again_three_times_with_the_reason(ack_timeout: float):
    async with told(ack_timeout) as (listener, _, page):
        listener.answers = [lambda: web.Response(status=500), never, lambda: web.Response(status=404)]
        await page.say("hello", channel="D0ANA")
        await until(lambda: gave_up(page), "the end of Slack's patience")
        again = [("1", "http_error"), ("2", "http_timeout"), ("3", "http_error")]
        assert listener.retries == [(None, None), *again]
        assert len({json.loads(text)["event_id"] for _, text in listener.heard}) == 1


async def test_what_the_bot_takes_in_the_end_does_not_come_again(ack_timeout: float):
    async with told(ack_timeout) as (listener, workspace, page):
        listener.answers = [lambda: web.Response(status=503), web.Response]
        await page.say("hello", channel="D0ANA")
        await until(lambda: len(listener.heard) == 2, "the repetition")
        await until(lambda: not workspace.store.events(), "it to be acknowledged")
        await page.say("and?", channel="D0ANA")
        await until(lambda: len(listener.heard) == 3, "the next message")
        assert listener.retries == [(None, None), ("1", "http_error"), (None, None)]


async def test_what_the_bot_does_not_want_again_does_not_come_again(ack_timeout: float):
    async with told(ack_timeout) as (listener, _, page):
        listener.answers = [lambda: web.Response(status=400, headers={"X-Slack-No-Retry": "1"})]
        await page.say("hello", channel="D0ANA")
        await until(lambda: gave_up(page), "the end of Slack's patience")
        assert listener.retries == [(None, None)]


async def test_a_click_is_asked_once_and_what_the_bot_answers_is_its_ack(ack_timeout: float):
    async with told(ack_timeout) as (listener, workspace, page):
        slack = slack_client(workspace.url)
        await slack.chat_postMessage(channel="C0SUPPORT", text="card", blocks=CARD)
        (message,) = await page.messages()
        assert await page.click(message) == {"acked": True}
        listener.answers = [lambda: web.Response(status=500)]
        assert (await page.click(message))["acked"] is False
        clicks = [parse_qs(text)["payload"] for request, text in listener.heard if "form" in request.content_type]
        assert [json.loads(each[0])["type"] for each in clicks] == ["block_actions", "block_actions"]
        listener.answers = [lambda: web.json_response({"text": "Nothing waits.", "response_type": "ephemeral"})]
        assert await page.command("/signoff list") == {"acked": True}
        assert parse_qs(listener.heard[-1][1])["command"] == ["/signoff"]
        assert await page.whispers("C0SUPPORT") == ["Nothing waits."]


async def test_a_bot_that_is_not_there_is_tried_again(ack_timeout: float):
    nobody = "http://127.0.0.1:9/"
    async with (
        serve_workspace(port=0, request_url=nobody, ack_timeout=ack_timeout, pauses=(0.0, 0.01, 0.02)) as workspace,
        aiohttp.ClientSession() as http,
    ):
        page = Page(http, workspace.url)
        await page.say("hello", channel="D0ANA")
        await until(lambda: gave_up(page), "the end of Slack's patience")
        assert [each["attempt"] for each in await page.journal("event") if "attempt" in each] == [0, 1, 2, 3]
