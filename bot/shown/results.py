"""What a tool returned for people, as files in the thread: pictures, documents, the whole of what a model was told in
part.

Which are up is a row. An upload that Slack did not confirm is made again: twice is better than never.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.shown.attaching import upload
from bot.shown.held import Held
from bot.shown.text import one_line
from storage import Storage, kept_results
from storage.kept_results import KeptResult
from storage.posts import Conversation

LONGEST_NAME = 100
"""Characters of a file's name."""

UP = "thread"
REFUSED = "refused: {}"
"""What is on record of one that Slack does not take."""


@dataclass(frozen=True)
class Results:
    """Posts them, each once."""

    client: AsyncWebClient
    storage: Storage

    async def show(self, held: Held, kept: Sequence[KeptResult]) -> None:
        """Post these. Raises what Slack or the connection says: try again later."""
        if held.conversation.refused is None:
            for each in kept:
                await self._post(held.conversation, each)

    async def _post(self, here: Conversation, each: KeptResult) -> None:
        key = (here.thread_id, each.call_id, each.number)
        data = await self.storage.read(lambda db: kept_results.data(db, *key))
        if data is None:
            return
        name = one_line(each.name)[:LONGEST_NAME] or "result"
        refused = await upload(self.client, here.place, name, name, data)
        where, now = UP if refused is None else REFUSED.format(refused), self.storage.now()
        await self.storage.write(lambda db: kept_results.shown(db, *key, where, now), here.thread_id)
