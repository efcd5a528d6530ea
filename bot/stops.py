"""The runs of this process that somebody may stop, and what is done once somebody has."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.halting import Halting
from bot.inbound.payloads import Person
from bot.shown.turn import Turn
from bot.telling import Telling, slack_thread
from graphs.agent.agent import MODEL
from graphs.agent.halting import STOPPED, Halts
from graphs.runtime.types import INTERRUPT
from storage import Connection, inbox
from storage.ids import ThreadId
from storage.inbox import Delivery


@dataclass
class Run:
    """One run. `halt` is set when it is to stop; `written` is the reply that the model is writing, as far as it is."""

    halt: asyncio.Event = field(default_factory=asyncio.Event)
    turn: Turn | None = None
    written: dict[str, Any] | None = None

    def note(self, mode: str, chunk: Any) -> None:
        """A chunk of its stream: show it, and keep what would be lost."""
        if mode == "updates":
            self.written = None
            if self.turn is not None:
                self.turn.settled(ends=_is_answer(chunk))
        elif mode == "messages" and INTERRUPT not in chunk:
            if self.written is None or self.written["id"] != chunk["id"]:
                self.written = {"role": "assistant", "id": chunk["id"], "content": ""}
            self.written["content"] += chunk["content"]
            if self.turn is not None:
                self.turn.write(chunk["id"], chunk["content"])


class Stops:
    """Knows what runs here. Whether it is to stop stands on the thread's row: see `graphs.agent.halting`."""

    def __init__(self, halting: Halting, halts: Halts) -> None:
        self._halting = halting
        self._halts = halts
        self._runs: dict[ThreadId, Run] = {}

    @contextmanager
    def running(self, thread_id: ThreadId) -> Generator[Run]:
        """Around a run of the thread."""
        run = self._runs[thread_id] = Run()
        try:
            yield run
        finally:
            del self._runs[thread_id]

    async def asked(self, delivery: Delivery, telling: Telling) -> None:
        """Somebody pressed Stop: see that it is so, or tell them why not."""

        def read(db: Connection) -> None:
            inbox.mark_done(db, delivery.event_id)

        by = Person(delivery.user, delivery.team)
        said = await self._halting.stop(slack_thread(delivery), by, pressed=delivery.ts, also=read)
        if said != STOPPED:
            await telling.say(delivery, said)

    def halt(self, thread_id: ThreadId) -> None:
        """Cut off what runs in a thread that is to stop, if that is here."""
        run = self._runs.get(thread_id)
        if run is not None and not run.halt.is_set():
            run.halt.set()
            if run.turn is not None:
                run.turn.cut()

    async def finish(self, thread_id: ThreadId, run: Run | None = None) -> None:
        """End a thread that is to stop, and that nobody runs any more, with what the run had written."""
        await self._halts.finish(thread_id, run.written if run is not None else None)


def _is_answer(update: Any) -> bool:
    """Whether what a node did was to give the turn's answer: a message that proposes no call."""
    written = update.get(MODEL) if isinstance(update, dict) else None
    messages = (written or {}).get("messages") or [{"tool_calls": True}]
    return not messages[-1].get("tool_calls")
