"""What stands in a conversation of the local workspace, and what the bot called for it."""

from collections.abc import Iterable

from bot.shown.cards import Shown
from bot.shown.posting import Poster
from storage import posts
from storage.posts import Conversation
from tests.demo.workspace.support import Json, Page

BOT = "U0SIGNOFF"
"""The bot's own user."""


async def in_thread(page: Page, root: str) -> list[Json]:
    return [message for message in await page.messages() if message.get("thread_ts") == root]


async def texts(page: Page, root: str) -> list[str]:
    return [message["text"] for message in await in_thread(page, root)]


async def calls_of(page: Page, *methods: str) -> list[str]:
    return [entry["method"] for entry in await page.journal("call") if entry["method"] in methods]


async def show(poster: Poster, conversation: Conversation, wanted: Iterable[tuple[str, Shown]]) -> None:
    """Show these, as whoever comes to the conversation anew does: by the posts that are stored."""
    storage = poster._storage  # pyright: ignore[reportPrivateUsage]
    known = await storage.read(lambda db: posts.of_thread(db, conversation.thread_id))
    for subject, shown in wanted:
        await poster.show(conversation, conversation.place, subject, shown, known)
