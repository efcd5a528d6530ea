"""The runner: takes a graph of a thread from step to step."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any, Literal

from graphs.errors import GraphRecursionError
from graphs.runtime import breakpoints
from graphs.runtime.at_work import AtWork
from graphs.runtime.breakpoints import Breakpoints
from graphs.runtime.calling import Apart
from graphs.runtime.checkpoint_writer import CheckpointWriter
from graphs.runtime.frames import Attempt
from graphs.runtime.handling import failed_row
from graphs.runtime.in_flight import InFlight
from graphs.runtime.kept import kept_after
from graphs.runtime.ledger import Finished
from graphs.runtime.positions import Position, scope_of, unstored
from graphs.runtime.program import Program
from graphs.runtime.session import Commit, Session
from graphs.runtime.step import Task, due
from graphs.runtime.tasks import Failed, TaskResult, Waiting
from graphs.runtime.telling import Telling
from graphs.runtime.upward import Upward, dump_upward
from storage.ids import CheckpointId, Namespace
from storage.tasks import TaskRow

logger = logging.getLogger(__name__)

Ending = Literal["done", "waiting", "cut short"]


@dataclass
class Runner:
    """One graph of a thread, from its position to where it ends, waits or fails.

    `writer` has its position, and puts it on disk; `telling` is what is seen of the run. `caller` is the task that
    called this graph, None for the root, and `upward` what this graph commands it at its end.
    """

    program: Program
    session: Session
    ns: Namespace
    writer: CheckpointWriter
    telling: Telling
    before: Breakpoints = ()
    after: Breakpoints = ()
    limit: int = 1000
    caller: Attempt | None = None
    upward: list[Upward] = field(default_factory=list[Upward])
    step: InFlight = field(init=False)
    at_work: AtWork = field(init=False)

    def __post_init__(self) -> None:
        self.step = InFlight(self.program, self.session, self.ns, self.writer, self.telling, self.caller)
        self.at_work = AtWork(self.session)

    @property
    def is_root(self) -> bool:
        return not self.ns

    @property
    def position(self) -> Position:
        return self.writer.position

    def values(self) -> dict[str, Any]:
        """The state with what the finished tasks of the step in flight wrote."""
        return self.step.values()

    async def run(self) -> Ending:
        """Raises what a task raised, once its siblings have ended."""
        self.step.take_up()
        self.telling.reached(self.position)
        while self.position.tasks:
            if self._is_to_halt():
                await self.writer.park("running")
                return "cut short"
            if self._at_breakpoint():
                if await self.writer.park("waiting"):
                    return "waiting"
                continue
            position = self.writer.position
            if position.step - position.since >= self.limit:
                raise await self._without_end()
            if not await self._step():
                if self.step.failures:
                    raise next(iter(self.step.failures.values()))
                return "cut short" if self._is_to_halt() else "waiting"
            if self.is_root and self.position.tasks and self.session.stop() and await self.writer.park("running"):
                return "cut short"
        return "done"

    async def _step(self) -> bool:
        """Run what is due, and again what is answered meanwhile. True when the step is in a checkpoint."""
        alone = self.step.only()
        if alone is not None and await self._record(alone, await Apart(self.step.begin(alone).run())):
            return True
        return await self._side_by_side()

    async def _side_by_side(self) -> bool:
        """`_step`, for tasks of the event loop."""
        news: asyncio.Task[None] | None = None
        halt = asyncio.create_task(self.session.halt.wait()) if self.is_root and self.session.halt else None
        listens = self.session.storage is not None  # without, no answer can come
        try:
            while True:
                if self.session.released:
                    return False
                if self._is_to_halt():
                    return await self._halt()
                self._begin_due()
                if not self.at_work.running:
                    if await self.writer.park("failed" if self.step.failures else "waiting"):
                        return False
                    continue
                if news is None and listens and self.step.asking(self.at_work.ids):
                    news = asyncio.create_task(self.session.news(lambda: self.step.asking(self.at_work.ids)))
                done = await self.at_work.until_some_end(news, halt)
                if news is not None and news in done:
                    done.discard(news)
                    listens, news = self._heard(news), None
                for ended in () if self._is_to_halt() else done:  # else that is for `_halt`
                    if await self._record(*self.at_work.take(ended)):
                        return True
        finally:
            await self.at_work.cancel((news, halt))

    def _is_to_halt(self) -> bool:
        return self.is_root and self.session.is_halted

    async def _halt(self) -> bool:
        """Cut off what runs, wait for the end of what was claimed, and give the thread back in the middle of its step.
        What has finished by then is stored.
        """
        commit = Commit(release="running")
        for task, result in await self.at_work.cut_off():
            if isinstance(result, Finished):
                self.step.results[task.id] = result
                self.writer.jobs += result.jobs
                of_task = self.step.ended(task, result)
                commit.tasks += of_task.tasks
                commit.closed += of_task.closed
        await self.writer.store(commit)
        return False

    def _begin_due(self) -> None:
        if not self.session.is_halted:
            for task in self.step.due(self.at_work.ids):
                self.at_work.begin(self.step.begin(task))

    def _heard(self, news: asyncio.Task[None]) -> bool:
        """Whether to listen on. Where listening failed nobody is cut off for it: answers are looked for again when the
        tasks that run have ended.
        """
        if (error := news.exception()) is not None:
            logger.warning("thread %s cannot see now whether it is answered: %s", self.session.thread_id, error)
        return error is None

    async def _record(self, task: Task, result: TaskResult) -> bool:
        """Store how a task ended. True when it was the last of its step and the step is in a checkpoint."""
        if isinstance(result, Waiting) and self.session.is_halted:
            return False  # it asked, or was kept from beginning what it had leave for: that is not to be told of it
        self.writer.jobs += result.jobs
        if isinstance(result, Finished):
            self.step.results[task.id] = result
            if self.telling.is_heard:
                self.telling.has_finished(self.step.told(task), result)
            if self.step.is_complete:
                try:
                    position = self._next()
                except Exception as error:  # noqa: BLE001 - writes that do not go together, or a reducer that raises
                    del self.step.results[task.id]
                    result = Failed(error)
                else:
                    await self._advance(position)
                    return True
        commit = self.step.ended(task, result)
        if isinstance(result, Failed) and self.step.is_handled(task, result.error):
            return await self._hand_over(task, result, commit)
        if isinstance(result, Finished) and self.at_work.running and self.session.durability == "exit":
            self.writer.unsaved += commit.tasks
            return False
        if not self.at_work.running and self.is_root:
            commit.release = "failed" if self.step.failures else "waiting"
        await self.writer.store(commit)
        self.step.tell(task, result)
        return False

    async def _hand_over(self, task: Task, result: Failed, commit: Commit) -> bool:
        """Store that a node failed, and begin its error handler."""
        self.step.hand_over(task, result)
        (row,) = commit.tasks
        if self.session.durability == "exit":
            self.writer.unsaved.append(failed_row(row))
        else:
            await self.writer.store(Commit(tasks=[row, failed_row(row)]))
        self.telling.has_failed(task, result.text)
        if not self.session.is_halted:
            self.at_work.begin(self.step.begin(task))
        return False

    def _next(self) -> Position:
        """The position after this step: its writes applied, and what is due then."""
        old = self.position
        values = self.values()
        departures = [self.step.results[task.id].departure(task) for task in old.tasks]
        upward = [command for task in old.tasks for command in self.step.results[task.id].upward]
        if upward:  # the graph ends
            tasks, joins, self.upward = (), {}, upward
        else:
            tasks, joins = due(self.program.topology, departures, old.joins, self.session.new_id)
        new = old.follow(
            CheckpointId(self.session.new_id()),
            source="loop",
            step=old.step + 1,
            values=values,
            tasks=tasks,
            joins=joins,
            metadata=self.session.noted,
            ran=tuple(dict.fromkeys(task.node for task in old.tasks)),
            kept=kept_after(old, self.session.ledger) if self.is_root else old.kept,
            upward=tuple(dump_upward(upward, self.caller.schema)) if self.caller and self.session.storage else (),
        )
        passes = self.session.storage is not None and self.session.durability == "exit" and tasks
        return unstored(self.program.schema, old, new) if passes else new

    async def _advance(self, position: Position) -> None:
        """Go to the next position, and store it with everything that it settles."""
        wrote = self.telling.is_heard and self.telling.wrote(self.step.results.values())
        self.step.leave(position)
        if self.is_root:
            self.session.roots, self.session.kept = tuple(task.id for task in position.tasks), position.kept
        if self.session.storage is not None:
            await self._keep(position)
        self.telling.reached(self.position, wrote=wrote)

    async def _keep(self, position: Position) -> None:
        """Store a position that was just reached, with the stop at its border, where the run's durability says so."""
        stops = breakpoints.stop_at(self.session, self.ns, position, self.before, self.after)
        if self.session.durability != "exit" or not position.tasks or stops:
            release = "done" if not position.tasks else "waiting" if stops else None
            await self.writer.store(Commit(questions=stops, release=release if self.is_root else None))

    async def _without_end(self) -> GraphRecursionError:
        """What is raised at the limit: put on record as that of the tasks that are due, and were not begun."""
        error = GraphRecursionError(
            f"no end after {self.limit} steps: raise recursion_limit, or look for a loop without a way out"
        )
        if self.is_root and self.session.storage is not None:
            due = [scope_of(self.ns, task) for task in self.position.tasks]
            text = f"{type(error).__name__}: {error}"
            rows = [TaskRow(scope, "failed", error=text) for scope in due if scope not in self.session.ledger.tasks]
            await self.writer.store(Commit(tasks=rows, release="failed"))
        return error

    def _at_breakpoint(self) -> bool:
        """Whether the thread stands before a static interrupt that nobody has passed yet."""
        rows = breakpoints.stops(self.session.ledger, self.ns, self.position)
        self.writer.consumed += [row.id for row in rows if row.status == "answered" and not row.consumed]
        stop = next((row for row in rows if row.status == "waiting"), None)
        if stop is not None:
            self.telling.stops(stop)
        return stop is not None
