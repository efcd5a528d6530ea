"""Clicks on what is told of a message that waits for a decision."""

from __future__ import annotations

from dataclasses import dataclass

from slack_bolt.async_app import AsyncAck

from bot.inbound import payloads
from bot.inbound.payloads import Body
from bot.inbound.refusing import whisper
from bot.shown.posting import Poster
from bot.withdrawing import Withdrawing
from graphs.approvals.judge import Refused


@dataclass(frozen=True)
class Queued:
    """The listener of its button."""

    withdrawing: Withdrawing
    poster: Poster

    async def reject_and_send(self, ack: AsyncAck, body: Body) -> None:
        """Reject what waits, so that the message is read now. Stored before it is acknowledged, like each decision."""
        click = payloads.click(body)
        why = await self.withdrawing.for_message(click.value, click.person)
        await ack()
        if why is not None:
            await whisper(self.poster, click, Refused(why))
