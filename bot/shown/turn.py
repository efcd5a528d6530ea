"""What is shown of a thread while this process runs it: replies as they are written, and each step once it settled.

One task writes to the conversation, so its messages stand in their order; what comes faster than that is collected.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from bot.shown.held import Held
from bot.shown.live import LiveReply
from bot.shown.shower import NOT_NOW, Display
from storage.errors import LeaseLost
from storage.posts import Conversation

PATIENCE = 0.4
"""Seconds before what is new is shown: what is whole by then is one message, and what settled by then one post."""

EVERY = 1.0
"""Seconds between two updates: Slack takes about one message a second in a channel."""

THINKING = "is thinking…"


class Turn:
    """One run's. `recipient` tells whom a reply is streamed for; it is asked once one is.

    `answers` somebody who wrote, and who sees at once that it works on that. Who has clicked sees what becomes of the
    card, and a status only when that takes longer.
    """

    def __init__(
        self,
        display: Display,
        conversation: Conversation,
        recipient: Callable[[], Awaitable[str]],
        *,
        answers: bool,
    ) -> None:
        self._display = display
        self._conversation = conversation
        self._recipient = recipient
        self._at_once = answers
        self._is_told = False
        self._held: Held | None = None
        self._replies: deque[LiveReply] = deque()
        self._has_status = False
        self._shown_at = float("-inf")
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        self._hurry = asyncio.Event()
        self._task = asyncio.create_task(self._keep_up(), name=f"showing {conversation.thread_id}")

    def write(self, message_id: str, piece: str) -> None:
        """The model wrote a piece of a reply."""
        if not self._replies or self._replies[-1].message_id != message_id:
            self.settled()
            self._replies.append(self._display.reply(message_id))
        self._replies[-1].add(piece)
        self._news.set()

    def settled(self, *, ends: bool = False) -> None:
        """A task of the thread ended: the reply that was being written is whole. `ends`: it is the turn's answer."""
        if self._replies:
            self._replies[-1].is_whole = True
            self._replies[-1].ends = ends
        self._news.set()

    def cut(self) -> None:
        """It is being stopped: what was written so far is all there will be, and what has changed is shown at once."""
        self.settled()
        self._hurry.set()

    def changed(self) -> None:
        """Somebody else changed something about the thread."""
        self._news.set()

    @property
    def has_news(self) -> bool:
        """Whether something is not shown yet."""
        return self._news.is_set()

    async def end(self) -> None:
        """The run is over: show what it came to, as far as Slack takes it now, and let others show the conversation."""
        self._over.set()
        self._hurry.set()
        self._news.set()
        await self._task

    async def _keep_up(self) -> None:
        async with self._display.alone(self._conversation.thread_id):
            if self._at_once:
                await self._tell()
            try:
                while not self._over.is_set():
                    await self._news.wait()
                    rest = self._display.rest(self._conversation.thread_id)
                    await self._pause(max(PATIENCE, self._shown_at + EVERY - time.monotonic(), rest))
                    if not self._over.is_set():
                        await self._attempt(self._step)
                        await self._tell()
                await self._attempt(self._last)
            finally:
                if self._held is not None:
                    await self._display.give_back(self._held)
            if self._has_status:
                await self._say("")

    async def _tell(self) -> None:
        """Say once that it works on it, unless the run is over or a reply that is being written says so. Of what is
        over at once after a click, only what came of it is said.
        """
        if not self._over.is_set():
            await self._display.sessions.say(self._conversation, "processing")
        writes = bool(self._replies) and self._replies[0].is_begun
        if not (self._is_told or writes or self._over.is_set()):
            self._is_told = True
            await self._say(THINKING)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), seconds)
        self._hurry.clear()

    async def _attempt(self, show: Callable[[Held], Awaitable[None]]) -> None:
        """What cannot be shown now is tried again a little later."""
        self._news.clear()
        try:
            if self._held is None:
                self._held = await self._display.take(self._conversation.thread_id)
            if self._held is None:
                self._news.set()
            else:
                await show(self._held)
        except LeaseLost:
            self._held = None
            self._news.set()
        except NOT_NOW as error:
            self._display.not_now(self._conversation.thread_id, error)
            self._news.set()
        self._shown_at = time.monotonic()

    async def _step(self, held: Held) -> None:
        while self._replies and self._replies[0].is_whole:
            await self._replies[0].finish(held.conversation, held.known)
            self._replies.popleft()
        reply = self._replies[0] if self._replies else None
        if reply is None or not (reply.is_begun or reply.has_news):
            await self._show(held)
        elif reply.is_begun:
            await reply.send(held.conversation)
        else:
            await self._show(held, before=reply.subject)
            await reply.begin(held.conversation, held.known, await self._recipient())
            self._has_status &= not reply.is_begun

    async def _last(self, held: Held) -> None:
        while self._replies:
            await self._replies[0].finish(held.conversation, held.known)
            self._replies.popleft()
        await self._show(held)

    async def _show(self, held: Held, before: str | None = None) -> None:
        posted = await self._display.bring_up_to_date(held, before)
        self._has_status &= not posted  # Slack clears it when the app posts

    async def _say(self, status: str) -> None:
        self._has_status = bool(status)
        await self._display.say_status(self._conversation, status)
