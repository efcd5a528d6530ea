"""A reply while the model is still writing it: streamed into Slack, then finished as the message that it is."""

from __future__ import annotations

import logging

from slack_sdk.web.async_chat_stream import AsyncChatStream
from slack_sdk.web.async_client import AsyncWebClient

from bot.shown import cards
from bot.shown.posting import UNCERTAIN, Delivery, metadata
from bot.shown.text import reply_markdown
from bot.shown.timeline import reply_subject
from storage.posts import Conversation

logger = logging.getLogger(__name__)

BUFFER = 48
"""Characters that are gathered before a piece is sent: Slack takes about a hundred pieces a minute."""


class LiveReply:
    """One assistant message, growing. Where streaming fails, nothing is lost: delivery posts the whole afterwards."""

    def __init__(
        self, client: AsyncWebClient, delivery: Delivery, conversation: Conversation, recipient: str, message_id: str
    ) -> None:
        self.message_id = message_id
        self._client = client
        self._delivery = delivery
        self._conversation = conversation
        self._recipient = recipient
        self._text = ""
        self._sent = 0
        self._stream: AsyncChatStream | None = None
        self._broken = False

    async def add(self, piece: str) -> None:
        self._text += piece
        end = _safe_end(self._text)
        if not self._broken and end - self._sent >= BUFFER and end <= cards.REPLY_LIMIT:
            await self._send(end)

    async def finish(self) -> None:
        """Close the stream: the message now shows its whole text."""
        shown = cards.reply(self._text)
        if len(shown) != 1:
            self._broken = True
        if not self._broken:
            await self._send(len(self._text))
        if self._stream is None or self._stream.ts is None:
            return
        try:
            await self._stream.stop(metadata=metadata(self._subject))
        except UNCERTAIN as error:
            logger.info("a stream ended early (%s); the message is finished by an update", error)
            return
        if not self._broken:
            await self._record(shown[0].digest)

    @property
    def _subject(self) -> str:
        return reply_subject(self.message_id)

    async def _send(self, end: int) -> None:
        piece, self._sent = reply_markdown(self._text[self._sent : end]), end
        if not piece:
            return
        try:
            if self._stream is None:
                self._stream = await self._open()
            await self._stream.append(markdown_text=piece)
            if self._stream.ts is not None and not self._recorded:
                self._recorded = True
                await self._record(None)
        except UNCERTAIN as error:
            self._broken = True
            logger.info("a reply cannot be streamed (%s); it is posted whole", error)

    _recorded = False

    async def _open(self) -> AsyncChatStream:
        return await self._client.chat_stream(
            buffer_size=1,
            channel=self._conversation.channel,
            thread_ts=self._conversation.thread_ts,
            recipient_team_id=self._conversation.team,
            recipient_user_id=self._recipient,
        )

    async def _record(self, shown: str | None) -> None:
        ts = self._stream.ts if self._stream is not None else None
        thread_id, channel = self._conversation.thread_id, self._conversation.channel
        await self._delivery.record(thread_id, channel, self._subject, ts, shown)


def _safe_end(text: str) -> int:
    """How far a text can be escaped in pieces: whole lines, and words of a line in which no link or token has begun."""
    line = text.rfind("\n") + 1
    if any(mark in text[line:] for mark in "[]<"):
        return line
    return max(line, text.rfind(" ") + 1)
