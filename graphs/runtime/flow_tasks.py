"""Tasks of a flow: each begins when it is called, and what it returned is stored when it ends.

A call is matched by the task's name and its order among those of that name. When the code around it runs again, a task
that had finished is served from storage; one that had paused, failed or was cut off runs again.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphs.errors import InterruptMisused
from graphs.runtime import context, effects
from graphs.runtime.calling import Paused, invoke
from graphs.runtime.declared import Form
from graphs.runtime.frames import Begun, entered, frame_of
from graphs.runtime.futures import InLoop, InThread
from graphs.runtime.injected import Kind, extras_of
from graphs.runtime.retrying import attempts
from graphs.runtime.types import RetryPolicy


@dataclass(frozen=True)
class TaskFunction:
    """A function whose calls are tasks. `timeout` is in seconds, for one attempt."""

    fn: Callable[..., Any]
    name: str
    form: Form
    retries: Sequence[RetryPolicy] = ()
    timeout: float | None = None

    @cached_property
    def _extras(self) -> Mapping[str, Kind]:
        return extras_of(self.fn, after_first=False)

    def filled(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """What a run fills of the parameters that a call leaves open: its config, its writer, its runtime."""
        if not self._extras:
            return {}
        given = [*list(inspect.signature(self.fn).parameters)[: len(args)], *kwargs]
        left: dict[str, Kind] = {name: kind for name, kind in self._extras.items() if name not in given}
        place = context.here.get()
        return context.filled(left, place) if place is not None else {}

    def begin(self, args: Sequence[Any], kwargs: dict[str, Any]) -> InLoop[Any] | InThread[Any]:
        """Begin one, in the loop of the run, and give its future. Raises `InterruptMisused` outside a node."""
        frame = frame_of(f"task {self.name!r}")
        if frame.is_over:
            raise Paused
        loop, begun, call = frame.session.loop, Begun(frame), _Call(self, args, kwargs)
        key = frame.numbered(f"task {self.name}")
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            future = InThread[Any](begun)
            frame.begun.append(begun)
            loop.call_soon_threadsafe(_start, begun, key, call, future)
            return future
        if running is not loop:
            raise InterruptMisused(
                f"task {self.name!r} was called in an event loop of its own (asyncio.run?): in a plain `def` "
                "call it without one, and ask for its .result()"
            )
        future = InLoop[Any](begun, loop)
        frame.begun.append(begun)
        _start(begun, key, call, future)
        return future


@dataclass(frozen=True)
class _Call:
    task: TaskFunction
    args: Sequence[Any]
    kwargs: dict[str, Any]

    async def run(self, begun: Begun, key: str) -> Any:
        """What the task returned before, or returns now."""
        outer, task = begun.by, self.task
        session = outer.session
        known = session.ledger.claims.get((outer.scope, key))
        if known is not None and known.status == "done":
            return task.form.load(known.result or "null")
        claim, telling = known or effects.new_claim(outer, key), outer.attempt.telling
        telling.calls(claim.idempotency_key, task.name, self.args, self.kwargs)
        try:
            result = await attempts(lambda: self._attempt(begun, key), task.name, task.retries, task.timeout)
        except Exception as error:
            ended = effects.failed(claim, error, session)
            await session.settle(ended)
            telling.has_raised(claim.idempotency_key, task.name, ended.error or "")
            raise
        if session.storage is not None:
            text = task.form.dump(result)
            await session.settle(effects.done(claim, text, session))
            result = task.form.load(text)
        telling.has_returned(claim.idempotency_key, task.name, result)
        return result

    async def _attempt(self, begun: Begun, key: str) -> Any:
        begun.frame = frame = begun.by.within(key)
        kwargs = self.kwargs | self.task.filled(self.args, self.kwargs)
        with entered(frame, f"task {self.task.name!r}"):
            return await frame.carry_out(lambda: invoke(self.task.fn, *self.args, **kwargs))


def _start(begun: Begun, key: str, call: _Call, future: InLoop[Any] | InThread[Any]) -> None:
    """In the loop of the run."""
    attempt = begun.by.attempt
    if attempt.over:  # the node has ended meanwhile
        future.end(error=Paused())
        return
    begun.running = asyncio.create_task(call.run(begun, key), name=f"task {call.task.name}")
    part = attempt.enter(begun.running)

    def ended(task: asyncio.Task[Any]) -> None:
        begun.running = None
        attempt.leave(part)
        begun.error = asyncio.CancelledError() if task.cancelled() else task.exception()
        future.end(None if begun.error else task.result(), begun.error)

    begun.running.add_done_callback(ended)
