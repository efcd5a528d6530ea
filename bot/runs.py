"""The runs of this process: a thread is run until it ends, waits, fails or is stopped, and shown as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.failures import Failures
from bot.observing.turns import TurnEnd, Watched, unwatched
from bot.shown.shower import Display
from bot.shown.turn import Turn
from graphs.agent.agent import MODEL
from graphs.agent.halting import Halts
from graphs.errors import NotWaiting, ThreadBusy, ThreadWaiting
from graphs.runtime.compiled import Threads
from graphs.runtime.configs import config_of
from graphs.texts.log_ids import known
from storage import Connection, Storage
from storage.errors import DatabaseGone, StorageUnavailable
from storage.ids import ThreadId
from storage.posts import Conversation


class AlreadyRead(Exception):
    """Another run has read the delivery."""


MOVED_ON = (ThreadBusy, NotWaiting, AlreadyRead)
"""Another process runs the thread, or has moved it on since it was looked at: what is due now is for the next look."""


@dataclass
class Run:
    """One run. `halt` is set when it is to stop; `written` is the reply that the model is writing, as far as it is;
    `end` says how it ended, for whoever watches.
    """

    halt: asyncio.Event = field(default_factory=asyncio.Event)
    turn: Turn | None = None
    written: dict[str, Any] | None = None
    end: TurnEnd = field(default_factory=TurnEnd)

    def changed(self) -> None:
        """What is on record of the thread has changed."""
        if self.turn is not None:
            self.turn.changed()

    def note(self, mode: str, chunk: Any) -> None:
        """A chunk of its stream: show it, and keep what would be lost."""
        if mode == "updates":
            self.written = None
            if self.turn is not None:
                self.turn.settled(ends=_is_answer(chunk))
        elif mode == "messages":
            piece, _ = chunk
            if "id" in piece:  # else it tells of a question
                self._note_written(piece["id"], piece["content"])

    def _note_written(self, message_id: str, text: str) -> None:
        """A piece of the reply that the model is writing."""
        if self.written is None or self.written["id"] != message_id:
            self.written = {"role": "assistant", "id": message_id, "content": ""}
        self.written["content"] += text
        if self.turn is not None:
            self.turn.write(message_id, text)


class Runs:
    """Runs threads, and knows which are running."""

    def __init__(
        self,
        storage: Storage,
        graph: Threads,
        display: Display,
        failures: Failures,
        halts: Halts,
        stopping: asyncio.Event,
        watched: Watched = unwatched,
    ) -> None:
        """`stopping`: set when threads are to be given back at the border of a step. `watched` is entered around each
        run.
        """
        self._storage = storage
        self._graph = graph
        self._display = display
        self._failures = failures
        self._halts = halts
        self._stopping = stopping
        self._watched = watched
        self._runs: dict[ThreadId, Run] = {}

    def of(self, thread_id: ThreadId) -> Run | None:
        """The run of the thread, while it is here."""
        return self._runs.get(thread_id)

    def halt(self, thread_id: ThreadId) -> None:
        """Cut off what runs in a thread that is to stop, if that is here: see `graphs.agent.halting`."""
        run = self._runs.get(thread_id)
        if run is not None and not run.halt.is_set():
            run.halt.set()
            if run.turn is not None:
                run.turn.cut()

    async def drive(
        self,
        thread_id: ThreadId,
        conversation: Conversation | None,
        given: Any,
        by: str | None,
        also: Callable[[Connection], None] | None = None,
        message: str | None = None,
    ) -> bool:
        """Run the thread until it ends, waits or fails, and show what it comes to as it comes. `message` is Slack's
        name for what it begins to work on. False when it failed, and nothing on record of it says so.
        """
        with known({"thread": thread_id, "run": self._storage.new_id()}), self._running(thread_id) as run:
            stream = self._graph.astream(
                given,
                config_of(thread_id),
                stream_mode=["values", "messages", "updates"],
                by=by,
                stop=self._stopping.is_set,
                halt=run.halt,
                also=also,
            )
            async with self._watched(thread_id, message) as run.end:
                return await self._follow(run, stream, thread_id, conversation, by)

    async def _follow(
        self,
        run: Run,
        stream: AsyncGenerator[Any, None],
        thread_id: ThreadId,
        conversation: Conversation | None,
        by: str | None,
    ) -> bool:
        """See `drive`."""
        try:
            async with aclosing(stream) as chunks:
                async for mode, chunk in chunks:
                    if run.turn is None and conversation is not None:  # the thread is ours from its first chunk on
                        run.turn = Turn(
                            self._display, conversation, lambda: self.asker(thread_id, by), answers=by is not None
                        )
                    run.note(mode, chunk)
            if run.halt.is_set():
                await self._halts.finish(thread_id, run.written)
            run.end.outcome = "stopped" if run.halt.is_set() else "finished"
        except (*MOVED_ON, ThreadWaiting, DatabaseGone, StorageUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a node raised
            run.end.outcome, run.end.error = "failed", type(error).__name__
            return await self._failures.note(thread_id, error)
        finally:
            await self._ended(run.turn)
        return True

    async def _ended(self, turn: Turn | None) -> None:
        """Nothing runs in the thread any more: what that came to is shown."""
        if turn is not None:
            await turn.end()
        if turn is not None and turn.has_news:
            self._storage.changes.commit_happened()  # what was left to the turn is looked at again

    async def asker(self, thread_id: ThreadId, by: str | None) -> str:
        """Whom a reply is for."""
        if by is not None:
            return by
        snapshot = await self._graph.aget_state(config_of(thread_id))
        return (snapshot.metadata or {}).get("by") or ""

    @contextmanager
    def _running(self, thread_id: ThreadId) -> Generator[Run]:
        run = self._runs[thread_id] = Run()
        try:
            yield run
        finally:
            del self._runs[thread_id]


def _is_answer(update: Any) -> bool:
    """Whether what a node did was to give the turn's answer: a message that proposes no call."""
    written = update.get(MODEL) if isinstance(update, dict) else None
    messages = (written or {}).get("messages") or [{"tool_calls": True}]
    return not messages[-1].get("tool_calls")
