"""The first thing to try: a button on Home that writes an example for whoever presses it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from slack_bolt.async_app import AsyncAck

from bot.forms import modals
from bot.inbound import payloads
from bot.inbound.payloads import Body, HomeClick, SlackThread
from bot.people.directory import CannotTell
from bot.people.people import JUDGED_WITHIN, People
from bot.shown.text import escape, unformatted
from bot.slack_client import SlackClient
from bot.slack_errors import UNCERTAIN, describe
from storage import Storage, inbox
from storage.errors import DatabaseGone, StorageUnavailable
from storage.inbox import Delivery
from storage.recent import Recent

logger = logging.getLogger(__name__)

REMEMBERED = 1000
"""States of Homes of which it is remembered that their button was pressed."""

SENT = "The example is under Messages, as if you had written it. Go there to see what comes of it."
NOT_SENT = "The example could not be sent. Write it under Messages, or try again in a minute."


@dataclass(frozen=True)
class Trying:
    """The listener of the button. `examples` are the agent's, `team` is the one that the app is installed in."""

    storage: Storage
    client: SlackClient
    people: People
    team: str
    examples: Sequence[str]
    _pressed: Recent = field(default_factory=lambda: Recent(REMEMBERED))

    async def try_example(self, ack: AsyncAck, body: Body) -> None:
        """Nothing is promised by the ack: who sees no example presses again."""
        click = payloads.home_click(body)
        await ack()
        if self._pressed.look(click.shown) is not None:
            return
        self._pressed.put(click.shown, True)
        said = await self._send(click)
        if said != SENT:
            self._pressed.take(click.shown)
        try:
            await self.client.views_open(trigger_id=click.trigger_id, view=modals.notice_modal("Your example", said))
        except UNCERTAIN as error:  # the example, or that there is none, shows by itself
            logger.info("%s was not told of an example: %s", click.person.user, describe(error))

    async def _send(self, click: HomeClick) -> str:
        """Write the example where its answer will be; what its author is told."""
        user = click.person.user
        example = self.examples[0] if self.examples else None
        if click.person.team != self.team or example is None:
            return NOT_SENT
        try:
            async with asyncio.timeout(JUDGED_WITHIN):
                if (why := await self.people.refusal(user)) is not None:
                    return why
                channel = await self.people.direct_message(user)
            if channel is None:
                return NOT_SENT
            said = f"<@{user}> tries an example: {escape(example)}"
            posted = await self.client.chat_postMessage(channel=channel, text=said, blocks=[unformatted(said)])
            thread = SlackThread(self.team, channel, str(posted["ts"]))
            ts = thread.thread_ts
            delivery = Delivery(
                f"example:{ts}", "message", thread.thread_id, self.team, channel, ts, ts, user, escape(example)
            )
            now = self.storage.now()
            await self.storage.write(lambda db: inbox.receive(db, delivery, now), thread.thread_id)
        except (CannotTell, StorageUnavailable, DatabaseGone, *UNCERTAIN) as error:
            logger.warning("an example of %s was not sent: %s", user, describe(error))
            return NOT_SENT
        return SENT
