"""The ledger: what the tasks in flight were asked, answered, claimed, and how those that ended did.

A task's writes and targets are kept as JSON while its siblings go on, so that it is not run again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from graphs.runtime.positions import scope_of
from graphs.runtime.state import StateSchema, Write
from graphs.runtime.step import Departure, Task
from graphs.runtime.upward import Target, Upward, dump_upward, load_targets, load_upward, plain_targets
from storage import Connection, claims, interrupts, tasks
from storage.claims import ClaimRow
from storage.ids import InterruptId, Namespace, Scope, TaskId
from storage.interrupts import InterruptRow
from storage.scopes import is_within
from storage.tasks import TaskRow


def root_of(scope: Scope) -> TaskId:
    """The task of the root graph that a path is within."""
    return TaskId(scope.partition("/")[0])


def is_news(row: InterruptRow) -> bool:
    """Whether a question was answered, or its deadline passed, and its task has not heard of it."""
    return row.status in ("answered", "expired") and not row.consumed


def effect_scope(scope: Scope, key: str) -> Scope:
    """What an effect claimed as `key` asks and claims in turn is kept under this path."""
    return Scope(f"{scope}/{key}")


def failed_scope(scope: Scope) -> Scope:
    """Where it is kept of a task that its node failed and that its error handler ends it."""
    return effect_scope(scope, "@failed")


def handler_of(node: str) -> str:
    """What the error handler of a node is called."""
    return f"__error_handler__{node}"


@dataclass
class Ledger:
    """What the tasks in flight asked, were answered, claimed and finished before: by scope."""

    asked: dict[Scope, dict[int, InterruptRow]] = field(default_factory=dict[Scope, dict[int, InterruptRow]])
    claims: dict[tuple[Scope, str], ClaimRow] = field(default_factory=dict[tuple[Scope, str], ClaimRow])
    tasks: dict[Scope, TaskRow] = field(default_factory=dict[Scope, TaskRow])

    @classmethod
    def load(cls, db: Connection, roots: Iterable[TaskId]) -> Ledger:
        """Everything that is stored of these tasks of the root graph, and of all within them."""
        roots = list(roots)
        if not roots:
            return cls()
        claimed = {(row.scope, row.key): row for row in claims.of_tasks(db, roots)}
        return cls(cls.questions(db, roots), claimed, tasks.of_tasks(db, roots))

    @staticmethod
    def questions(db: Connection, roots: Iterable[TaskId]) -> dict[Scope, dict[int, InterruptRow]]:
        """What these tasks asked, by scope and ordinal, in the order in which it was asked."""
        asked: dict[Scope, dict[int, InterruptRow]] = {}
        for row in interrupts.of_tasks(db, roots):
            asked.setdefault(row.scope, {})[row.ordinal] = row
        return asked

    def plus(self, roots: Collection[TaskId], tasks: Iterable[TaskRow], asked: Iterable[InterruptRow]) -> Ledger:
        """The ledger of these tasks of the root graph, once those in it have ended so and this was asked beside it."""
        questions = {scope: dict(rows) for scope, rows in self.asked.items() if root_of(scope) in roots}
        for row in asked:
            questions.setdefault(row.scope, {})[row.ordinal] = row
        claimed = {(scope, key): row for (scope, key), row in self.claims.items() if root_of(scope) in roots}
        ended = {scope: row for scope, row in self.tasks.items() if root_of(scope) in roots}
        return Ledger(questions, claimed, ended | {row.scope: row for row in tasks})

    def has_news(self) -> bool:
        """Whether an answer, or a deadline that passed, has not reached its task yet."""
        return any(is_news(row) for rows in self.asked.values() for row in rows.values())

    def has_tasks(self, scope: Scope) -> bool:
        """Whether how this task ended, or one within it, is stored while its step goes on."""
        return any(is_within(path, scope) for path in self.tasks)

    def within(self, scope: Scope) -> list[InterruptRow]:
        """The questions of a task and of everything in it."""
        return [row for path, rows in self.asked.items() if is_within(path, scope) for row in rows.values()]

    def answered(self, scope: Scope) -> list[InterruptId]:
        """Answers, and deadlines that passed, that have not reached this task yet."""
        return [row.id for row in self.within(scope) if is_news(row)]

    def waits(self, scope: Scope) -> bool:
        """Whether a task that paused still has a question without an answer."""
        return any(row.answer is None for row in self.within(scope))

    def asks(self, scope: Scope) -> bool:
        """Whether a task, or something in it, has a question that nobody has answered at all."""
        return any(row.status == "waiting" for row in self.within(scope))

    def reopenable(self, scope: Scope) -> list[InterruptId]:
        """The question whose answer a task that failed had last: its own, or one of an unfinished effect in it."""
        done = tuple(f"{effect_scope(*place)}/" for place, claim in self.claims.items() if claim.status == "done")
        had = [
            row
            for row in self.within(scope)
            if row.answer is not None
            and not f"{row.scope}/".startswith(done)
            and "/graph " not in row.scope[len(scope) :]
        ]
        return [max(had, key=lambda row: (row.answered_at or 0.0, row.ordinal)).id] if had else []


@dataclass(frozen=True, slots=True)
class Finished:
    """The node returned, and where to go is known. `upward` is what it commands the node that called its graph."""

    writes: list[Write]
    targets: list[Target]
    upward: Sequence[Upward] = ()
    jobs: Sequence[Callable[[Connection], object]] = ()
    """What is stored with this end. None for one that was stored before."""
    handler: str | None = None
    """The error handler that ended the task in its node's place."""
    updates: Sequence[Sequence[Write]] = ()
    """The writes by the updates that they came in, where the node returned several."""

    def departure(self, task: Task) -> Departure:
        """What the task leads to. A node that failed leads nowhere by its edges."""
        return Departure(self.handler or task.node, self.targets)


class Caller(Protocol):
    """A node that called a graph: its name, and the schema of the state that it writes to."""

    @property
    def node(self) -> str: ...
    @property
    def schema(self) -> StateSchema: ...


def dump_writes(schema: StateSchema, writes: Iterable[Write]) -> str:
    """[[key, value], ...]"""
    return "[" + ",".join(f"[{json.dumps(write.key)},{schema.dump_write(write)}]" for write in writes) + "]"


def load_writes(schema: StateSchema | None, task: Task, row: TaskRow) -> list[Write]:
    """What a row has of a task's writes; without a schema as plain JSON."""
    if schema is None:
        return [Write(task.node, key, value) for key, value in json.loads(row.writes or "[]")]
    return [schema.load_write(task.node, key, json.dumps(value)) for key, value in json.loads(row.writes or "[]")]


def dump_leads(targets: Sequence[Target], upward: Sequence[Upward] = (), caller: Caller | None = None) -> str:
    """Where a task leads: ["node" | {"node", "arg"} | {"upward": [...]}, ...]"""
    plain = plain_targets(targets)
    if upward and caller is not None:
        plain.append({"upward": dump_upward(upward, caller.schema)})
    return json.dumps(plain)


def load_leads(row: TaskRow, caller: Caller | None = None) -> tuple[list[Target], list[Upward]]:
    plain: list[Any] = json.loads(row.targets or "[]")
    commands = [each["upward"] for each in plain if not isinstance(each, str) and "upward" in each]
    targets = load_targets(each for each in plain if isinstance(each, str) or "upward" not in each)
    return targets, load_upward(commands[0], caller.schema, caller.node) if commands and caller else []


def finished(
    schema: StateSchema | None, ledger: Ledger, ns: Namespace, tasks: Iterable[Task], caller: Caller | None = None
) -> dict[TaskId, Finished]:
    """The tasks of a step that had ended well when their thread was left. `caller` is who called the graph."""
    found: dict[TaskId, Finished] = {}
    for task in tasks:
        row = ledger.tasks.get(scope_of(ns, task))
        if row is not None and row.status == "finished":
            targets, upward = load_leads(row, caller)
            handler = handler_of(task.node) if failed_scope(row.scope) in ledger.tasks else None
            found[task.id] = Finished(load_writes(schema, task, row), targets, upward, handler=handler)
    return found


def written(tasks: Iterable[Task], results: Mapping[TaskId, Finished]) -> list[Write]:
    """What those of these tasks wrote that have finished, in the order of the tasks."""
    return [write for task in tasks if task.id in results for write in results[task.id].writes]
