"""Running one task: call its node, retry it, ask its routers where to go; and say how it ended."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from graphs.errors import InvalidUpdateError
from graphs.runtime import context, places
from graphs.runtime.calling import Paused
from graphs.runtime.context import AtStart, Here
from graphs.runtime.frames import Attempt, Frame, current_frame, entered
from graphs.runtime.ledger import Finished, Target
from graphs.runtime.program import Branch, Called, Node, Program
from graphs.runtime.retrying import attempts
from graphs.runtime.session import Job, Session
from graphs.runtime.state import Write, dump
from graphs.runtime.step import Task
from graphs.runtime.streams import Stream, Where
from graphs.runtime.telling import Telling
from graphs.runtime.types import UNSET, Command, Send
from storage.ids import Namespace, Scope
from storage.interrupts import NewInterrupt


@dataclass(frozen=True)
class Waiting:
    """The task asked, or something in it did. `questions` are the new ones, `jobs` what is stored with them."""

    questions: list[NewInterrupt]
    jobs: Sequence[Job] = ()


@dataclass(frozen=True)
class Failed:
    """The task raised after its retries. `writes` is set when the node had finished and a router raised; `jobs` are
    stored with it.
    """

    error: Exception
    writes: list[Write] | None = None
    jobs: Sequence[Job] = ()

    @property
    def text(self) -> str:
        return f"{type(self.error).__name__}: {self.error}"


TaskResult = Finished | Waiting | Failed


@dataclass(slots=True)
class TaskRun:
    """One task of a step, with what it needs to be run. `values` is the state it sees."""

    program: Program
    session: Session
    ns: Namespace
    telling: Telling
    scope: Scope
    task: Task
    values: Mapping[str, Any]
    flush: Callable[[], Awaitable[None]]
    """Puts the position on disk that the task belongs to."""
    kept: list[Write] | None = None
    """The writes of an earlier attempt whose router raised: the node is not run again."""
    questions: list[NewInterrupt] = field(default_factory=list[NewInterrupt])
    jobs: list[Job] = field(default_factory=list[Job])
    """Those of all attempts."""

    @property
    def stream(self) -> Stream:
        return self.telling.stream

    @property
    def where(self) -> Where:
        return self.telling.where

    @property
    def node(self) -> str:
        return self.task.node

    @property
    def step(self) -> int:
        return self.telling.position.step + 1

    async def run(self) -> TaskResult:
        context.here.set(self)
        current_frame.set(None)  # of the task that called this graph; what this one calls belongs to it alone
        places.conversation.set(self.session.thread_id or id(self.session))
        node = self.program.topology.nodes[self.task.node]
        goto: list[Target] = []
        writes, updates = self.kept, ()
        try:
            if writes is None:
                writes, goto, updates = self._read_result(await self._attempts(node))
            return Finished(writes, self._stored(goto + await self._route(node, writes)), self.jobs, updates)
        except Paused:
            return Waiting(self.questions, self.jobs)
        except Exception as error:  # noqa: BLE001 - whatever a node raises ends its task, not the run's bookkeeping
            return Failed(error, writes, self.jobs)

    async def _attempts(self, node: Node) -> Any:
        return await attempts(lambda: self._call(node), node.name, node.retries or (), node.timeout)

    async def _call(self, node: Node) -> Any:
        """Call the node in a frame of its own, and wait for what it leaves behind."""
        keys = self.program.schema.fields.keys()
        attempt = Attempt(
            self.session, self.ns, self.telling, self.task.id, node.name, keys, self.flush, jobs=self.jobs
        )
        self.questions = attempt.questions
        try:
            with entered(frame := Frame(attempt, self.scope), f"node {node.name!r}"):
                argument = self._argument(node)
                return await frame.carry_out(lambda: call(node, argument, self))
        finally:
            await attempt.end()

    def _argument(self, node: Node) -> Any:
        if self.task.arg is UNSET:
            return self.program.argument(node, self.values)
        return self.program.sent(node, self.task.arg)

    def _read_result(self, result: Any) -> tuple[list[Write], list[Target], Sequence[list[Write]]]:
        """What the node wrote and where it said to go; and the writes by update, where it returned several."""
        updates: list[list[Write]] = []
        goto: list[Target] = []
        for part in cast("list[Any]", result) if isinstance(result, list) else [result]:
            update = part
            if isinstance(part, Command):
                command = cast("Command[Any]", part)
                update, goto = command.update, goto + command.targets()
            writes = self.program.schema.writes(self.task.node, update)
            updates.append(self.program.schema.normalise(writes) if self.session.storage is not None else writes)
        if len(updates) == 1:
            return updates[0], goto, ()
        return [write for writes in updates for write in writes], goto, updates

    async def _route(self, node: Node, writes: list[Write]) -> list[Target]:
        if node.name not in self.program.topology.branches:
            return []
        after = self.program.schema.apply(self.values, writes)
        return await targets(self.program, node.name, after, self.session, self)

    def _stored(self, targets: list[Target]) -> list[Target]:
        """The targets, with the private inputs of `Send` as a restart would give them."""
        if self.session.storage is None:
            return targets
        return [normalised(target) for target in targets]


def normalised(target: Target) -> Target:
    if isinstance(target, str):
        return target
    return Send(target.node, json.loads(dump(target.arg, f"the input sent to {target.node!r}")))


async def targets(
    program: Program, source: str, values: Mapping[str, Any], session: Session, place: Here | None = None
) -> list[Target]:
    """Where the routers after a node, or at START, say to go with this state. `place` is where they are called, None
    for the beginning of the root graph.
    """
    branches = program.topology.branches.get(source)
    if not branches:
        return []
    found: list[Target] = []
    token = context.here.set(place := place or AtStart(session, session.stream))
    try:
        for branch in branches:
            found += await _route(branch, program.routed(branch, source, values), source, place)
    finally:
        context.here.reset(token)
    return found


async def _route(branch: Branch, state: Any, source: str, place: Here) -> list[Target]:
    """Where a router says to go."""
    result = await call(branch, state, place)
    found: list[Target] = []
    for target in cast("list[Any]", result) if isinstance(result, list | tuple) else [result]:
        if isinstance(target, Send) or branch.targets is None:
            found.append(target)
        elif target in branch.targets:
            found.append(branch.targets[target])
        else:
            raise InvalidUpdateError(
                f"the router after {source!r} returned {target!r}; it may return {sorted(map(str, branch.targets))!r}"
            )
    return found


async def call(called: Called, argument: Any, place: Here) -> Any:
    """Call a node or router with the state, and with what it takes beside it."""
    extras = called.extras
    if not extras:
        return await called.call(argument)
    return await called.call(argument, **context.filled(extras, place))
