"""Whether an answer helped, as people say by its buttons."""

from __future__ import annotations

from dataclasses import dataclass

from slack_bolt.async_app import AsyncAck

from bot.inbound import payloads
from bot.inbound.payloads import Body
from bot.shown import feedback as shown
from storage import Storage
from storage import feedback as stored


@dataclass(frozen=True)
class FeedbackClicks:
    """The listener of those buttons."""

    storage: Storage

    async def store(self, ack: AsyncAck, body: Body) -> None:
        """Store it; Slack shows which button was pressed."""
        click = payloads.click(body)
        said = shown.read(click.value)
        if said is not None:
            now, (message_id, helped) = self.storage.now(), said
            row = stored.Feedback(click.thread.thread_id, message_id, click.person.user, helped, now)
            await self.storage.write(lambda db: stored.put(db, row), row.thread_id)
        await ack()
