"""While a call waits, who asked for it can take it back: by a word, or for a message that they wrote meanwhile."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.inbound.payloads import Person
from bot.people.people import People
from graphs.agent.desk import Desk, asked_by_requester
from storage import Connection, Storage, inbox
from storage.inbox import Delivery

_WORD = re.compile(r"\s*(?:stop|cancel)(?:\s+that)?\s*\.?\s*", re.IGNORECASE)

TAKEN_BACK = "taken back"
OVERTAKEN = "a new message came instead"

READ_ALREADY = "This message has been read already."
NOT_YOURS = "Only who wrote this message can have it sent now."
NOTHING_WAITS = "Nothing of yours waits here any more. Your message is read next."


class _Read(Exception):
    """The message was read meanwhile."""


@dataclass(frozen=True)
class Withdrawing:
    """Takes calls back for those who asked for them."""

    storage: Storage
    desk: Desk
    people: People

    async def asks(self, delivery: Delivery) -> bool:
        """Whether something waits in the thread that its author asked for."""
        return bool(await self.storage.read(lambda db: asked_by_requester(db, delivery.thread_id, delivery.user)))

    async def by_word(self, delivery: Delivery) -> bool:
        """Whether the message took back what its author asked for, and is done with: it says "stop" or "cancel"."""
        if delivery.kind != "message" or not _WORD.fullmatch(delivery.text):
            return False
        actor = await self.people.actor(Person(delivery.user, delivery.team))

        def read(db: Connection) -> None:
            inbox.mark_done(db, delivery.event_id)

        return await self.desk.withdraw(delivery.thread_id, actor, TAKEN_BACK, read) > 0

    async def for_message(self, event_id: str, person: Person) -> str | None:
        """Take back what this person asked for, so that their message is read now. Why not, as a sentence, if not."""
        delivery = await self.storage.read(lambda db: inbox.get_unread(db, event_id))
        if delivery is None:
            return READ_ALREADY
        if delivery.user != person.user or delivery.team != person.team:
            return NOT_YOURS

        def still_kept(db: Connection) -> None:
            if inbox.get_unread(db, event_id) is None:
                raise _Read

        actor = await self.people.actor(person)
        try:
            taken = await self.desk.withdraw(delivery.thread_id, actor, OVERTAKEN, still_kept)
        except _Read:  # what waits now may be what came of it
            return READ_ALREADY
        return None if taken else NOTHING_WAITS
