"""A refusal on record: who wanted what, and why it does not count. The question stays as it is."""

from __future__ import annotations

import logging

from graphs.approvals.judge import Refused
from graphs.approvals.terms import Actor
from storage import Storage, audit
from storage.ids import ThreadId

logger = logging.getLogger(__name__)


async def refuse(storage: Storage, thread_id: ThreadId, interrupt_id: str, actor: Actor, refused: Refused) -> Refused:
    """Put it on record, and give it back; `interrupt_id` is empty where there is no such question."""
    now = storage.now()
    logger.info("thread %s: %s was refused about question %r: %s", thread_id, actor.user, interrupt_id, refused.reason)
    await storage.write(
        lambda db: audit.append_refusal(
            db,
            at=now,
            thread_id=thread_id,
            interrupt_id=interrupt_id,
            team=actor.team,
            user=actor.user,
            reason=refused.reason,
        ),
        f"refusals of {actor.user}",  # they are counted, in whatever threads they are
    )
    return refused
