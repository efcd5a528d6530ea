"""The owner of running threads. It looks at the rows: who wrote, what was answered, what was cut short; and runs it.

A click, a message, a start-up and a timer all do the same: wake the owner, which looks. So start-up is recovery.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any

from bot.inbound.payloads import Place
from bot.people.people import People
from bot.shown import timeline as view
from bot.shown.posting import Delivery
from bot.shown.shower import Display
from graphs.errors import NotWaiting, ThreadBusy
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import INTERRUPT, Config
from storage import Connection, Storage, deadlines, inbox, interrupts, posts, threads
from storage.ids import ThreadId
from storage.inbox import Delivery as Arrival
from storage.posts import Conversation
from storage.threads import ThreadRow

logger = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds after which the owner looks even when nothing was committed: at deadlines, and at owners that died."""

SHOW_AGAIN_AFTER = 2.0
"""Seconds before a conversation that Slack did not take is shown again."""

QUEUED = "I will read this once the question above is decided. Reject it there if you want something else."


class _Tasks:
    """One task a thread at most. What asks for another meanwhile is looked at again when it ends: `wake` is called."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._tasks: dict[ThreadId, asyncio.Task[None]] = {}
        self._again: set[ThreadId] = set()

    def start(self, thread_id: ThreadId, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if thread_id in self._tasks:
            self._again.add(thread_id)
            return
        task = asyncio.create_task(work(), name=thread_id)
        self._tasks[thread_id] = task
        task.add_done_callback(lambda ended: self._ended(thread_id, ended))

    async def end(self) -> None:
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _ended(self, thread_id: ThreadId, task: asyncio.Task[None]) -> None:
        del self._tasks[thread_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("thread %s could not be looked after", thread_id, exc_info=error)
        if thread_id in self._again:
            self._again.discard(thread_id)
            self._wake()


class Owner:
    """Runs threads and keeps their conversations up to date, until it is stopped."""

    def __init__(
        self,
        storage: Storage,
        graph: CompiledGraph,
        display: Display,
        delivery: Delivery,
        people: People,
    ) -> None:
        self._storage = storage
        self._graph = graph
        self._display = display
        self._delivery = delivery
        self._people = people
        self._running = _Tasks(storage.changes.commit_happened)
        self._showing = _Tasks(storage.changes.commit_happened)
        self._queued: set[str] = set()
        self._stuck: dict[ThreadId, int] = {}
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop`; then finish the steps in flight."""
        while not self._stopping.is_set():
            mark = await self._storage.changes.mark()
            await self._look()
            await self._storage.changes.wait(mark, LOOK_EVERY)
        await self._running.end()
        await self._showing.end()

    def stop(self) -> None:
        """Ask `run` to end: threads are given back at the border of a step."""
        self._stopping.set()
        self._storage.changes.commit_happened()

    async def _look(self) -> None:
        now = self._storage.now()
        if await self._storage.read(lambda db: deadlines.due(db, now)):
            await self._storage.write(lambda db: deadlines.expire(db, now))
        runnable, outdated = await self._storage.read(_what_is_due)
        for thread_id in runnable:
            self._running.start(thread_id, lambda thread_id=thread_id: self._work(thread_id))
        for conversation in outdated:
            if not self._display.is_writing(conversation.thread_id):
                self._showing.start(conversation.thread_id, lambda it=conversation: self._show(it))

    async def _work(self, thread_id: ThreadId) -> None:
        """Do what is due in a thread, until nothing is."""
        while not self._stopping.is_set():
            thread, news, arrival = await self._storage.read(lambda db: _state_of(db, thread_id))
            if thread is not None and self._stuck.get(thread_id) == thread.version:
                return None  # it failed before it could move; nothing has changed since
            try:
                if thread is not None and (news or thread.status == "running"):
                    await self._drive(thread_id, None, None)
                elif arrival is None or (thread is not None and thread.status == "waiting"):
                    return await self._say_queued(arrival)
                else:
                    await self._take_up(arrival)
            except ThreadBusy:
                return None
        return None

    async def _say_queued(self, arrival: Arrival | None) -> None:
        """A message that came while a question waits is read after it; its author is told so once."""
        if arrival is not None and arrival.event_id not in self._queued:
            self._queued.add(arrival.event_id)
            await self._delivery.whisper(_place(arrival), arrival.user, QUEUED)

    async def _take_up(self, arrival: Arrival) -> None:
        """Read one delivery: it is done when the thread has it."""
        if (why := await self._people.refusal(arrival.user)) is not None:
            await self._delivery.whisper(_place(arrival), arrival.user, why)
        elif arrival.kind == "retry":
            try:
                await self._drive(arrival.thread_id, None, None)
            except NotWaiting:
                logger.info("thread %s had been tried again already", arrival.thread_id)
        elif not await self._has_read(arrival):
            message = {"role": "user", "content": arrival.text, "id": arrival.ts, "by": arrival.user}
            await self._drive(arrival.thread_id, {"messages": [message]}, arrival.user)
            if not await self._has_read(arrival):
                await self._delivery.whisper(_place(arrival), arrival.user, view.BROKEN)
        await self._storage.write(lambda db: inbox.mark_done(db, arrival.event_id))

    async def _has_read(self, arrival: Arrival) -> bool:
        """Whether the message is in the thread already: it was, and the note of it was lost in a crash."""
        snapshot = await self._graph.aget_state(_config(arrival.thread_id))
        return any(message.get("id") == arrival.ts for message in snapshot.values.get("messages", ()))

    async def _drive(self, thread_id: ThreadId, given: Any, by: str | None) -> None:
        """Run the thread until it ends, waits or fails; what the model writes is shown as it comes."""
        conversation = await self._storage.read(lambda db: posts.conversation(db, thread_id))
        stream = self._graph.astream(
            given,
            _config(thread_id),
            stream_mode=["messages", "updates"],
            by=by,
            stop=self._stopping.is_set,
        )
        recipient = by or await self._requester(thread_id)
        if conversation is not None:
            await self._display.say_status(conversation, "is thinking…")
        try:
            async with aclosing(stream) as chunks:
                async for mode, chunk in chunks:
                    if mode == "messages" and conversation is not None and INTERRUPT not in chunk:
                        await self._display.write(conversation, recipient, chunk["id"], chunk["content"])
                    elif mode == "updates":
                        await self._display.finish(thread_id)
        except (ThreadBusy, NotWaiting):
            raise
        except Exception:
            snapshot = await self._graph.aget_state(_config(thread_id))
            references = [view.reference(task.id) for task in snapshot.tasks if task.error is not None]
            logger.exception("thread %s failed (reference %s)", thread_id, ", ".join(references) or "none")
            thread = await self._storage.read(lambda db: threads.get(db, thread_id))
            if thread is not None and not references:
                self._stuck[thread_id] = thread.version
        finally:
            await self._display.finish(thread_id)
            if conversation is not None:
                await self._display.say_status(conversation, "")

    async def _requester(self, thread_id: ThreadId) -> str:
        snapshot = await self._graph.aget_state(_config(thread_id))
        return (snapshot.metadata or {}).get("by") or ""

    async def _show(self, conversation: Conversation) -> None:
        """Bring a conversation up to date; when Slack does not take it, wait a little before the next look."""
        if not await self._display.show(conversation):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SHOW_AGAIN_AFTER):
                    await self._stopping.wait()


def _what_is_due(db: Connection) -> tuple[list[ThreadId], list[Conversation]]:
    runnable = [
        *threads.cut_short(db),
        *interrupts.threads_with_news(db),
        *inbox.threads_with_unread(db),
    ]
    return list(dict.fromkeys(runnable)), posts.out_of_date(db)


def _state_of(db: Connection, thread_id: ThreadId) -> tuple[ThreadRow | None, bool, Arrival | None]:
    news = bool(interrupts.newly_answered(db, thread_id))
    return threads.get(db, thread_id), news, inbox.first_unread(db, thread_id)


def _config(thread_id: ThreadId) -> Config:
    return {"configurable": {"thread_id": thread_id}}


def _place(arrival: Arrival) -> Place:
    return Place(arrival.team, arrival.channel, arrival.thread_ts)
