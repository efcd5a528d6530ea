"""A reply while the model is still writing it: streamed into Slack, then finished as the message that it is.

From its first piece on the stream is the post of its message: the row is there before Slack is called.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from slack_sdk.web.async_client import AsyncWebClient

from bot.shown import cards, feedback
from bot.shown.markdown import Stream, safe_end
from bot.shown.posting import OPENING, Known, Poster, metadata
from bot.shown.timeline import reply_subject
from bot.slack_errors import UNCERTAIN
from storage.posts import Conversation, Post

logger = logging.getLogger(__name__)

LIFE = 240.0
"""Seconds that a stream is written to: Slack ends it after about five minutes."""


class LiveReply:
    """One assistant message, growing. Where streaming fails, nothing is lost: the poster mends the post afterwards."""

    def __init__(
        self,
        client: AsyncWebClient,
        poster: Poster,
        message_id: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.message_id = message_id
        self._part = 0
        self._clock = clock
        self._begun_at = 0.0
        self.is_whole = False
        self.ends = False
        self._client = client
        self._poster = poster
        self._text = ""
        self._stream = Stream()
        self._sent = 0
        self._ts: str | None = None
        self._broken = False

    @property
    def subject(self) -> str:
        """Of the post that it is written into."""
        return reply_subject(self.message_id, self._part)

    @property
    def is_begun(self) -> bool:
        """Whether Slack shows a part of it."""
        return self._ts is not None

    @property
    def has_news(self) -> bool:
        """Whether there is more to show than is shown."""
        end = safe_end(self._text)
        return not self._broken and end <= cards.REPLY_LIMIT and bool(self._text[self._sent : end].strip())

    def add(self, text: str) -> None:
        """What the model wrote next."""
        self._text += text

    async def begin(self, conversation: Conversation, known: Known, recipient: str) -> None:
        """Show the first piece. A post that was begun before is left as it is: it is brought up to date at the end."""
        if self.subject in known or conversation.refused is not None:
            self._broken = True
            return
        end = safe_end(self._text)
        opening = self._stream.piece(self._text, end)
        begun = Post(
            self.subject,
            conversation.thread_id,
            conversation.channel,
            None,
            None,
            conversation.thread_ts,
            opening=opening[:OPENING],
        )
        await self._poster.save(conversation, begun, known)
        try:
            answer = await self._client.chat_startStream(
                channel=conversation.channel,
                thread_ts=conversation.thread_ts,
                recipient_team_id=conversation.team,
                recipient_user_id=recipient,
                markdown_text=opening,
            )
        except UNCERTAIN as error:
            self._give_up(error)
            return
        self._sent, self._ts, self._begun_at = end, str(answer["ts"]), self._clock()
        await self._poster.save(conversation, replace(begun, ts=self._ts), known)

    async def send(self, conversation: Conversation) -> None:
        """Show what was written since; where Slack would end the stream soon, it goes on in a message of its own."""
        if self._ts is None or not self.has_news:
            return
        if self._clock() - self._begun_at > LIFE:
            await self._close(conversation)
            return
        end = safe_end(self._text)
        news = self._stream.piece(self._text, end)
        try:
            await self._client.chat_appendStream(channel=conversation.channel, ts=self._ts, markdown_text=news)
        except UNCERTAIN as error:
            self._give_up(error)
        self._sent = end

    async def _close(self, conversation: Conversation) -> None:
        """End this stream, and begin another with what comes. Once the reply is whole, it is one message again."""
        try:
            await self._client.chat_stopStream(channel=conversation.channel, ts=str(self._ts))
        except UNCERTAIN as error:
            logger.info("a stream ended early (%s); the message is finished by an update", error)
        self._ts, self._part = None, self._part + 1

    async def finish(self, conversation: Conversation, known: Known) -> None:
        """Close the stream: the message now shows its whole text."""
        if self._ts is None:
            return
        shown = cards.reply(self._text, feedback=self.message_id if self.ends else None)
        whole = not self._broken and len(shown) == 1 and self._part == 0
        rest = self._stream.piece(self._text, len(self._text)) if whole else ""
        try:
            await self._client.chat_stopStream(
                channel=conversation.channel,
                ts=self._ts,
                markdown_text=rest or None,
                blocks=list(feedback.blocks(self.message_id)) if whole and self.ends else None,
                metadata=metadata(self.subject),
            )
        except UNCERTAIN as error:
            logger.info("a stream ended early (%s); the message is finished by an update", error)
            return
        if whole:
            post = replace(known[self.subject], shown=shown[0].digest, opening=None)
            await self._poster.save(conversation, post, known)

    def _give_up(self, error: Exception) -> None:
        self._broken = True
        logger.info("a reply cannot be streamed (%s); it is shown whole", error)
