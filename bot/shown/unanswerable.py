"""Questions that wait for nobody: whoever could decide could not be shown the card. They end, and the model is told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from bot.people.people import People
from bot.shown import questions, timeline
from bot.shown.copies import Copied, card_channel
from bot.shown.held import Held
from bot.shown.shown_calls import ShownCall
from bot.shown.timeline import Card
from graphs.agent.desk import Desk
from graphs.agent.proposals import APPROVAL, terms_of
from graphs.agent.question_desk import QuestionDesk
from graphs.approvals.terms import Terms

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Unanswerable:
    """Looks at the cards of which Slack did not take everything."""

    people: People
    desk: Desk
    questions: QuestionDesk

    async def end(self, held: Held, conversation: Sequence[Card], asker_of: Callable[[str], str]) -> None:
        """End the questions for which those who were reached are too few. Raises a passing `CannotTell`."""
        for card in conversation:
            waiting = [call for call in card.rows if call.waits and call.question and call.question.kind == APPROVAL]
            post = held.known.get(card.subject)
            is_home = post is None or (post.place == held.conversation.place and post.refused is None)
            unreached = timeline.unreached(card.subject, held.known)
            if not waiting or (is_home and not unreached):
                continue
            for call in waiting:
                await self._look(held, card, call, None if is_home else asker_of(card.subject), unreached)

    async def end_questions(self, held: Held, cards: Sequence[questions.Card]) -> None:
        """The same of what a graph of one's own asks, which one person answers. Raises a passing `CannotTell`."""
        for card in cards:
            post, unreached = held.known.get(card.subject), timeline.unreached(card.subject, held.known)
            is_home = post is None or (post.place == held.conversation.place and post.refused is None)
            if not card.waiting or (is_home and not unreached):
                continue
            able, reached = await self._reached(
                held, card, card.waiting[0], None if is_home else card.requester, unreached
            )
            if not reached and await self.questions.end_unreachable(card.row):
                thread_id = held.conversation.thread_id
                logger.warning("thread %s: question %s ends: none of %d was reached", thread_id, card.row.id, len(able))

    async def _look(
        self, held: Held, card: Card, call: ShownCall, asker: str | None, unreached: Collection[str]
    ) -> None:
        """`asker` is who alone sees the card, None when it stands in its conversation."""
        assert call.question is not None
        terms = terms_of(call.question)
        able, reached = await self._reached(held, card, terms, asker, unreached)
        possible = reached | set(call.votes)
        if len(possible) >= terms.quorum:
            return
        missing = sorted([await self.people.name(user) or user for user in able - reached])
        why = _why(terms.quorum, len(possible), missing)
        if await self.desk.end_unreachable(call.question, why):
            logger.warning("thread %s: question %s ends: %s", held.conversation.thread_id, call.question.id, why)

    async def _reached(
        self, held: Held, card: Copied, terms: Terms, asker: str | None, unreached: Collection[str]
    ) -> tuple[set[str], set[str]]:
        """Who could decide, and those of them who see the card."""
        able = await self.people.deciders(terms, held.conversation.channel)
        reached = able - set(unreached)
        if asker is not None:
            channel = card_channel(held, card)
            post = held.known[card.subject]
            see_it = set(await self.people.elsewhere(terms, channel))
            see_it |= {asker} if channel is not None and post.refused is None else set()
            reached &= see_it
        return able, reached


MOST_NAMES = 10


def _why(quorum: int, possible: int, missing: Sequence[str]) -> str:
    needs = f"{quorum} approval{'s' if quorum > 1 else ''}"
    can = {0: "nobody who can approve", 1: "only one person who can approve"}.get(
        possible, f"only {possible} people who can approve"
    )
    more = f" and {len(missing) - MOST_NAMES} more" if len(missing) > MOST_NAMES else ""
    because = f": Slack takes no message to {', '.join(missing[:MOST_NAMES])}{more}" if missing else ""
    return f"This call needs {needs}, and {can} could be reached{because}."
