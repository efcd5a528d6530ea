"""The state of an agent's session, as Slack shows it beside a conversation: at work, waiting for a person, or neither.

It follows from the thread's row, and is said when it changes. It is not worth failing for.
"""

from __future__ import annotations

import logging
from typing import Literal

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack_errors import UNCERTAIN
from storage.posts import Conversation
from storage.recent import Recent
from storage.threads import ThreadStatus

logger = logging.getLogger(__name__)

SessionStatus = Literal["processing", "suspended", "active"]
"""Slack's words (agents.sessions.setStatus): it works, a person has to act, it is done."""

REMEMBERED = 1000
"""Conversations of which it is remembered what was said last; of any other it is said again."""


def status_of(thread: ThreadStatus, *, waits: bool) -> SessionStatus:
    """How a session stands whose thread has this status; `waits` tells whether a person is asked something."""
    if waits or thread == "waiting":
        return "suspended"
    return "processing" if thread == "running" else "active"


class Sessions:
    """Says how sessions stand."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._said = Recent(REMEMBERED)

    async def say(self, conversation: Conversation, status: SessionStatus) -> None:
        """Once for each change. What stands outside of threads is no session."""
        thread_id = conversation.thread_id
        if self._said.look(thread_id) == status or conversation.refused is not None or not conversation.thread_ts:
            return
        self._said.put(thread_id, status)
        try:
            await self._client.agents_sessions_setStatus(
                channel_id=conversation.channel, thread_ts=conversation.thread_ts, status=status
            )
        except UNCERTAIN as error:
            self._said.take(thread_id)
            logger.debug("the session of %s is not said to be %s: %s", thread_id, status, error)
