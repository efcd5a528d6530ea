"""The runner: takes a graph of a thread from step to step. The only writer of checkpoints."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from graphs.errors import GraphRecursionError
from graphs.runtime import answers, breakpoints
from graphs.runtime.at_work import AtWork
from graphs.runtime.breakpoints import Breakpoints
from graphs.runtime.calling import Apart
from graphs.runtime.frames import Attempt
from graphs.runtime.giving_up import left_alone
from graphs.runtime.handling import Handling, failed_row, handler_scope, handles, unhandled
from graphs.runtime.kept import kept_after
from graphs.runtime.ledger import Finished, dump_leads, dump_writes, finished, load_leads, load_writes, written
from graphs.runtime.positions import Position, callers, normalise, scope_of, to_row, unstored
from graphs.runtime.program import Program
from graphs.runtime.results import Ended, dump_results
from graphs.runtime.session import Commit, Job, Session
from graphs.runtime.step import Task, due
from graphs.runtime.tasks import Failed, TaskResult, TaskRun, Waiting
from graphs.runtime.telling import Telling
from graphs.runtime.upward import Upward, dump_upward
from storage.ids import CheckpointId, InterruptId, Namespace, Scope, TaskId
from storage.tasks import TaskRow
from storage.threads import ThreadStatus

logger = logging.getLogger(__name__)

Ending = Literal["done", "waiting", "cut short"]


@dataclass
class Runner:
    """One graph of a thread, from its position to where it ends, waits or fails.

    `stored` is the newest position on disk, `telling` what is seen of the run; `consumed`, `ended`, `unsaved` and
    `jobs` are what the next transaction has to say of answers and tasks since then, and to do for these; `left` is how
    the tasks of `stored` ended, `errors` what tasks failed with that were run again. `caller` is the task that called
    this graph, None for the root, and `upward` what this graph commands it at its end.
    """

    program: Program
    session: Session
    ns: Namespace
    position: Position
    stored: Position
    telling: Telling
    before: Breakpoints = ()
    after: Breakpoints = ()
    limit: int = 1000
    caller: Attempt | None = None
    upward: list[Upward] = field(default_factory=list[Upward])
    results: dict[TaskId, Finished] = field(default_factory=dict[TaskId, Finished])
    failures: dict[TaskId, Exception] = field(default_factory=dict[TaskId, Exception])
    handling: dict[TaskId, Handling] = field(default_factory=dict[TaskId, Handling])
    seen: dict[TaskId, list[InterruptId]] = field(default_factory=dict[TaskId, list[InterruptId]])
    consumed: list[InterruptId] = field(default_factory=list[InterruptId])
    ended: list[Scope] = field(default_factory=list[Scope])
    unsaved: list[TaskRow] = field(default_factory=list[TaskRow])
    jobs: list[Job] = field(default_factory=list[Job])
    errors: dict[TaskId, str] = field(default_factory=dict[TaskId, str])
    left: dict[TaskId, Ended] = field(default_factory=dict[TaskId, Ended])
    at_work: AtWork = field(init=False)

    def __post_init__(self) -> None:
        self.at_work = AtWork(self.session)

    @property
    def is_root(self) -> bool:
        return not self.ns

    def values(self) -> dict[str, Any]:
        """The state with what the finished tasks of the step in flight wrote."""
        return self.program.schema.apply(self.position.values, written(self.position.tasks, self.results))

    async def run(self) -> Ending:
        """Raises what a task raised, once its siblings have ended."""
        ledger = self.session.ledger
        self.results = finished(self.program.schema, ledger, self.ns, self.position.tasks, self.caller)
        self.handling = unhandled(self.program, ledger, self.ns, self.position.tasks)
        if self.is_root:
            self.failures = left_alone(ledger, self.position.tasks, self.session.given_up)
        self.telling.reached(self.position)
        while self.position.tasks:
            if self._is_to_halt():
                await self._park("running")
                return "cut short"
            if self._at_breakpoint():
                if await self._park("waiting"):
                    return "waiting"
                continue
            if self.position.step - self.position.since >= self.limit:
                raise await self._without_end()
            if not await self._step():
                if self.failures:
                    raise next(iter(self.failures.values()))
                return "cut short" if self._is_to_halt() else "waiting"
            if self.is_root and self.position.tasks and self.session.stop() and await self._park("running"):
                return "cut short"
        return "done"

    async def _step(self) -> bool:
        """Run what is due, and again what is answered meanwhile. True when the step is in a checkpoint."""
        alone = self._only()
        if alone is not None and await self._record(alone, await Apart(self._run_of(alone).run())):
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
                self._start_due()
                if not self.at_work.running:
                    if await self._park("failed" if self.failures else "waiting"):
                        return False
                    continue
                if news is None and listens and self._asking():
                    news = asyncio.create_task(self.session.news(self._asking))
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
                self.results[task.id] = result
                self.jobs += result.jobs
                of_task = self._of(task, result)
                commit.tasks += of_task.tasks
                commit.closed += of_task.closed
        await self.store(commit)
        return False

    def _heard(self, news: asyncio.Task[None]) -> bool:
        """Whether to listen on. Where listening failed nobody is cut off for it: answers are looked for again when the
        tasks that run have ended.
        """
        if (error := news.exception()) is not None:
            logger.warning("thread %s cannot see now whether it is answered: %s", self.session.thread_id, error)
        return error is None

    def _start_due(self) -> None:
        active = self.at_work.ids
        if self.session.is_halted:
            return
        for task in self.position.tasks:
            if task.id in self.results or task.id in active:
                continue
            scope = scope_of(self.ns, task)
            row = self.session.ledger.tasks.get(scope)
            news = self.session.ledger.answered(scope)
            paused = row is not None and row.status == "paused" and self.session.ledger.waits(scope)
            if not news and (task.id in self.failures or paused):
                continue
            self.at_work.begin(self._run_of(task))

    def _only(self) -> Task | None:
        """The task of a step of one that was not run before: nothing can happen beside it that it would have to wait
        for, so it needs no task of the event loop; unless it may have to be cut off.
        """
        if len(self.position.tasks) != 1 or self.session.ledger.tasks or (self.is_root and self.session.halt):
            return None
        (task,) = self.position.tasks
        return None if task.id in self.results or task.id in self.failures else task

    def _run_of(self, task: Task) -> TaskRun:
        scope = scope_of(self.ns, task)
        row = self.session.ledger.tasks.get(scope)
        news = self.session.ledger.answered(scope)
        self.failures.pop(task.id, None)
        if row is not None and row.error is not None:
            self.errors[task.id] = row.error
        if news:
            self.seen[task.id] = news
        routed = row is not None and row.writes is not None and not news
        reached = None
        if row is not None and routed:
            reached = Finished(load_writes(self.program.schema, task, row), *load_leads(row, self.caller))
        self.telling.begins(self._told(task))
        values = self.position.values
        return TaskRun(
            self.program,
            self.session,
            self.ns,
            self.telling,
            scope,
            task,
            values,
            self.flush,
            self.caller,
            reached,
            self.handling.get(task.id),
        )

    def _asking(self) -> list[Scope]:
        """The tasks that do not run, and that an answer would begin again."""
        done = self.at_work.ids | self.results.keys()
        scopes = [scope_of(self.ns, task) for task in self.position.tasks if task.id not in done]
        return [scope for scope in scopes if self.session.ledger.within(scope)]

    async def _record(self, task: Task, result: TaskResult) -> bool:
        """Store how a task ended. True when it was the last of its step and the step is in a checkpoint."""
        if isinstance(result, Waiting) and self.session.is_halted:
            return False  # it asked, or was kept from beginning what it had leave for: that is not to be told of it
        self.jobs += result.jobs
        if isinstance(result, Finished):
            self.results[task.id] = result
            self.telling.has_finished(self._told(task), result)
            if len(self.results) == len(self.position.tasks):
                try:
                    position = self._next()
                except Exception as error:  # noqa: BLE001 - writes that do not go together, or a reducer that raises
                    del self.results[task.id]
                    result = Failed(error)
                else:
                    await self._advance(position)
                    return True
        commit = self._of(task, result)
        if isinstance(result, Failed) and self._is_handled(task, result.error):
            return await self._hand_over(task, result, commit)
        if isinstance(result, Finished) and self.at_work.running and self.session.durability == "exit":
            self.unsaved += commit.tasks
            return False
        if not self.at_work.running and self.is_root:
            commit.release = "failed" if self.failures else "waiting"
        await self.store(commit)
        self._tell(task, result)
        return False

    def _told(self, task: Task) -> Task:
        """The task as it is told: by the name of what runs now."""
        handler = self.program.topology.nodes[task.node].handler if task.id in self.handling else None
        return task if handler is None else replace(task, node=handler.name)

    def _tell(self, task: Task, result: TaskResult) -> None:
        """Say of a task that has not finished what became of it; that is stored by now."""
        if isinstance(result, Failed):
            self.telling.has_failed(self._told(task), result.text)
        elif isinstance(result, Waiting) and self.telling.is_heard:
            rows = self.session.ledger.within(scope_of(self.ns, task))
            asked = {question.id for question in result.questions}
            self.telling.waits(
                self._told(task),
                [row for row in rows if row.id in asked],
                [row for row in rows if answers.is_open(row)],
            )

    def _is_handled(self, task: Task, error: Exception) -> bool:
        return task.id not in self.handling and handles(self.program, task, error)

    async def _hand_over(self, task: Task, result: Failed, commit: Commit) -> bool:
        """Store that a node failed, and begin its error handler."""
        del self.failures[task.id]
        writes = result.reached.writes if result.reached is not None else []
        self.handling[task.id] = Handling(result.error, writes)
        (row,) = commit.tasks
        if self.session.durability == "exit":
            self.unsaved.append(failed_row(row))
        else:
            await self.store(Commit(tasks=[row, failed_row(row)]))
        self.telling.has_failed(task, result.text)
        if not self.session.is_halted:
            self.at_work.begin(self._run_of(task))
        return False

    def _of(self, task: Task, result: TaskResult) -> Commit:
        """What is stored of a task whose step goes on without it."""
        scope = scope_of(self.ns, task)
        self.consumed += self.seen.pop(task.id, [])
        commit, error = Commit(), self.errors.get(task.id)
        match result:
            case Finished(writes=writes, targets=targets, upward=upward):
                leads = dump_leads(targets, upward, self.caller)
                commit.tasks = [TaskRow(scope, "finished", dump_writes(self.program.schema, writes), leads, error)]
                commit.closed = [scope] if self.session.ledger.within(scope) else []
            case Waiting(questions=questions):
                commit.tasks = [TaskRow(scope, "paused", error=error)]
                commit.questions = list(questions)
                rows = self.session.ledger.within(scope)
                commit.passed = [scope] if any(row.status == "reopened" for row in rows) else []
            case Failed(error=raised, reached=reached):
                self.failures[task.id] = raised
                kept = None if reached is None else dump_writes(self.program.schema, reached.writes)
                leads = None if reached is None else dump_leads(reached.targets)
                commit.tasks = [TaskRow(scope, "failed", kept, leads, result.text)]
                own = scope if task.id not in self.handling else handler_scope(scope)
                commit.reopened = self.session.ledger.reopenable(own)
        return commit

    def _next(self) -> Position:
        """The position after this step: its writes applied, and what is due then."""
        old = self.position
        values = self.values()
        departures = [self.results[task.id].departure(task) for task in old.tasks]
        upward = [command for task in old.tasks for command in self.results[task.id].upward]
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
        if self.position.stored:
            self.left = {
                task.id: Ended(self.results[task.id].writes, self._error(task)) for task in self.position.tasks
            }
        for task in self.position.tasks:
            self.consumed += self.seen.pop(task.id, [])
            self.ended.append(scope_of(self.ns, task))
        wrote = self.telling.wrote(self.results.values())
        self.position = position
        self.results.clear()
        self.handling.clear()
        self.unsaved.clear()
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
            await self.store(Commit(questions=stops, release=release if self.is_root else None))

    async def store(self, commit: Commit) -> None:
        """Store `commit`, with the position where that is not on disk yet, and what the steps since then used up.

        Tasks may call this side by side: what is taken between two awaits is queued in that order.
        """
        if self.session.storage is None:
            return
        if self.caller is not None:
            await self.caller.flush()
        if not self.position.stored:
            schema, old = self.program.schema, self.stored
            results = (
                dump_results(schema, old.tasks, self.left, old.values, self.position.values) if self.left else None
            )
            self.left = {}
            self.position, changes = normalise(schema, old, self.position)
            row = to_row(self.position, self.session.thread_id, self.ns, self.session.now(), results)
            commit.checkpoint = (row, changes)
        commit.consumed, self.consumed = [*commit.consumed, *self.consumed], []
        ledger = self.session.ledger
        closed = [*self.ended, *(row.scope for row in self.unsaved)]
        commit.closed += [scope for scope in closed if ledger.within(scope)]
        commit.ended, self.ended = [scope for scope in self.ended if ledger.has_tasks(scope)], []
        commit.resumed = callers(self.ns)
        commit.tasks, self.unsaved = [*self.unsaved, *commit.tasks], []
        commit.jobs, self.jobs = [*commit.jobs, *self.jobs], []
        await self.session.commit(commit)
        self.stored = self.position

    def _error(self, task: Task) -> str | None:
        """The last error that a task had."""
        row = self.session.ledger.tasks.get(scope_of(self.ns, task))
        return (row.error if row is not None else None) or self.errors.get(task.id)

    async def flush(self) -> None:
        """Put the position on disk, so that a claim made now is found by whoever takes over."""
        if self.session.storage is not None and self.stored is not self.position:
            await self.store(Commit())

    async def _park(self, status: ThreadStatus) -> bool:
        """Give the thread back, unless that is done or not ours to do. False when an answer has come in meanwhile."""
        if not self.is_root or self.session.storage is None or self.session.released:
            return True
        await self.store(Commit(release=status))
        return self.session.released

    async def _without_end(self) -> GraphRecursionError:
        """What is raised at the limit: put on record as that of the tasks that are due, and were not begun."""
        error = GraphRecursionError(
            f"no end after {self.limit} steps: raise recursion_limit, or look for a loop without a way out"
        )
        if self.is_root and self.session.storage is not None:
            due = [scope_of(self.ns, task) for task in self.position.tasks]
            text = f"{type(error).__name__}: {error}"
            rows = [TaskRow(scope, "failed", error=text) for scope in due if scope not in self.session.ledger.tasks]
            await self.store(Commit(tasks=rows, release="failed"))
        return error

    def _at_breakpoint(self) -> bool:
        """Whether the thread stands before a static interrupt that nobody has passed yet."""
        rows = breakpoints.stops(self.session.ledger, self.ns, self.position)
        self.consumed += [row.id for row in rows if row.status == "answered" and not row.consumed]
        stop = next((row for row in rows if row.status == "waiting"), None)
        if stop is not None:
            self.telling.stops(stop)
        return stop is not None
