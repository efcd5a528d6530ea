"""Showing conversations: their messages brought up to date, replies while they are written, the status line.

One conversation is written to by one hand at a time: its messages stand in their order, and none is posted twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.people.directory import PASSING, CannotTell
from bot.people.people import People
from bot.shown import copies
from bot.shown import timeline as view
from bot.shown.live import LiveReply
from bot.shown.posting import UNCERTAIN, Delivery
from bot.shown.shown_calls import record_of
from bot.shown.timeline import Card
from graphs.agent.tools import Toolbox
from graphs.runtime.compiled import CompiledGraph
from storage import Storage, posts, threads
from storage.ids import ThreadId
from storage.posts import Conversation, Post

logger = logging.getLogger(__name__)


class Display:
    """What Slack shows of each thread."""

    def __init__(
        self,
        storage: Storage,
        graph: CompiledGraph,
        toolbox: Toolbox,
        client: AsyncWebClient,
        delivery: Delivery,
        people: People,
    ) -> None:
        self._storage = storage
        self._graph = graph
        self._toolbox = toolbox
        self._client = client
        self._delivery = delivery
        self._people = people
        self._hands: defaultdict[ThreadId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._live: dict[ThreadId, LiveReply] = {}

    def is_writing(self, thread_id: ThreadId) -> bool:
        """Whether a reply is being written there; the conversation is brought up to date when it is finished."""
        return thread_id in self._live

    async def show(self, conversation: Conversation) -> bool:
        """Bring a conversation up to the thread's version; False when Slack does not take it now."""
        async with self._hands[conversation.thread_id]:
            return self.is_writing(conversation.thread_id) or await self._show(conversation)

    async def write(self, conversation: Conversation, recipient: str, message_id: str, piece: str) -> None:
        """Show a piece of a reply. What happened before it is shown first."""
        thread_id = conversation.thread_id
        live = self._live.get(thread_id)
        if live is None or live.message_id != message_id:
            await self.finish(thread_id)
            async with self._hands[thread_id]:
                await self._show(conversation, before=view.reply_subject(message_id))
                live = LiveReply(self._client, self._delivery, conversation, recipient, message_id)
                self._live[thread_id] = live
        await live.add(piece)

    async def finish(self, thread_id: ThreadId) -> None:
        """The reply that is being written, if any, is whole."""
        live = self._live.get(thread_id)
        if live is not None:
            try:
                await live.finish()
            finally:
                del self._live[thread_id]
                self._storage.changes.commit_happened()

    async def say_status(self, conversation: Conversation, status: str) -> None:
        """The line under the conversation. Not worth failing for."""
        try:
            await self._client.assistant_threads_setStatus(
                channel_id=conversation.channel, thread_ts=conversation.thread_ts, status=status
            )
        except UNCERTAIN as error:
            logger.debug("no status in %s: %s", conversation.thread_id, error)

    async def _show(self, conversation: Conversation, before: str | None = None) -> bool:
        """`before` is a subject that somebody else is about to show: it and what follows are left to them."""
        thread_id = conversation.thread_id
        thread = await self._storage.read(lambda db: threads.get(db, thread_id))
        snapshot = await self._graph.aget_state({"configurable": {"thread_id": thread_id}})
        record = await record_of(self._storage, self._toolbox, thread_id)
        posted = await self._storage.read(lambda db: posts.of_thread(db, thread_id))
        wanted = view.wanted(thread_id, snapshot, record, posted)
        try:
            await self._delivery.show(conversation, takewhile(lambda each: each[0] != before, wanted))
            if before is None:
                await self._show_copies(conversation, view.cards_of(snapshot, record), posted)
        except (*UNCERTAIN, CannotTell) as error:
            logger.warning("conversation %s is not up to date: %s; trying again", thread_id, error)
            return False
        if before is None:
            version = thread.version if thread is not None else 0
            await self._storage.write(lambda db: posts.mark_shown(db, thread_id, version))
        return True

    async def _show_copies(self, conversation: Conversation, shown: Sequence[Card], posted: Mapping[str, Post]) -> None:
        """One that Slack does not take for good is left out: the card itself stays."""
        for copy in await copies.wanted(self._people, conversation.channel, shown, posted):
            place = replace(conversation, channel=copy.channel, thread_ts="")
            try:
                await self._delivery.show(place, [(copy.subject, copy.shown)])
            except SlackApiError as error:
                if error.response["error"] in PASSING:
                    raise
                logger.warning("a copy cannot stand in %s: %s", copy.channel, error.response["error"])
