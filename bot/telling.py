"""What those who wait are told, privately and once: what they wait for, and that it goes on by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

from bot.inbound.payloads import SlackThread
from bot.people.unknown import WAITING, Unknown
from bot.shown import notices
from bot.shown.posting import Poster
from storage.ids import ThreadId
from storage.inbox import Delivery, Unread
from storage.outage import Outage
from storage.recent import Recent

Addressee = tuple[SlackThread, str]
"""Somebody in a conversation, who can be told something privately."""

REMEMBERED = 1000
"""Messages of which it is remembered that their authors know."""

TELL_AFTER = 3.0
"""Seconds that nothing can be stored before those who wait are told: a lock passes sooner."""

LATER = "I cannot store anything right now, so this takes longer. I will go on by myself when that is over."

QUEUED = "Your message is kept. It is read once what waits here is decided."


class Telling:
    """Knows who waits for what."""

    def __init__(self, poster: Poster, outage: Outage) -> None:
        self._poster = poster
        self._outage = outage
        self._queued = Recent(REMEMBERED)
        self._unknown = Unknown()
        self._served: dict[ThreadId, Callable[[], Awaitable[Addressee | None]]] = {}

    async def say(self, delivery: Delivery, text: str) -> None:
        """Tell its author something."""
        await self.tell((slack_thread(delivery), delivery.user), text)

    async def tell(self, person: Addressee, text: str) -> None:
        """Tell somebody something."""
        await self._poster.whisper(*person, text)

    def can_wait(self, unread: Unread) -> bool:
        """Whether nothing can be done now for who wrote this: Slack does not say who they are; or it waits for the
        question, and they know.
        """
        if self._unknown.rests(unread.event_id):
            return True
        return (unread.status == "waiting" or unread.waits) and self._queued.look(unread.newest) is not None

    def knows(self, delivery: Delivery) -> bool:
        """Whether its author was told that it waits."""
        return self._queued.look(delivery.event_id) is not None

    async def is_queued(self, delivery: Delivery, *, asks: bool) -> None:
        """It came while a question waits, and is read after it. `asks`: its author can have that changed, who asked for
        the call that waits.
        """
        self._queued.put(delivery.event_id, True)
        offered = notices.queued(QUEUED, delivery.event_id) if asks else ()
        await self._poster.whisper(slack_thread(delivery), delivery.user, QUEUED, blocks=offered)

    async def is_unknown(self, delivery: Delivery) -> None:
        """Its author cannot be looked up now."""
        if self._unknown.failed(delivery.event_id):
            await self.say(delivery, WAITING)

    @contextmanager
    def serving(self, thread_id: ThreadId, find: Callable[[], Awaitable[Addressee | None]]) -> Generator[None]:
        """While the block runs, what is done in the thread is for the person that `find` finds."""
        self._served[thread_id] = find
        try:
            yield
        finally:
            del self._served[thread_id]

    async def of_outages(self) -> None:
        """Without end: once in an outage, tell each who waits meanwhile for what cannot be stored."""
        while True:
            await self._outage.lasts(TELL_AFTER)
            since, told = self._outage.since, set[Addressee]()
            while self._outage.is_on and self._outage.since == since:
                for find in list(self._served.values()):
                    person = await find()
                    if person is not None and person not in told:
                        told.add(person)
                        await self._poster.whisper(*person, LATER)
                await self._outage.ends(within=1.0)


def slack_thread(delivery: Delivery) -> SlackThread:
    """Where it was written."""
    return SlackThread(delivery.team, delivery.channel, delivery.thread_ts)
