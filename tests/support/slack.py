"""The local workspace in memory with a clock that is set, a person at its page, and Slack's own client on it."""

import os
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.demo.workspace import Workspace, serve_workspace
from tests.demo.workspace.support import TOKENS, Page, Slack, slack_client
from tests.support.clock import Clock


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack's client sends even loopback calls to a proxy that the environment names."""
    for name in [name for name in os.environ if name.lower() in ("http_proxy", "https_proxy", "all_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture
def stage_clock() -> Clock:
    """The workspace's clock: streams and triggers live by it."""
    return Clock()


@pytest.fixture
def ack_timeout() -> float:
    """Seconds that the workspace waits for an ack, as Slack does. A test of what is not acknowledged is given fewer:
    with those, a machine that is busy for a moment would fail the others.
    """
    return 3.0


@pytest.fixture
async def workspace(stage_clock: Clock, ack_timeout: float) -> AsyncIterator[Workspace]:
    async with serve_workspace(port=0, clock=stage_clock.seconds, ack_timeout=ack_timeout, tokens=TOKENS) as workspace:
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
    """Slack's own client, with the retries that it comes with."""
    return slack_client(workspace.url)
