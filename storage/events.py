"""Events: what a transaction did that somebody who watches counts, told once it is committed.

A job that is undone, or run again, tells of nothing that was not stored. Whoever stores it tells of it: however many
processes there are, each event is told once, by one of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from storage.ids import InterruptId, ThreadId
from storage.jobs import Connection, Job

T = TypeVar("T")


@dataclass(frozen=True)
class WaitBegun:
    """A question was asked."""

    kind: str


@dataclass(frozen=True)
class WaitOver:
    """A question waits no more: what became of it, and what it was about. Times are Unix seconds. `tool` and `call` are
    those of a question about a tool call, `quorum` how many had to agree there.
    """

    interrupt_id: InterruptId
    thread_id: ThreadId
    kind: str
    outcome: str
    asked_at: float
    at: float
    tool: str | None = None
    call: str | None = None
    quorum: int | None = None


@dataclass(frozen=True)
class EffectOver:
    """An effect that says what it is about came to its end, or nobody knows whether it did (`in doubt`)."""

    thread_id: ThreadId
    tool: str
    call: str
    outcome: str
    began_at: float
    at: float


Event = WaitBegun | WaitOver | EffectOver
Observer = Callable[[Event], None]
"""Is called in the event loop, in the context of whoever asked for the transaction."""

_noted: ContextVar[list[Event] | None] = ContextVar("_noted", default=None)


def is_heard() -> bool:
    """Whether somebody watches the job that runs: then it may read what it would not have to know."""
    return _noted.get() is not None


def note(event: Event) -> None:
    """Have it told once this job is committed."""
    noted = _noted.get()
    if noted is not None:
        noted.append(event)


class Watched(Generic[T]):
    """A job that somebody watches. Whoever runs it has `tell` called once it is committed."""

    def __init__(self, job: Job[T], observer: Observer) -> None:
        self._job = job
        self._observer = observer
        self._context = copy_context()
        self._noted: list[Event] = []

    def __call__(self, db: Connection) -> T:
        return self._context.run(self._run, db)  # what it logs is about what its caller works on

    def _run(self, db: Connection) -> T:
        self._noted = []  # it may have run before, and was undone
        token = _noted.set(self._noted)
        try:
            return self._job(db)
        finally:
            _noted.reset(token)

    def tell(self, loop: asyncio.AbstractEventLoop) -> None:
        for event in self._noted:
            loop.call_soon(self._observer, event, context=self._context)


def tell(job: Job[Any], loop: asyncio.AbstractEventLoop) -> None:
    """Say that a job is committed: whoever watches it is told, in the loop, what it did. What an observer raises is the
    loop's to report, and nobody else's.
    """
    if isinstance(job, Watched):
        cast("Watched[Any]", job).tell(loop)
