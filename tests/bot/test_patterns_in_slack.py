"""The patterns of the human-in-the-loop guide, clicked through as the demo hosts them."""

import tomllib
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import bot.demo
from bot.demo.workspace import Workspace
from bot.loading import load
from storage import Storage
from tests.bot.inbound.test_clicks import filled_in, opened
from tests.bot.running import Bot, running
from tests.bot.test_own import Theatre
from tests.demo.workspace.support import Json, Page

HOSTED = tomllib.loads(Path(bot.demo.__file__).with_name("signoff.toml").read_text("utf-8"))["agents"]
BY_CHANNEL: dict[str, Any] = {f"C0{channel[1:].upper()}": load(path) for channel, path in HOSTED.items()}


@pytest.fixture
def theatre(workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page) -> Theatre:
    return Theatre(workspace, storage, http, page)


class Channel:
    """A conversation in one of the demo's channels."""

    def __init__(self, theatre: Theatre, bot: Bot, channel: str, root: str) -> None:
        self.theatre = theatre
        self.bot = bot
        self.channel = channel
        self.root = root

    async def card(self, action: str) -> Json:
        return await self.bot.card(self.root, action, self.channel)

    async def press(self, action: str) -> None:
        await self.bot.press(await self.card(action), action)

    async def fill(self, action: str, **values: str) -> Json:
        async with self.theatre.page.watching() as watching:
            await self.press(action)
            view = await opened(self.theatre.page, watching)
        return await self.theatre.page.submit(view["id"], **filled_in(view, **values))

    async def reads(self, words: str) -> None:
        await self.bot.reads(self.root, words, self.channel)


def hosting(theatre: Theatre) -> Any:
    return running(theatre.workspace, theatre.storage, [], http=theatre.http, by_channel=BY_CHANNEL)


async def begun(theatre: Theatre, bot: Bot, channel: str, text: str) -> Channel:
    root = (await theatre.page.say(f"@signoff {text}", channel))["ts"]
    return Channel(theatre, bot, channel, root)


@pytest.mark.parametrize(
    ("action", "said"),
    [("answer_yes", "Deployed the web shop"), ("answer_no", "Left the web shop as it is.")],
)
async def test_approve_or_reject(theatre: Theatre, action: str, said: str):
    async with hosting(theatre) as bot:
        deploys = await begun(theatre, bot, "C0DEPLOYS", "Deploy the web shop")
        await deploys.reads("Deploy the web shop?")
        await deploys.press(action)
        await deploys.reads(said)


async def test_review_and_edit(theatre: Theatre):
    async with hosting(theatre) as bot:
        channel = await begun(theatre, bot, "C0ANNOUNCEMENTS", "Announce the winter sale")
        await channel.reads("We are glad to announce the winter sale")
        assert await channel.fill("answer", headline="Winter sale") == {}
        await channel.reads("**Winter sale**")


async def test_validate_input_until_it_is_right(theatre: Theatre):
    async with hosting(theatre) as bot:
        channel = await begun(theatre, bot, "C0INTAKE", "I would like to sign up")
        assert await channel.fill("answer", answer="ana") == {}
        await channel.reads("“ana” is no email address.")
        assert await channel.fill("answer", answer="ana@harbour.example") == {}
        await channel.reads("We write to ana@harbour.example.")


async def test_a_breakpoint(theatre: Theatre):
    async with hosting(theatre) as bot:
        channel = await begun(theatre, bot, "C0DEBUG", "Look into order 1042")
        assert await channel.fill("edit_state", refund="30") == {}
        await channel.reads("refund 30")
        await channel.press("continue")
        await channel.reads("Settled order 1042: it came late, so 30 euro go back.")


async def test_review_tool_calls(theatre: Theatre):
    calls = load("graphs.patterns.review_tool_calls:graph")
    async with running(theatre.workspace, theatre.storage, [], http=theatre.http, own=calls) as bot:
        channel = await begun(theatre, bot, "C0SUPPORT", "refund 80")
        await channel.reads("Refund 80 euro?")
        assert await channel.fill("answer", amount="60", message="") == {}
        await channel.reads("Refunded 60 euro.")
