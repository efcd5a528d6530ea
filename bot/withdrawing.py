"""While a call waits, who asked for it can take it back: by a word, or for a message that they wrote meanwhile.

What a graph or a tool asks in the middle of its work cannot be rejected and gone on with: the word ends the turn, as
Slack's own button does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.halting import Halting
from bot.inbound.payloads import Person
from bot.people.people import People
from bot.telling import slack_thread
from graphs.agent.desk import Desk, asked_by_requester
from graphs.agent.halting import STOPPED
from graphs.agent.question_desk import KINDS
from storage import Connection, Storage, inbox, interrupts
from storage.inbox import Delivery

_WORD = re.compile(r"\s*(?:stop|cancel)(?:\s+that)?\s*\.?\s*", re.IGNORECASE)

TAKEN_BACK = "taken back"
OVERTAKEN = "a new message came instead"

READ_ALREADY = "This message has been read already."
NOT_YOURS = "Only who wrote this message can have it sent now."
NOTHING_WAITS = "Nothing of yours waits here any more. Your message is read next."


class _Read(Exception):
    """The message was read meanwhile."""


def _is_asked(db: Connection, delivery: Delivery) -> bool:
    """Whether a question waits that is about no call, and that is theirs. A job."""
    rows = interrupts.open_in(db, delivery.thread_id)
    return any(row.kind in KINDS and row.requester == delivery.user for row in rows)


@dataclass(frozen=True)
class Withdrawing:
    """Takes calls back for those who asked for them."""

    storage: Storage
    desk: Desk
    people: People
    halting: Halting

    async def asks(self, delivery: Delivery) -> bool:
        """Whether something waits in the thread that its author asked for."""
        return bool(await self.storage.read(lambda db: asked_by_requester(db, delivery.thread_id, delivery.user)))

    async def by_word(self, delivery: Delivery) -> bool:
        """Whether the message took back what its author asked for, and is done with: it says "stop" or "cancel"."""
        if delivery.kind != "message" or not _WORD.fullmatch(delivery.text):
            return False
        by = Person(delivery.user, delivery.team)

        def read(db: Connection) -> None:
            inbox.mark_done(db, delivery.event_id)

        if await self.storage.read(lambda db: _is_asked(db, delivery)):
            return await self.halting.stop(slack_thread(delivery), by, where_stopped=read) == STOPPED
        actor = await self.people.actor(by)
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
