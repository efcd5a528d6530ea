"""The tasks of a step that are at work side by side, each a task of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from graphs.errors import UnexpectedExit
from graphs.runtime.calling import PATIENCE
from graphs.runtime.session import Session
from graphs.runtime.step import Task
from graphs.runtime.tasks import Failed, TaskResult, TaskRun
from storage.ids import TaskId

Waiter = asyncio.Task[Any] | None
"""What else is waited for beside the tasks, None for nothing."""


@dataclass
class AtWork:
    """What is at work of one step."""

    session: Session
    running: dict[asyncio.Task[TaskResult], TaskRun] = field(default_factory=dict[asyncio.Task[TaskResult], TaskRun])

    @property
    def ids(self) -> set[TaskId]:
        return {run.task.id for run in self.running.values()}

    def begin(self, run: TaskRun) -> None:
        self.running[asyncio.create_task(run.run(), name=f"{run.task.node} {run.task.id}")] = run

    async def until_some_end(self, *others: Waiter) -> set[asyncio.Task[Any]]:
        """Wait for one of the tasks, or of the others; all that have ended by then."""
        done, _ = await asyncio.wait({*self.running, *filter(None, others)}, return_when=asyncio.FIRST_COMPLETED)
        return done

    def take(self, ended: asyncio.Task[TaskResult]) -> tuple[Task, TaskResult]:
        """A task that has ended, and how."""
        task = self.running.pop(ended).task
        # Nobody else has cancelled it.
        return task, Failed(UnexpectedExit("CancelledError")) if ended.cancelled() else ended.result()

    async def cut_off(self) -> list[tuple[Task, TaskResult]]:
        """Cancel what is at work, once the effects that were claimed have ended; the tasks that had an end of their
        own by then.
        """
        await asyncio.gather(*(self._cut_off(each, run) for each, run in self.running.items()))
        ended = [(run.task, each.result()) for each, run in self.running.items() if not each.cancelled()]
        self.running.clear()
        return ended

    async def _cut_off(self, running: asyncio.Task[TaskResult], run: TaskRun) -> None:
        while over := self.session.claimed_within(run.scope):
            await asyncio.wait(over)
            await asyncio.wait([running], timeout=PATIENCE)  # to say what came of it
        running.cancel()
        await asyncio.wait([running])

    async def cancel(self, others: Iterable[Waiter]) -> None:
        """Cancel what is left, and what else was waited for."""
        left: list[asyncio.Task[Any]] = [*self.running, *filter(None, others)]
        for task in left:
            task.cancel()
        if left:
            await asyncio.gather(*left, return_exceptions=True)
