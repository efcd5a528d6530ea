"""Copies of cards, in the direct messages of approvers who cannot see the conversation; all show one state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.people.people import People
from bot.shown import cards, timeline
from bot.shown.cards import Shown
from bot.shown.shown_calls import revision
from bot.shown.timeline import Card
from graphs.agent.proposals import terms_of
from storage.posts import Post


@dataclass(frozen=True)
class Copy:
    """One copy: where it stands, what it is known by, what it shows."""

    channel: str
    subject: str
    shown: Shown


async def wanted(people: People, channel: str, conversation: Sequence[Card], posted: Mapping[str, Post]) -> list[Copy]:
    """The copies of these cards of the conversation in `channel`. One that was posted is kept up to date whoever
    decides now; a new one is made while a call waits. Raises `CannotTell` when a later try may tell.
    """
    found: list[Copy] = []
    for card in conversation:
        places = {post.channel: None for post in posted.values() if timeline.is_copy(post.subject, card.subject)}
        for call in card.rows:
            question = call.question
            if question is None or not call.waits:
                continue
            for user in await people.elsewhere(terms_of(question), channel):
                place = await people.direct_message(user)
                if place is not None and place != channel:
                    places[place] = None
        if places:
            shown = cards.copy(cards.calls(card.rows, revision(card.rows)), _requester(card), card.words)
            found += [Copy(place, timeline.copy_subject(card.subject, place), shown) for place in places]
    return found


def _requester(card: Card) -> str:
    return next((call.requester for call in card.rows if call.requester), "")
