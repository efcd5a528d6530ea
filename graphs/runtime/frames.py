"""A running task as the code in it sees it: where its next question and its next claim belong.

A node may ask and claim from several coroutines at once. What it leaves behind when it ends (`gather` leaves the others
running) is waited for as far as it is the runtime's: effects, `@task`s and graphs. Nothing is asked or begun after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graphs.errors import InterruptMisused
from graphs.runtime.calling import GraphBubbleUp, Paused
from graphs.runtime.ledger import effect_scope
from graphs.runtime.program import Program
from graphs.runtime.session import Job, Session
from graphs.runtime.state import StateSchema
from graphs.runtime.streams import Where
from graphs.runtime.telling import Telling
from graphs.runtime.upward import one_of
from storage.ids import Namespace, Scope
from storage.interrupts import NewInterrupt

T = TypeVar("T")


async def _nothing_to_flush() -> None:
    """The position is on disk already."""


@dataclass(slots=True)
class Attempt:
    """One run of a task's node, shared by everything in it. `telling` is that of the graph that the task is of, `place`
    the names of graphs and nodes that lead to it, `keys` are those of the state that the node may write and `schema`
    says how.

    `flush` puts the position on disk that the task belongs to, before a claim names it.
    """

    session: Session
    ns: Namespace
    scope: Scope
    telling: Telling
    place: str
    node: str
    schema: StateSchema
    keys: Collection[str] = ()
    flush: Callable[[], Awaitable[None]] = _nothing_to_flush
    questions: list[NewInterrupt] = field(default_factory=list[NewInterrupt])
    """New ones, to be stored when the task pauses."""
    jobs: list[Job] = field(default_factory=list[Job])
    """What is stored with the end of the task, however it ends."""
    graphs: int = 0
    """How many it has called."""
    kept: list[Program] = field(default_factory=list[Program])
    """The graphs that were called in it and keep their state, in the order of their first calls."""
    over: bool = False
    _at_work: dict[asyncio.Future[None], asyncio.Task[Any] | None] = field(
        default_factory=dict[asyncio.Future[None], "asyncio.Task[Any] | None"]
    )

    def next_graph(self) -> Where:
        """What the graph that is called here now is told by in streams: the task, and from the second on its number."""
        number, self.graphs = self.graphs, self.graphs + 1
        task = (*self.telling.where, f"{self.node}:{self.scope.rpartition('/')[2]}")
        return (*task, str(number)) if number else task

    @contextmanager
    def working(self) -> Generator[None]:
        """Around a part of the task that its end waits for."""
        done = self.enter(asyncio.current_task())
        try:
            yield
        finally:
            self.leave(done)

    def enter(self, task: asyncio.Task[Any] | None = None) -> asyncio.Future[None]:
        """From now on the end of the task waits for this part of it, which `task` is at."""
        if self.over:
            raise Paused
        if (loop := asyncio.get_running_loop()) is not self.session.loop:
            raise InterruptMisused(
                f"something of node {self.node!r} was begun in an event loop of its own (asyncio.run?): "
                "in a plain `def` call the blocking twin, `graph.invoke(...)`, which runs in the loop of this run"
            )
        done = loop.create_future()
        self._at_work[done] = task
        return done

    def leave(self, done: asyncio.Future[None]) -> None:
        """The part has ended."""
        del self._at_work[done]
        done.set_result(None)

    async def end(self) -> None:
        """Wait for the parts that are still at work. When this is cancelled, so are they."""
        try:
            while self._at_work:
                await asyncio.wait(self._at_work)
        except asyncio.CancelledError:
            for task in set(self._at_work.values()):
                if task is not None:
                    task.cancel()
            raise
        finally:
            self.over = True


@dataclass(slots=True, eq=False)
class Begun:
    """A `@task` that code in a frame has begun: it is `running`, or has ended, with this `error`. `is_told`: that code
    knows how.
    """

    by: Frame
    running: asyncio.Task[Any] | None = None
    frame: Frame | None = None
    """The task's own."""
    error: BaseException | None = None
    is_told: bool = False

    def tell(self) -> None:
        """Its result, or its error, is handed to the code that began it."""
        self.is_told = True
        if isinstance(self.error, GraphBubbleUp) and self.frame is not None:
            unwind(self.by, self.frame)

    def cancel(self) -> None:
        if self.running is not None:
            self.running.cancel()


@dataclass(slots=True)
class Frame:
    """A scope within an attempt: the task's own, or that of an effect in it. What is in it is counted as it is called.

    An effect that is done is not entered again, so what it asked and called is counted apart.
    """

    attempt: Attempt
    scope: Scope
    effect: tuple[Scope, str] | None = None
    """The claim that this is the effect of: its scope and key."""
    asked: int = 0
    named: dict[str, int] = field(default_factory=dict[str, int])
    paused_at: str | None = None
    """Where the question was asked that unwinds this frame."""
    commanded_by: str | None = None
    """The graph called in it whose command unwinds this frame."""
    begun: list[Begun] = field(default_factory=list[Begun])
    is_left: bool = False
    """Its time was up, or it was cancelled: a thread of it may go on, and nobody waits for it."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more is asked and begun here."""
        return self.is_left or self.attempt.over

    async def carry_out(self, call: Callable[[], Awaitable[T]]) -> T:
        """What the call returns, once the tasks have ended that it has begun. One that asked pauses it, and one that
        failed fails it, where the call does not know of that.
        """
        try:
            result = await call()
            if self.begun:
                await self._end_of_begun()
        except asyncio.CancelledError:
            self.is_left = True
            for each in self.begun:
                each.cancel()
            raise
        return result

    async def _end_of_begun(self) -> None:
        while left := [each.running for each in self.begun if each.running is not None]:
            await asyncio.wait(left)
        errors = [each.error for each in self.begun if not each.is_told and each.error is not None]
        for error in sorted(errors, key=lambda error: not isinstance(error, Paused)):
            if not isinstance(error, asyncio.CancelledError):
                raise error

    @property
    def session(self) -> Session:
        return self.attempt.session

    def next_ordinal(self) -> int:
        self.asked += 1
        return self.asked - 1

    def numbered(self, name: str) -> str:
        """The next thing called `name` here: `name:0`, `name:1`, ..."""
        number = self.named.get(name, 0)
        self.named[name] = number + 1
        return f"{name}:{number}"

    def within(self, key: str) -> Frame:
        """The frame of an effect."""
        return Frame(self.attempt, effect_scope(self.scope, key), effect=(self.scope, key))


current_frame: ContextVar[Frame | None] = ContextVar("current_frame", default=None)


def frame_of(what: str) -> Frame:
    frame = current_frame.get()
    if frame is None:
        raise InterruptMisused(f"{what} was called outside a node; it works in nodes, tools and @task functions")
    return frame


@contextmanager
def outside() -> Generator[None]:
    """Around what a node calls that is not part of it, as the routers of another graph are."""
    token = current_frame.set(None)
    try:
        yield
    finally:
        current_frame.reset(token)


@contextmanager
def entered(frame: Frame, what: str, outer: Frame | None = None) -> Generator[None]:
    """Run in this frame. A signal comes out as itself, whatever group it was wrapped in, and unwinds `outer` too.

    Raises `InterruptMisused` when one was swallowed in it.
    """
    token = current_frame.set(frame)
    try:
        yield
    except GraphBubbleUp:
        unwind(outer, frame)
        raise
    except BaseExceptionGroup as group:
        signals, rest = group.split(GraphBubbleUp)
        if signals is None:
            raise
        if rest is not None:
            raise rest from None
        unwind(outer, frame)
        raise one_of(signals) from None
    finally:
        current_frame.reset(token)
    if frame.paused_at is not None or frame.commanded_by is not None:
        swallowed = (
            f"the question asked at {frame.paused_at}"
            if frame.paused_at is not None
            else f"the command that a node of the graph {frame.commanded_by!r} gave it"
        )
        raise InterruptMisused(
            f"{what} swallowed {swallowed}: a bare `except:` or `except BaseException:` must let it pass"
        )


def unwind(outer: Frame | None, frame: Frame) -> None:
    """The signal that unwinds a frame unwinds this one too."""
    if outer is not None:
        outer.paused_at, outer.commanded_by = frame.paused_at, frame.commanded_by
