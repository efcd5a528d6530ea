"""Cards that people see no more, because they were deleted, or their channel was archived: they are posted anew."""

from __future__ import annotations

import logging

from bot.inbound.payloads import Loss
from bot.shown import questions, timeline
from storage import Connection, interrupts, posts

logger = logging.getLogger(__name__)


def note(db: Connection, loss: Loss) -> None:
    """Forget the posts of cards on which something still waits, so that they are shown again. A job."""
    for post in posts.in_channel(db, loss.channel, loss.ts):
        asked = interrupts.open_in(db, post.thread_id)
        messages = {(row.terms or {}).get("message_id") for row in asked}
        is_card = timeline.is_card(post.subject) and timeline.message_of(post.subject) in messages
        is_question = any(timeline.is_of(post.subject, questions.subject(row)) for row in asked)
        if is_card or is_question:
            posts.lose(db, post)
            logger.info("%s is seen no more in %s; it is posted anew", post.subject, loss.channel)
