"""Bringing conversations up to date: what Slack shows of a thread → what its rows say.

A conversation is written to by one hand at a time, here and across processes: its messages stand in their order, and
none is posted twice. What is shown and can change no more is not looked at again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import takewhile
from typing import Any
from weakref import WeakValueDictionary

from slack_sdk.web.async_client import AsyncWebClient

from bot.people.directory import CannotTell
from bot.people.people import People
from bot.shown import cards, lookup, questions, timeline, versions
from bot.shown.attaching import Attaching
from bot.shown.cards import Shown
from bot.shown.copies import Copied, Copies
from bot.shown.held import Held
from bot.shown.live import LiveReply
from bot.shown.news import News, OwnState, Reader
from bot.shown.placing import Placing
from bot.shown.posting import Poster
from bot.shown.results import Results
from bot.shown.sessions import Sessions, status_of
from bot.shown.timeline import Card
from bot.shown.troubles import Troubles
from bot.shown.unanswerable import Unanswerable
from bot.slack_errors import UNCERTAIN
from graphs.agent.agent import MODEL
from graphs.agent.desk import Desk
from graphs.agent.question_desk import QuestionDesk
from graphs.agent.toolbox import Toolbox
from graphs.agent.turns import broken_off
from graphs.runtime.calling import awaitable
from graphs.runtime.compiled import Threads
from graphs.runtime.types import StateSnapshot
from storage import Connection, Storage, posts
from storage.errors import LeaseLost
from storage.ids import ThreadId
from storage.interrupts import OPEN
from storage.posts import Conversation
from storage.recent import Recent

logger = logging.getLogger(__name__)

NOT_NOW = (*UNCERTAIN, CannotTell)
"""What showing ends with when Slack does not take it now."""

KEPT = 1000
"""Conversations of which it is remembered what is settled; of any other the whole is looked at once."""


class Display:
    """What Slack shows of each thread."""

    def __init__(
        self,
        storage: Storage,
        graph: Threads,
        toolbox: Toolbox,
        client: AsyncWebClient,
        poster: Poster,
        people: People,
        own_state: OwnState = lambda _: None,
    ) -> None:
        """`own_state`: what is shown of a thread's state, and whether it may be edited, for a graph of one's own."""
        self._storage = storage
        self._reader = Reader(graph, toolbox, own_state)
        self._client = client
        self._poster = poster
        self._placing = Placing(storage, poster, people)
        self._copies = Copies(poster, people)
        self._attaching = Attaching(client, storage)
        self._results = Results(client, storage)
        self._unanswerable = Unanswerable(people, Desk(storage, toolbox), QuestionDesk(storage))
        self._troubles = Troubles()
        self.sessions = Sessions(client)
        self._hands: WeakValueDictionary[ThreadId, asyncio.Lock] = WeakValueDictionary()
        self._kept = Recent(KEPT)

    def alone(self, thread_id: ThreadId) -> asyncio.Lock:
        """What this process's tasks hold, one at a time, while they show the conversation."""
        lock = self._hands.get(thread_id)
        if lock is None:
            self._hands[thread_id] = lock = asyncio.Lock()
        return lock

    async def show(self, thread_id: ThreadId) -> bool:
        """Bring a conversation up to the thread's version; False when Slack does not take it now, or when it is
        somebody else's to show.
        """
        async with self.alone(thread_id):
            held = await self.take(thread_id)
            if held is None:
                return False
            try:
                await self.bring_up_to_date(held)
            except LeaseLost:
                return False
            except NOT_NOW as error:
                self.not_now(thread_id, error)
                return False
            finally:
                await self.give_back(held)
        return True

    def not_now(self, thread_id: ThreadId, error: BaseException) -> None:
        """Slack does not take the conversation now."""
        self._troubles.began(thread_id, error)

    def rest(self, thread_id: ThreadId) -> float:
        """Seconds before it is worth another try."""
        return self._troubles.rest(thread_id)

    async def take(self, thread_id: ThreadId) -> Held | None:
        """The right to show a conversation; None while a live owner has it."""
        kept: Held | None = self._kept.take(thread_id)

        def job(db: Connection) -> Held | None:
            last = posts.conversation(db, thread_id)
            taken = posts.take(db, thread_id, self._storage.owner)
            if taken is None or last is None:
                return None
            if kept is not None and kept.conversation.fence == last.fence:  # nobody else showed it since
                return Held(taken, kept.known, kept.settled, unseen=kept.unseen)
            known = posts.of_thread(db, thread_id)
            return Held(taken, known, unseen=set(known))

        return await self._storage.write(job, thread_id)

    async def give_back(self, held: Held) -> None:
        """Say how far it is shown, and let others show it."""
        thread_id = held.conversation.thread_id
        self._kept.put(thread_id, held)
        await self._storage.write(lambda db: posts.give_back(db, held.conversation, held.version), thread_id)

    def has_shown(self, thread_id: ThreadId) -> bool:
        """Whether this process knows what Slack shows of the conversation."""
        return self._kept.look(thread_id) is not None

    def reply(self, message_id: str) -> LiveReply:
        """A reply that the model begins to write."""
        return LiveReply(self._client, self._poster, message_id)

    async def say_status(self, conversation: Conversation, status: str) -> None:
        """The line under the conversation, where that is a thread. Not worth failing for."""
        if not conversation.thread_ts:
            return
        try:
            await self._client.assistant_threads_setStatus(
                channel_id=conversation.channel, thread_ts=conversation.thread_ts, status=status
            )
        except UNCERTAIN as error:
            logger.debug("no status in %s: %s", conversation.thread_id, error)

    async def bring_up_to_date(self, held: Held, before: str | None = None) -> bool:
        """Show what the rows say; True when something was posted. `before` is the subject of a reply that is about to
        be streamed: it and what follows are left out.

        Raises one of `NOT_NOW`, or `LeaseLost`.
        """
        news = await self._storage.read(lambda db: self._reader.news(db, held))
        if news is None:
            return False
        thread, snapshot, rest, record = news.thread, news.snapshot, news.rest, news.record
        unfinished = [turn.id for turn in broken_off(snapshot.values.get("messages", ()))]
        link_to = partial(self._poster.address, held.conversation)
        shown = await awaitable(timeline.cards_of, bounded=False)(rest, record, link_to)  # tools' own checks may block
        if await self._went_back(held, shown):
            return await self.bring_up_to_date(held, before)
        asker_of = timeline.askers(rest)
        wanted = self._wanted(held, news, shown, unfinished)
        if before is not None:
            wanted = list(takewhile(lambda each: each[0] != before, wanted))
            return await self._placing.show(held, wanted, asker_of)
        posted = await self._placing.show(held, wanted, asker_of)
        if all(task.name != MODEL for task in snapshot.tasks):  # else it may be about to finish what it began
            for subject in {subject for subject in held.known if timeline.is_reply(subject)} - {
                each[0] for each in wanted
            }:
                await self._poster.withdraw(held.conversation, subject, held.known)
        asking: list[Copied] = [*shown, *self._reader.asked(held, news)]
        if await self._copies.show(held, asking):
            wanted = self._wanted(held, news, shown, unfinished)
            posted |= await self._placing.show(held, wanted, asker_of)
            await self._copies.show(held, asking)
        await self._attaching.show(held, shown)
        await self._results.show(held, news.files)
        await self._unanswerable.end(held, shown, asker_of)
        await self._unanswerable.end_questions(held, self._reader.asked(held, news))
        held.version = thread.version
        if thread.status != "running":
            waits = any(call.waits for card in shown for call in card.rows)
            waits |= any(row.status in OPEN for row in news.questions)
            await self.sessions.say(held.conversation, status_of(thread.status, waits=waits))
        self._troubles.over(held.conversation.thread_id)
        _settle(held, snapshot, shown)
        return posted

    def _wanted(
        self, held: Held, news: News, shown: Sequence[Card], unfinished: Sequence[str]
    ) -> list[tuple[str, Shown]]:
        is_running = news.thread.status == "running"
        said = timeline.wanted(news.rest, shown, held.known, unfinished, is_running=is_running)
        asked = questions.wanted(self._reader.asked(held, news), held.known)
        # What stands there is changed first: who answered sees it before the reply that follows is whole.
        before = [each for each in asked if each[0] in held.known]
        said = [*before, *said, *(each for each in asked if each[0] not in held.known)]
        return said + timeline.stopping(news.thread.halted, shown)

    async def _went_back(self, held: Held, shown: Sequence[Card]) -> bool:
        """Whether Slack shows something later of a card that waits than what is on record: an older copy was put back,
        which is put on record, and told on the card. Each card that was posted before is looked at once.
        """
        found = False
        for card in shown:
            post = held.known.get(card.subject)
            if post is None or card.subject not in held.unseen or not any(call.waits for call in card.rows):
                continue
            seen = versions.shown_in(await lookup.block_ids(self._client, post))
            found |= await self._storage.write(
                lambda db, card=card, seen=seen: self._compared(db, card, seen), held.conversation.thread_id
            )
            held.unseen.discard(card.subject)
        return found

    def _compared(self, db: Connection, card: Card, seen: Mapping[str, int]) -> bool:
        """A job."""
        waiting = [call.question for call in card.rows if call.waits and call.question is not None]
        if not versions.is_later(db, seen, [row.id for row in waiting]):
            return False
        logger.error("thread %s: %s", waiting[0].thread_id, versions.WHY)
        versions.put_on_record(db, seen, waiting, self._storage.now())
        return True


def _settle(held: Held, snapshot: StateSnapshot, shown: Sequence[Card]) -> None:
    """Once it is up to date: the turns before the last, unless a call of theirs can still change."""
    messages: Sequence[dict[str, Any]] = snapshot.values.get("messages", ())
    last = next((n for n in range(len(messages) - 1, held.settled, -1) if messages[n]["role"] == "user"), held.settled)
    ids = {message.get("id") for message in messages[held.settled : last]}
    rows = [row for card in shown for row in card.rows if row.message_id in ids]
    if any(row.under_way for row in rows):
        return
    held.settled = last
    overcome = cards.overcome().digest
    for subject, post in list(held.known.items()):
        if timeline.message_of(subject) in ids or (timeline.is_failure(subject) and post.shown == overcome):
            del held.known[subject]
