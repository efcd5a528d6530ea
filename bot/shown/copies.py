"""Copies of cards, in the direct messages of approvers who cannot see the card; all show one state."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.inbound.payloads import SlackThread
from bot.people.directory import CannotTell
from bot.people.people import People
from bot.shown import timeline, wording
from bot.shown.cards import Shown
from bot.shown.held import Held
from bot.shown.placing import NO_DIRECT_MESSAGE
from bot.shown.posting import Poster
from bot.shown.refusals import NotTaken
from bot.slack_errors import UNCERTAIN
from graphs.approvals.terms import Terms
from storage.posts import Place, Post

logger = logging.getLogger(__name__)


class Copied(Protocol):
    """A card that may wait for somebody who cannot see it."""

    @property
    def subject(self) -> str: ...

    @property
    def waiting(self) -> Sequence[Terms]:
        """The terms of all that waits on it."""
        ...

    @property
    def requester(self) -> str:
        """Who asked for it; empty for nobody that is known."""
        ...

    def copy(self, unreached: Sequence[str]) -> Shown:
        """The card for somebody who cannot see where it was asked."""
        ...


@dataclass(frozen=True)
class Copies:
    """Keeps them up to date. One that was posted is, whoever decides now; a new one is made while something waits."""

    poster: Poster
    people: People

    async def show(self, held: Held, conversation: Sequence[Copied]) -> bool:
        """True when it turned out that somebody cannot be reached, which the cards have to say then.

        Raises what Slack or the connection says, and `CannotTell`, when all others are shown: try again later.
        """
        news, later = False, None
        for card in conversation:
            places = self._posted(held, card)
            try:
                for user in await self._elsewhere(held, card):
                    place = await self.people.direct_message(user)
                    if place is None:
                        news |= await self._unreached(held, card, user, NO_DIRECT_MESSAGE)
                    elif place != card_channel(held, card):
                        places[place] = user
            except CannotTell as error:
                later = error
            for place, user in places.items():
                try:
                    news |= await self._show(held, card, place, user)
                except UNCERTAIN as error:
                    later = error
        if later is not None:
            raise later
        return news

    def _posted(self, held: Held, card: Copied) -> dict[str, str | None]:
        """Where copies of the card are; for whom is not known."""
        found = (post for post in held.known.values() if timeline.is_copy(post.subject, card.subject))
        return {post.channel: None for post in found if post.refused is None}

    async def _elsewhere(self, held: Held, card: Copied) -> list[str]:
        """Those who could decide what waits, cannot see the card, and are not known to be out of reach."""
        unreached = timeline.unreached(card.subject, held.known)
        found: dict[str, None] = {}
        for terms in card.waiting:
            found |= dict.fromkeys(await self.people.elsewhere(terms, card_channel(held, card)))
        return [user for user in found if user not in unreached]

    async def _show(self, held: Held, card: Copied, channel: str, user: str | None) -> bool:
        subject = timeline.copy_subject(card.subject, channel)
        shown = card.copy(timeline.unreached(card.subject, held.known))
        try:
            await self.poster.show(held.conversation, Place(channel, ""), subject, shown, held.known)
        except NotTaken as refused:
            if user is not None:
                await self.poster.forget(held.conversation, subject, held.known)
                return await self._unreached(held, card, user, refused.why)
            logger.warning("a copy in %s is out of date, and Slack does not take the change: %s", channel, refused.why)
            stands = replace(held.known[subject], shown=shown.digest, refused=refused.why)
            await self.poster.save(held.conversation, stands, held.known)
        return False

    async def _unreached(self, held: Held, card: Copied, user: str, why: str) -> bool:
        """Keep in mind that this person cannot be asked, and tell who did ask."""
        here = held.conversation
        subject = timeline.copy_subject(card.subject, user)
        await self.poster.save(here, Post(subject, here.thread_id, user, None, None, refused=why), held.known)
        logger.warning("%s cannot be asked about %s in a direct message: %s", user, card.subject, why)
        if here.refused is None and card.requester:
            thread = SlackThread(here.team, here.channel, here.thread_ts)
            await self.poster.whisper(thread, card.requester, wording.unreached([user]))
        return True


def card_channel(held: Held, card: Copied) -> str | None:
    """Where the card itself stands; None when it stands nowhere."""
    post = held.known.get(card.subject)
    if post is None:
        return held.conversation.channel
    return post.channel if post.ts is not None else None
