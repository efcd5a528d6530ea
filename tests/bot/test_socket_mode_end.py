"""The end of a Socket Mode connection: what Slack sent is acknowledged first, and what was not comes again."""

import asyncio
from typing import Any

import pytest

from bot import socket_mode as listening
from bot.demo.workspace import Workspace
from bot.slack_client import SlackClient
from bot.socket_mode import socket_mode
from tests.demo.workspace.support import CARD, TOKENS, Page, new_app
from tests.support.waiting import until


class Slow:
    """A bot that acknowledges clicks and messages once it is let."""

    def __init__(self, workspace: Workspace) -> None:
        self.begun = 0
        self.let = asyncio.Event()
        self.app = new_app(workspace)
        self.app.use(self._wait)
        self.app.action("approve")(self._approve)
        self.app.event("message")(self._nothing)

    async def _wait(self, next: Any) -> Any:  # noqa: A002
        self.begun += 1
        await self.let.wait()
        return await next()

    async def _approve(self, ack: Any) -> None:
        await ack()

    async def _nothing(self) -> None:
        """Nothing is left to do."""


@pytest.fixture
async def card(slack: SlackClient, page: Page) -> Any:
    await slack.chat_postMessage(channel="C0SUPPORT", text="card", blocks=CARD)
    (message,) = await page.messages()
    return message


async def test_what_was_sent_is_acknowledged_before_the_connection_ends(
    workspace: Workspace, page: Page, slack: SlackClient, card: Any
) -> None:
    bot = Slow(workspace)
    async with asyncio.timeout(20):
        connection = socket_mode(bot.app, slack, TOKENS.app)
        why_not = await connection.__aenter__()
        assert await why_not() is None
        click = asyncio.create_task(page.click(card))
        message = asyncio.create_task(page.say("hello", channel="D0ANA"))
        await until(lambda: bot.begun >= 2, "both to come")
        ending = asyncio.create_task(connection.__aexit__(None, None, None))
        await asyncio.sleep(0)
        bot.let.set()
        assert await click == {"acked": True}
        await message
        await ending
        assert await why_not() == "it has no connection to Slack"
    await until(lambda: not workspace.store.events(), "all to be acknowledged")


async def test_what_hangs_does_not_hold_the_end_up_and_comes_again(
    workspace: Workspace, page: Page, slack: SlackClient, card: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "ACKNOWLEDGE_SECONDS", 0.2)
    bot = Slow(workspace)
    async with asyncio.timeout(20):
        async with socket_mode(bot.app, slack, TOKENS.app):
            await page.say("hello", channel="D0ANA")
            await until(lambda: bot.begun >= 1, "it to come")
    assert len(workspace.store.events()) >= 1
    again = Slow(workspace)
    again.let.set()
    async with socket_mode(again.app, slack, TOKENS.app):
        await until(lambda: not workspace.store.events(), "it to come again")
    bot.let.set()
