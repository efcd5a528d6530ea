"""A workspace in memory, Slack's own client on it, and a real SQLite file."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.demo.workspace import Workspace, serve_workspace
from bot.shown.posting import Delivery
from storage import Storage, open_storage
from storage.ids import ThreadId
from storage.posts import Conversation
from tests.demo.workspace.support import Clock, Page, Slack, slack_client


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack's client sends even loopback calls to a proxy that the environment names."""
    for name in [name for name in os.environ if name.lower() in ("http_proxy", "https_proxy", "all_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture
def stage_clock() -> Clock:
    """The workspace's clock: streams and triggers live by it."""
    return Clock()


@pytest.fixture
async def workspace(stage_clock: Clock) -> AsyncIterator[Workspace]:
    async with serve_workspace(port=0, clock=stage_clock, ack_timeout=1.0) as workspace:
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
    client = slack_client(workspace.url)
    client.retry_handlers = []
    return client


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(f"sqlite:///{tmp_path / 'bot.db'}") as storage:
        yield storage


@pytest.fixture
async def conversation(page: Page) -> Conversation:
    root = (await page.say("hello"))["ts"]
    return Conversation(ThreadId(f"T0LOCAL/C0SUPPORT/{root}"), "T0LOCAL", "C0SUPPORT", root, 0)


@pytest.fixture
def delivery(slack: Slack, storage: Storage) -> Delivery:
    return Delivery(slack, storage)
