"""A bot between two of `Between`: what it says to Slack and to its model goes through the test's hands."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from tests.stories.people import Page
from tests.stories.programs import Stage
from tests.support.between import Between, between
from tests.support.cable import server, wire
from tests.trials import conversing
from tests.trials.conversing import SCRIPT, Talk

__all__ = ["server", "wire"]

AGENT = "tests.trials.agents:agent"


@dataclass
class Trial:
    """A stage whose bot is connected, what stands between, and a number for each conversation."""

    stage: Stage
    page: Page
    slack: Between
    model: Between
    numbers: "count[int]"

    async def restart(self) -> None:
        """Kill the bot, if it lives, and start it again."""
        await asyncio.to_thread(self.stage.kill_bot)
        await asyncio.to_thread(self.stage.start_bot)

    async def begin(self, channel: str | None = None) -> Talk:
        return await conversing.begin(self.page, self.stage, next(self.numbers), channel)

    async def whole(self, channel: str | None = None) -> Talk:
        """A conversation from its beginning to its end, and at rest."""
        talk = await self.begin(channel)
        await talk.decide()
        await talk.finish()
        await talk.settled()
        return talk


async def _trial(folder: Path, latency: float) -> AsyncIterator[Trial]:
    stage = await asyncio.to_thread(Stage, folder, agent=AGENT, script=SCRIPT, latency=latency)
    try:
        async with (
            between(stage.url) as slack,
            between(stage.model_url) as model,
            aiohttp.ClientSession() as http,
        ):
            stage.told = {"SLACK_API_URL": f"{slack.url}/api/", "OPENAI_BASE_URL": f"{model.url}/v1"}
            await asyncio.to_thread(stage.start_bot)
            yield Trial(stage, Page(http, stage.url, stage.model_url), slack, model, count())
    finally:
        await asyncio.to_thread(stage.close)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def quick(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Trial]:
    """Whose model answers at once, so that each reply is posted whole."""
    async for trial in _trial(tmp_path_factory.mktemp("quick"), 0.0):
        yield trial


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def streaming(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Trial]:
    """Whose model takes its time, so that the last reply is streamed."""
    async for trial in _trial(tmp_path_factory.mktemp("streaming"), 0.06):
        yield trial
