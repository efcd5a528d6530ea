"""The step in flight of one graph: how each of its tasks stands, what is due to begin, and what is stored of each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from graphs.runtime import answers
from graphs.runtime.checkpoint_writer import CheckpointWriter
from graphs.runtime.frames import Attempt
from graphs.runtime.giving_up import left_alone
from graphs.runtime.handling import Handling, handler_scope, handles, unhandled
from graphs.runtime.ledger import Finished, dump_leads, dump_writes, finished, load_leads, load_writes, written
from graphs.runtime.positions import Position, scope_of
from graphs.runtime.program import Program
from graphs.runtime.results import Ended
from graphs.runtime.session import Commit, Session
from graphs.runtime.step import Task
from graphs.runtime.tasks import Failed, TaskResult, TaskRun, Waiting
from graphs.runtime.telling import Telling
from storage.ids import InterruptId, Namespace, Scope, TaskId
from storage.tasks import TaskRow


@dataclass
class InFlight:
    """The tasks that are due at the writer's position. `results` are of those that finished, `failures` and `handling`
    of those that failed, or whose error handler has taken over; `errors` is what tasks failed with that were run again,
    `seen` the answers that running ones have had. `caller` is the task that called the graph, None for the root.
    """

    program: Program
    session: Session
    ns: Namespace
    writer: CheckpointWriter
    telling: Telling
    caller: Attempt | None
    results: dict[TaskId, Finished] = field(default_factory=dict[TaskId, Finished])
    failures: dict[TaskId, Exception] = field(default_factory=dict[TaskId, Exception])
    handling: dict[TaskId, Handling] = field(default_factory=dict[TaskId, Handling])
    errors: dict[TaskId, str] = field(default_factory=dict[TaskId, str])
    seen: dict[TaskId, list[InterruptId]] = field(default_factory=dict[TaskId, list[InterruptId]])

    @property
    def position(self) -> Position:
        return self.writer.position

    @property
    def is_complete(self) -> bool:
        return len(self.results) == len(self.writer.position.tasks)

    def take_up(self) -> None:
        """Go on from how the tasks stood when their thread was left."""
        ledger, tasks = self.session.ledger, self.position.tasks
        self.results = finished(self.program.schema, ledger, self.ns, tasks, self.caller)
        self.handling = unhandled(self.program, ledger, self.ns, tasks)
        if not self.ns:
            self.failures = left_alone(ledger, tasks, self.session.given_up)

    def values(self) -> dict[str, Any]:
        """The state with what the finished tasks wrote."""
        position = self.writer.position
        return self.program.schema.apply(position.values, written(position.tasks, self.results))

    def due(self, active: Collection[TaskId]) -> list[Task]:
        """The tasks that are to begin, beside those that are at work: new ones, and those that were answered."""
        ledger = self.session.ledger
        found: list[Task] = []
        for task in self.position.tasks:
            if task.id in self.results or task.id in active:
                continue
            scope = scope_of(self.ns, task)
            row = ledger.tasks.get(scope)
            paused = row is not None and row.status == "paused" and ledger.waits(scope)
            if ledger.answered(scope) or not (task.id in self.failures or paused):
                found.append(task)
        return found

    def only(self) -> Task | None:
        """The task of a step of one that was not run before: nothing can happen beside it that it would have to wait
        for, so it needs no task of the event loop; unless it may have to be cut off.
        """
        tasks = self.writer.position.tasks
        if len(tasks) != 1 or self.session.ledger.tasks or (not self.ns and self.session.halt):
            return None
        (task,) = tasks
        return None if task.id in self.results or task.id in self.failures else task

    def asking(self, active: Collection[TaskId]) -> list[Scope]:
        """The tasks that do not run, and that an answer would begin again."""
        waiting = [task for task in self.position.tasks if task.id not in active and task.id not in self.results]
        return [scope for task in waiting if self.session.ledger.within(scope := scope_of(self.ns, task))]

    def begin(self, task: Task) -> TaskRun:
        scope = scope_of(self.ns, task)
        row = self.session.ledger.tasks.get(scope)
        news = self.session.ledger.answered(scope)
        self.failures.pop(task.id, None)
        if row is not None and row.error is not None:
            self.errors[task.id] = row.error
        if news:
            self.seen[task.id] = news
        reached = None
        if row is not None and row.writes is not None and not news:
            reached = Finished(load_writes(self.program.schema, task, row), *load_leads(row, self.caller))
        if self.telling.is_heard:
            self.telling.begins(self.told(task))
        return TaskRun(
            self.program,
            self.session,
            self.ns,
            self.telling,
            scope,
            task,
            self.writer.position.values,
            self.writer.flush,
            self.caller,
            reached,
            self.handling.get(task.id),
        )

    def is_handled(self, task: Task, error: Exception) -> bool:
        """Whether an error handler is to take over."""
        return task.id not in self.handling and handles(self.program, task, error)

    def hand_over(self, task: Task, result: Failed) -> None:
        """From now on its error handler is what runs of the task."""
        del self.failures[task.id]
        self.handling[task.id] = Handling(result.error, result.reached.writes if result.reached is not None else [])

    def ended(self, task: Task, result: TaskResult) -> Commit:
        """Take note of how a task ended; what is stored of it, where its step goes on without it."""
        scope, ledger = scope_of(self.ns, task), self.session.ledger
        self.writer.consumed += self.seen.pop(task.id, [])
        commit, error = Commit(), self.errors.get(task.id)
        match result:
            case Finished(writes=writes, targets=targets, upward=upward):
                leads = dump_leads(targets, upward, self.caller)
                commit.tasks = [TaskRow(scope, "finished", dump_writes(self.program.schema, writes), leads, error)]
                commit.closed = [scope] if ledger.within(scope) else []
            case Waiting(questions=questions):
                commit.tasks = [TaskRow(scope, "paused", error=error)]
                commit.questions = list(questions)
                commit.passed = [scope] if any(row.status == "reopened" for row in ledger.within(scope)) else []
            case Failed(error=raised, reached=reached):
                self.failures[task.id] = raised
                kept = None if reached is None else dump_writes(self.program.schema, reached.writes)
                leads = None if reached is None else dump_leads(reached.targets)
                commit.tasks = [TaskRow(scope, "failed", kept, leads, result.text)]
                commit.reopened = ledger.reopenable(scope if task.id not in self.handling else handler_scope(scope))
        return commit

    def leave(self, position: Position) -> None:
        """The step is over: its tasks have all finished, and the graph goes to the next position."""
        writer = self.writer
        tasks = writer.position.tasks
        if writer.position.stored:
            writer.left = {task.id: Ended(self.results[task.id].writes, self._last_error(task)) for task in tasks}
        for task in tasks:
            writer.consumed += self.seen.pop(task.id, [])
            writer.ended.append(scope_of(self.ns, task))
        writer.position = position
        writer.unsaved.clear()
        self.results.clear()
        self.handling.clear()

    def _last_error(self, task: Task) -> str | None:
        row = self.session.ledger.tasks.get(scope_of(self.ns, task))
        return (row.error if row is not None else None) or self.errors.get(task.id)

    def told(self, task: Task) -> Task:
        """The task as it is told of: by the name of what runs now."""
        handler = self.program.topology.nodes[task.node].handler if task.id in self.handling else None
        return task if handler is None else replace(task, node=handler.name)

    def tell(self, task: Task, result: TaskResult) -> None:
        """Say of a task that has not finished what became of it; that is stored by now."""
        if isinstance(result, Failed):
            self.telling.has_failed(self.told(task), result.text)
        elif isinstance(result, Waiting) and self.telling.is_heard:
            rows = self.session.ledger.within(scope_of(self.ns, task))
            asked = {question.id for question in result.questions}
            self.telling.waits(
                self.told(task),
                [row for row in rows if row.id in asked],
                [row for row in rows if answers.is_open(row)],
            )
