"""A workspace in memory, Slack's own client on it, and a real SQLite file."""

from collections.abc import AsyncIterator

import pytest

from bot.demo.workspace import Workspace
from bot.shown import posting
from bot.slack_client import SlackClient, session
from storage import Connection, Storage, inbox, posts
from storage.ids import ThreadId
from storage.inbox import Delivery
from storage.posts import Conversation
from tests.bot.support import BOT
from tests.demo.workspace.support import Page, Slack
from tests.support.database import clock, storage, template, url
from tests.support.slack import ack_timeout, http, no_proxy, page, stage_clock, workspace

__all__ = [
    "ack_timeout", "clock", "http", "no_proxy", "page", "stage_clock", "storage", "template", "url", "workspace",
]  # fmt: skip


@pytest.fixture
async def slack(workspace: Workspace) -> AsyncIterator[Slack]:
    """The bot's own client."""
    async with session() as http:
        yield SlackClient(token="xoxb-local", base_url=f"{workspace.url}/api/", session=http)


@pytest.fixture
async def conversation(page: Page, storage: Storage) -> Conversation:
    """One that somebody began and that we show."""
    root = (await page.say("hello"))["ts"]
    thread = ThreadId(f"T0LOCAL/C0SUPPORT/{root}")
    row = Delivery(f"Ev{root}", "message", thread, "T0LOCAL", "C0SUPPORT", root, root, "U0ANA", "hello")

    def job(db: Connection) -> Conversation | None:
        inbox.receive(db, row, 0.0)
        return posts.take(db, thread, storage.owner)

    taken = await storage.write(job)
    assert taken is not None
    return taken


@pytest.fixture
def delivery(slack: Slack, storage: Storage) -> posting.Poster:
    return posting.Poster(slack, storage, BOT)
