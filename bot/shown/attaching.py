"""What does not fit on a card, as a file beside it: it can be approved there once the file is up.

What became of a file is a row, so that a restart neither forgets nor repeats it. An upload that Slack did not confirm
is made again: twice is better than never.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from bot.shown import timeline
from bot.shown.held import Held
from bot.shown.shown_calls import ShownCall
from bot.shown.timeline import Card
from bot.slack_errors import UNCERTAIN, is_final, reason
from storage import Storage, attachments
from storage.attachments import Attachment
from storage.posts import Place, Post

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attaching:
    """Uploads them."""

    client: AsyncWebClient
    storage: Storage

    async def show(self, held: Held, shown: Sequence[Card]) -> None:
        """Attach what is missing. Raises what Slack or the connection says once all others are up: try again later."""
        later: Exception | None = None
        for call, post in _missing(held, shown):
            try:
                await self._attach(held, call, post)
            except UNCERTAIN as error:
                later = error
        if later is not None:
            raise later

    async def _attach(self, held: Held, call: ShownCall, post: Post) -> None:
        assert call.question is not None
        name, whole = f"{call.call_id[:40]}.json", call.arguments.file
        refused = await upload(self.client, post.place, name, "All of the arguments", whole)
        attachment, now = Attachment(call.question.id, post.subject, refused), self.storage.now()
        thread_id = held.conversation.thread_id
        await self.storage.write(lambda db: attachments.put(db, thread_id, attachment, now), thread_id)


async def upload(client: AsyncWebClient, place: Place, name: str, title: str, content: str | bytes) -> str | None:
    """Post a file. Why Slack never takes it there, where it does not; raises what Slack or the connection says, try
    again later.
    """
    held: dict[str, Any] = {"content": content} if isinstance(content, str) else {"file": content}
    try:
        await client.files_upload_v2(
            filename=name, title=title, channel=place.channel, thread_ts=place.thread_ts or None, **held
        )
    except SlackApiError as error:
        if not is_final(error):
            raise
        logger.warning("Slack takes no file in %s: %s", place.channel, reason(error))
        return reason(error)
    except SlackRequestError as error:  # the address that Slack gave for it took nothing
        raise ConnectionError(str(error)) from error
    return None


def _missing(held: Held, shown: Sequence[Card]) -> Iterator[tuple[ShownCall, Post]]:
    """The calls that wait and do not fit, with each post of their card that has no file yet."""
    for card in shown:
        for call in card.rows:
            if call.waits and call.doubt is None and not call.arguments.is_whole and "approve" in call.allow:
                for post in held.known.values():
                    is_card = post.subject == card.subject or timeline.is_copy(post.subject, card.subject)
                    if is_card and post.ts is not None and post.refused is None and post.subject not in call.attached:
                        yield call, post
