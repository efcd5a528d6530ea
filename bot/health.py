"""What an orchestrator and a balancer ask: whether the process lives, and whether it may be sent to."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.slack_client import SlackClient
from bot.slack_errors import UNCERTAIN, describe
from storage import Storage, deadlines
from storage.errors import StorageError

logger = logging.getLogger(__name__)

READY_SECONDS = 2.0
"""How long storage, or Slack, may take to answer before the bot counts as not ready."""

HEARD_WITHIN = 30.0
"""Seconds for which an answer of Slack's, to whatever it was asked, shows that it can be reached."""

ASKED_EVERY = 10.0
"""Seconds, at least, between two calls that only ask whether Slack answers."""

Reachable = Callable[[], Awaitable[str | None]]
"""Why Slack cannot be reached, in a few words; None when it can."""


class Health:
    """Answers the probes. How Slack is reached is set by whoever connects: until then the bot is not ready."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.stopped_at: float | None = None
        """When it was told to stop (the monotonic clock's seconds)."""
        self.reachable: Reachable = _not_yet
        self.asked_at: float | None = None
        """When somebody asked last whether it is ready (the monotonic clock's seconds)."""

    def stop(self) -> None:
        """From now on it is not ready, since it ends."""
        self.stopped_at = self.stopped_at or time.monotonic()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/healthz", self.healthz), web.get("/readyz", self.readyz)]

    async def healthz(self, _: web.Request) -> web.Response:
        """The event loop answers, which is all that a restart could mend: not an outage of storage or of Slack."""
        return web.Response(text="ok\n")

    async def readyz(self, _: web.Request) -> web.Response:
        self.asked_at = time.monotonic()
        why = await self.why_not_ready()
        return web.Response(text="ready\n") if why is None else web.Response(text=f"not ready: {why}\n", status=503)

    async def why_not_ready(self) -> str | None:
        """In a few words; None when it is."""
        if self.stopped_at is not None:
            return "it is stopping"
        return await self._why_not_stored() or await self.reachable()

    async def _why_not_stored(self) -> str | None:
        if self._storage.outage.is_on:
            return "the database cannot be used"
        now = self._storage.now()
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._storage.read(lambda db: deadlines.due(db, now))
        except (StorageError, sqlite3.Error, OSError, TimeoutError) as error:
            logger.warning("storage does not answer: %s", str(error) or "it takes too long")
            return "the database does not answer"
        return None


class SlackAnswers:
    """Whether Slack's Web API answers: by what the client was told lately, else by asking, rarely."""

    def __init__(self, client: SlackClient) -> None:
        self._client = client
        self._asked_at = -ASKED_EVERY
        self._why: str | None = None

    async def why_not(self) -> str | None:
        """In a few words; None when it does. While one asks, others are told what was known before."""
        now = asyncio.get_running_loop().time()
        if now - self._client.heard_at < HEARD_WITHIN:
            self._why = None
        elif now - self._asked_at >= ASKED_EVERY:
            self._asked_at = now
            await self._ask(now)
        return self._why

    async def _ask(self, now: float) -> None:
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._client.auth_test()
        except UNCERTAIN as error:
            self._why = None if self._client.heard_at >= now else "Slack does not answer"
            if self._why is not None:
                logger.warning("Slack does not answer: %s", describe(error))
        else:
            self._why = None


async def _not_yet() -> str | None:
    return "it is not connected yet"
