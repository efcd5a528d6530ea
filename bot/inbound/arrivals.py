"""Messages on their way in: stored before Slack hears that they arrived."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from slack_bolt.response import BoltResponse

from bot.inbound import losses, payloads
from bot.inbound.payloads import Body, SlackMessage
from bot.shown import timeline
from bot.shown.text import shorten
from bot.slack_client import SlackClient
from bot.slack_errors import UNCERTAIN, describe
from storage import Connection, Storage, inbox, posts

logger = logging.getLogger(__name__)

MOST_PROMPTS = 4
TITLE_LIMIT = 60

CLOCKS_DIFFER = 60.0
"""Seconds that Slack's clock and ours may be apart."""


@dataclass(frozen=True)
class Arrivals:
    """The inbox's door. `bot_user` is the bot's own user id, `team` the one that the app is installed in; `examples`
    are offered where nothing was said yet. `since` is when the token was taken last.
    """

    storage: Storage
    client: SlackClient
    bot_user: str
    team: str
    examples: Sequence[str]
    since: float

    async def store(self, body: Body, next: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:  # noqa: A002
        """A global middleware: Bolt acknowledges an event before its listener runs, so it is stored here."""
        message = payloads.message(body, self.bot_user)
        if message is not None:
            now = self.storage.now()
            await self.storage.write(lambda db: _receive(db, message, now))
        if (loss := payloads.loss(body)) is not None:
            await self.storage.write(lambda db: losses.note(db, loss))
        return await next()

    async def suggest(self, body: Body) -> None:
        """Somebody opened the direct message: offer something to begin with."""
        event = body["event"]
        if event.get("tab") == "messages" and self.examples:
            prompts = [{"title": shorten(text, TITLE_LIMIT), "message": text} for text in self.examples[:MOST_PROMPTS]]
            try:
                await self.client.assistant_threads_setSuggestedPrompts(channel_id=event["channel"], prompts=prompts)
            except UNCERTAIN as error:  # a courtesy
                logger.info("no examples are offered in %s: %s", event["channel"], describe(error))

    async def end(self, body: Body) -> None:
        """The app was uninstalled here, or its token revoked: nothing that Slack is asked will be answered.

        Slack may repeat itself hours later, when a new token has been taken.
        """
        event = body["event"]
        is_ours = event["type"] == "app_uninstalled" or bool((event.get("tokens") or {}).get("bot"))
        is_new = body.get("event_time", self.since) > self.since - CLOCKS_DIFFER
        if body.get("team_id") == self.team and is_ours and is_new:
            self.client.bury(event["type"])


def _receive(db: Connection, message: SlackMessage, now: float) -> None:
    """Take what is addressed to the bot, and replies in threads that it takes part in. A job."""
    delivery = message.delivery()
    about = posts.at(db, message.thread.channel, message.thread.thread_ts)
    if about is not None and not about.thread_ts and not timeline.is_a_copy(about.subject):
        # A reply to what we could not post in its own conversation.
        delivery = replace(delivery, thread_id=about.thread_id)
    elif not message.addressed and posts.conversation(db, message.thread.thread_id) is None:
        return
    if inbox.receive(db, delivery, now):
        logger.info("message %s of %s is in the inbox", message.ts, message.user)
