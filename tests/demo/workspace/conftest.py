"""A workspace in memory with a clock that is set, a page, and Slack's own client."""

import os
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.demo.workspace import Workspace, serve_workspace
from tests.demo.workspace.support import Clock, Page, Slack, slack_client


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack's client sends even loopback calls to a proxy that the environment names."""
    for name in [name for name in os.environ if name.lower() in ("http_proxy", "https_proxy", "all_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def workspace(clock: Clock) -> AsyncIterator[Workspace]:
    async with serve_workspace(port=0, clock=clock, ack_timeout=0.3) as workspace:
        yield workspace


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def page(http: aiohttp.ClientSession, workspace: Workspace) -> Page:
    return Page(http, workspace.url)


@pytest.fixture
def slack(workspace: Workspace) -> Slack:
    return slack_client(workspace.url)
