"""Clicks: who it was, what they decided, and an answer that says whether it counts.

A decision is stored before its click is acknowledged: an acknowledged click is a recorded click.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import cast

from slack_bolt.async_app import AsyncAck

from bot.inbound import payloads
from bot.inbound.asked import NOT_STORED, Asked, about, ask_again, asked_by, card_of, failed_thread, is_attached, unseen
from bot.inbound.payloads import Body, Click, Person
from bot.inbound.refusing import whisper
from bot.people.people import People
from bot.shown import cards, versions
from bot.shown.on_record import record_of
from bot.shown.posting import Poster
from bot.shown.shown_calls import ShownCall, revision
from bot.shown.text import escape_visible
from graphs.agent.desk import Decided, Desk, Poll
from graphs.approvals.decisions import Approve
from graphs.approvals.judge import Refused
from graphs.approvals.states import DoubtChoice
from graphs.approvals.terms import Actor
from graphs.runtime.compiled import Threads
from graphs.runtime.configs import config_of
from storage import Connection, Storage, inbox
from storage.errors import StorageUnavailable
from storage.ids import ThreadId

logger = logging.getLogger(__name__)

WENT_BACK = (
    "Nothing was done: an older copy of the database was put back, and this was decided since. It may have run "
    "already. Look whether it did, then decide on the card as it reads now."
)
_CHANGED = Refused("The card has changed since it was shown to you. Look at it again.")


@dataclass(frozen=True)
class Clicks:
    """The listeners of the buttons of a card that decide at once."""

    storage: Storage
    graph: Threads
    desk: Desk
    poster: Poster
    people: People

    async def approve(self, ack: AsyncAck, body: Body) -> None:
        click = payloads.click(body)
        asked = await self.storage.read(lambda db: asked_by(db, click))
        actor = await self._actor(click.person, asked)
        result = unseen(asked) or await self.desk.decide(click.value, asked.thread_id, actor, Approve(), asked.poll)
        await ack()
        await self._tell(click, about(asked, result), quotes=_may_format(asked.title))

    async def approve_all(self, ack: AsyncAck, body: Body) -> None:
        """Decide exactly the rows that the card showed, and only those that this person may."""
        click = payloads.click(body)
        message_id, _, shown = click.value.rpartition(":")
        thread_id, channel = await self.storage.read(lambda db: card_of(db, click, message_id))
        questions = await self._waiting(click, thread_id, channel, message_id, shown)
        if isinstance(questions, Refused):
            await ack()
            return await self._tell(click, questions)
        terms = [asked.terms for asked in questions]
        actors = await self.people.actors(click.person, terms, channel, fresh=True)
        results = await asyncio.gather(
            *(self._approve(thread_id, asked, actor) for asked, actor in zip(questions, actors, strict=True))
        )
        refused = [
            f"• {escape_visible(asked.title)}: {result.reason}"
            for asked, result in zip(questions, results, strict=True)
            if isinstance(result, Refused)
        ]
        await ack()
        if refused:
            counted = f"{len(questions) - len(refused)} of {len(questions)} approved. Not counted:"
            await self._tell(click, Refused("\n".join([counted, *refused])), quotes=True)
        return None

    async def settle_doubt(self, ack: AsyncAck, body: Body) -> None:
        click = payloads.click(body)
        choice = cast("DoubtChoice", click.action)
        asked = await self.storage.read(lambda db: asked_by(db, click))
        actor = await self._actor(click.person, asked)
        result = await self.desk.settle_doubt(click.value, asked.thread_id, actor, choice, asked.poll)
        await ack()
        await self._tell(click, about(asked, result), quotes=_may_format(asked.title))

    async def retry(self, ack: AsyncAck, body: Body) -> None:
        """Try a turn again that failed: put into the inbox like everything else that asks something of a thread."""
        click = payloads.click(body)
        thread = click.thread
        thread_id = await self.storage.read(lambda db: failed_thread(db, click))
        delivery = inbox.Delivery(
            f"{thread.thread_id}:{click.action_ts}",
            "retry",
            thread_id,
            thread.team,
            thread.channel,
            click.action_ts,
            thread.thread_ts,
            click.person.user,
            click.value,
        )
        now = self.storage.now()
        await self.storage.write(lambda db: inbox.receive(db, delivery, now), thread_id)
        await ack()

    async def went_back(self, ack: AsyncAck, body: Body) -> None:
        """A click on a card that was decided since the copy of the database was made that is in use now."""
        click, now = payloads.click(body), self.storage.now()
        await self.storage.write(lambda db: ask_again(db, click, now))
        await ack()
        logger.error("thread %s: %s", click.thread.thread_id, versions.WHY)
        await self._tell(click, Refused(WENT_BACK))

    async def not_stored(self, body: Body) -> None:
        """A click whose outcome could not be stored: nothing has changed."""
        click = payloads.click(body)
        await whisper(self.poster, click, Refused(NOT_STORED))

    async def _approve(self, thread_id: ThreadId, asked: Asked, actor: Actor) -> Decided | Refused:
        """One of several rows: what cannot be stored of it takes nothing from the others."""
        try:
            return unseen(asked) or await self.desk.decide(asked.id, thread_id, actor, Approve(), asked.poll)
        except StorageUnavailable:
            return Refused(NOT_STORED)

    async def _actor(self, person: Person, asked: Asked, *, fresh: bool = True) -> Actor:
        """The person, as far as the question's terms make it matter who they are; the call's conversation counts, not
        the one that was clicked in. Who they are by now, unless nothing is decided yet.
        """
        return await self.people.actor(person, asked.terms, asked.channel, fresh=fresh)

    async def _tell(self, click: Click, result: Decided | Refused, *, quotes: bool = False) -> None:
        """Say why it does not count; `quotes` when words of others are in that."""
        if isinstance(result, Refused):
            await whisper(self.poster, click, result, quotes=quotes)

    async def _waiting(
        self, click: Click, thread_id: ThreadId, channel: str | None, message_id: str, shown: str
    ) -> list[Asked] | Refused:
        """What the card showed as waiting, if it still shows the same."""
        attached: dict[str, bool] = {}

        def look(db: Connection) -> list[ShownCall]:
            snapshot = self.graph.state_on(db, config_of(thread_id))
            message = next((m for m in snapshot.values.get("messages", ()) if m["id"] == message_id), None)
            if message is None:
                return []
            found = record_of(db, self.desk.toolbox, thread_id, [message]).calls(message, {})
            attached.update({call.call_id: is_attached(db, click, call.asked) for call in found})
            return found

        pages = cards.pages(await self.storage.read(look))
        page = next((page for page in pages if revision(page) == shown), None)
        if page is None:
            return _CHANGED
        return [
            Asked(thread_id, channel, Poll(call.asked, call.record.votes_for(call.asked)), attached[call.call_id])
            for call in page
            if call.waits and call.asked is not None
        ]


def _may_format(text: str) -> bool:
    """Whether Slack could take something in it for a format, an emoji or a link."""
    return any(mark in text for mark in "*_~`:<>&")
