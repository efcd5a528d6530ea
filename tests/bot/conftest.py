"""A workspace in memory, Slack's own client on it, and a real SQLite file."""

import pytest

from bot.demo.workspace import Workspace
from bot.shown.posting import Delivery
from storage import Storage
from storage.ids import ThreadId
from storage.posts import Conversation
from tests.demo.workspace.support import Page, Slack, slack_client
from tests.support.database import clock, storage, template, url
from tests.support.slack import ack_timeout, http, no_proxy, page, stage_clock, workspace

__all__ = [
    "ack_timeout", "clock", "http", "no_proxy", "page", "stage_clock", "storage", "template", "url", "workspace",
]  # fmt: skip


@pytest.fixture
def slack(workspace: Workspace) -> Slack:
    """Without its own retries: the bot has one place for them."""
    client = slack_client(workspace.url)
    client.retry_handlers = []
    return client


@pytest.fixture
async def conversation(page: Page) -> Conversation:
    root = (await page.say("hello"))["ts"]
    return Conversation(ThreadId(f"T0LOCAL/C0SUPPORT/{root}"), "T0LOCAL", "C0SUPPORT", root, 0)


@pytest.fixture
def delivery(slack: Slack, storage: Storage) -> Delivery:
    return Delivery(slack, storage)
