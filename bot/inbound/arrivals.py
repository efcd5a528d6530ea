"""Messages on their way in: stored before Slack hears that they arrived."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.halting import NOTHING
from bot.inbound import losses, payloads
from bot.inbound.asked import spoken_in
from bot.inbound.payloads import Body, SlackMessage, Stop
from bot.shown.posting import Poster
from bot.shown.text import shorten
from bot.slack_client import SlackClient
from bot.slack_errors import UNCERTAIN, describe
from graphs.texts.log_ids import known
from storage import Connection, Storage, homes, inbox, posts
from storage.errors import DatabaseGone, StorageUnavailable
from storage.recent import Recent

logger = logging.getLogger(__name__)

PROMPTLY = 1.5
"""Seconds that a message, or a click, may take to be stored: Slack waits three for its acknowledgement."""

LATER = "I cannot store anything right now. I will read this as soon as that is over."

STOPS_LATER = "I cannot store anything right now. I will stop as soon as that is over."

REMEMBERED = 1000
"""People of whom it is remembered what they were told, and events that they are stored."""

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
    poster: Poster
    bot_user: str
    team: str
    examples: Sequence[str]
    since: float
    _told: Recent = field(default_factory=lambda: Recent(REMEMBERED))
    """Of which outage somebody was told last."""
    _stored: Recent = field(default_factory=lambda: Recent(REMEMBERED))
    """Events that are stored: Slack repeats what it heard of too late, and an outage may have begun meanwhile."""

    async def store(
        self,
        request: AsyncBoltRequest,
        body: Body,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002
    ) -> BoltResponse:
        """A global middleware: Bolt acknowledges an event before its listener runs, so it is stored here. Where a job
        finds that its thread is another one (`spoken_in`), it only adds to the inbox of that, each delivery once.

        What cannot be stored in time is not acknowledged: Slack sends it again. It is stored all the same once that can
        be, since Slack gives up after a few times; what has come twice is kept once.
        """
        event_id = body.get("event_id")
        attempt, reason = (request.headers.get(f"x-slack-retry-{each}", [""])[0] for each in ("num", "reason"))
        if event_id is not None and attempt not in ("", "0"):
            logger.info("event %s comes again (attempt %s: %s)", event_id, attempt, reason)
        if event_id is None or self._stored.look(event_id) is None:
            if not await self._is_stored(body):
                return BoltResponse(status=503)
            if event_id is not None:
                self._stored.put(event_id, True)
        return await next()

    async def _is_stored(self, body: Body) -> bool:
        """Store it, if it has to be. False when that is not possible in time."""
        message = payloads.message(body, self.bot_user)
        loss = payloads.loss(body)
        opening = payloads.opening(body)
        stop = payloads.stop(body)
        storage = self.storage.impatient(PROMPTLY, keeps=True)
        now = self.storage.now()
        try:
            if message is not None:
                await storage.write(lambda db: _receive(db, message, now), message.thread.thread_id)
            if stop is not None and not await storage.write(
                lambda db: _receive_stop(db, stop, now), stop.thread.thread_id
            ):
                await self.poster.whisper(stop.thread, stop.user, NOTHING)
            if loss is not None:
                await storage.write(lambda db: losses.note(db, loss))
            if opening is not None:
                await storage.write(
                    lambda db: homes.opened(db, opening.user, opening.channel, now), f"home {opening.user}"
                )
        except StorageUnavailable:
            if message is not None:
                await self._tell(message)
            if stop is not None:
                await self.poster.whisper(stop.thread, stop.user, STOPS_LATER)
            return False
        except DatabaseGone:
            return False
        return True

    async def _tell(self, message: SlackMessage) -> None:
        """Once in an outage; not of what is perhaps for others."""
        since = self.storage.outage.since
        if message.addressed and self._told.look(message.user) != since:
            self._told.put(message.user, since)
            await self.poster.whisper(message.thread, message.user, LATER)

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
    delivery = replace(message.delivery(), thread_id=spoken_in(db, message.thread))
    if not message.addressed and posts.conversation(db, delivery.thread_id) is None:
        return
    if inbox.receive(db, delivery, now):
        with known({"thread": delivery.thread_id}):
            logger.info("message %s of %s is in the inbox", message.ts, message.user)


def _receive_stop(db: Connection, stop: Stop, now: float) -> bool:
    """False where the bot takes no part. A job."""
    delivery = replace(stop.delivery(), thread_id=spoken_in(db, stop.thread))
    if posts.conversation(db, delivery.thread_id) is None:
        return False
    inbox.receive(db, delivery, now)
    return True
