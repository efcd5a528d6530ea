"""Running one task: call its node, retry it, ask its routers where to go; and say how it ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from graphs.errors import InvalidUpdateError, NodeError
from graphs.runtime import context, places
from graphs.runtime.calling import Paused
from graphs.runtime.context import AtStart, Here
from graphs.runtime.frames import Attempt, Frame, current_frame, entered
from graphs.runtime.handling import Handling, handler_scope
from graphs.runtime.ledger import Finished
from graphs.runtime.program import Branch, Called, Node, Program
from graphs.runtime.retrying import attempts
from graphs.runtime.session import Job, Session
from graphs.runtime.state import Write
from graphs.runtime.step import Task
from graphs.runtime.streams import Stream, Where
from graphs.runtime.telling import Telling
from graphs.runtime.types import END, UNSET, Command, Config, Send
from graphs.runtime.upward import ParentCommand, Target, Upward, normalised, upward
from storage.ids import Namespace, Scope
from storage.interrupts import NewInterrupt


@dataclass(frozen=True)
class Waiting:
    """The task asked, or something in it did. `questions` are the new ones, `jobs` what is stored with them."""

    questions: list[NewInterrupt]
    jobs: Sequence[Job] = ()


@dataclass(frozen=True)
class Failed:
    """The task raised after its retries. `reached` is what its node had come to when a router raised; `jobs` are stored
    with it.
    """

    error: Exception
    reached: Finished | None = None
    jobs: Sequence[Job] = ()

    @property
    def text(self) -> str:
        return f"{type(self.error).__name__}: {self.error}"


TaskResult = Finished | Waiting | Failed


@dataclass(slots=True)
class TaskRun:
    """One task of a step, with what it needs to be run. `values` is the state it sees, `caller` the task that called
    its graph.
    """

    program: Program
    session: Session
    ns: Namespace
    telling: Telling
    scope: Scope
    task: Task
    values: Mapping[str, Any]
    flush: Callable[[], Awaitable[None]]
    """Puts the position on disk that the task belongs to."""
    caller: Attempt | None = None
    reached: Finished | None = None
    """What an earlier attempt came to whose router raised: the node is not run again."""
    handling: Handling | None = None
    """What the node failed with, when its error handler is to run in its place."""
    questions: list[NewInterrupt] = field(default_factory=list[NewInterrupt])
    jobs: list[Job] = field(default_factory=list[Job])
    """Those of all attempts."""

    @property
    def config(self) -> Config:
        return self.telling.config

    @property
    def context(self) -> Any:
        return self.telling.context

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
        reached = self.reached
        try:
            if node.handler is not None and self.handling is not None:
                return await self._handled(node.handler, self.handling)
            if reached is None:
                reached = await self._end_of(node)
            led = [] if reached.upward else await self._route(node, reached.writes)
            targets = reached.targets + self._stored(led)
            return Finished(reached.writes, targets, reached.upward, self.jobs, updates=reached.updates)
        except Paused:
            return Waiting(self.questions, self.jobs)
        except Exception as error:  # noqa: BLE001 - whatever a node raises ends its task, not the run's bookkeeping
            note = f"in node {node.name!r} of graph {self.program.name!r}"
            if note not in getattr(error, "__notes__", ()):
                error.add_note(note)
            return Failed(error, reached, self.jobs)

    async def _handled(self, handler: Node, handling: Handling) -> Finished:
        end = await self._end_of(handler)
        told = end.updates or [end.writes]  # the node's own are told of already
        writes = [*handling.writes, *end.writes]
        return replace(end, writes=writes, jobs=self.jobs, handler=handler.name, updates=told)

    async def _end_of(self, node: Node) -> Finished:
        """What the node says, or what a graph commands that it called. A command counts when nothing asks beside it."""
        try:
            result = await self._attempts(node)
        except ParentCommand as command:
            if self.questions or self.session.ledger.asks(self.scope):
                raise Paused from None
            return Finished(command.writes, command.targets)
        return self._read_result(result)

    async def _attempts(self, node: Node) -> Any:
        if not node.retries and node.timeout is None:
            return await self._call(node)
        return await attempts(lambda: self._call(node), node.name, node.retries or (), node.timeout)

    async def _call(self, node: Node) -> Any:
        """Call the node in a frame of its own, and wait for what it leaves behind."""
        schema = self.program.schema
        place = node.name if self.caller is None else f"{self.caller.place}/{self.program.name}/{node.name}"
        attempt = Attempt(
            self.session,
            self.ns,
            self.scope,
            self.telling,
            place,
            node.name,
            schema,
            schema.fields.keys(),
            self.flush,
            jobs=self.jobs,
        )
        self.questions = attempt.questions
        try:
            with entered(frame := Frame(attempt, self._own_scope), f"node {node.name!r}"):
                argument = self._argument(node)
                return await frame.carry_out(lambda: call(node, argument, self))
        finally:
            await attempt.end()

    @property
    def _own_scope(self) -> Scope:
        """Where what runs now asks and claims."""
        return self.scope if self.handling is None else handler_scope(self.scope)

    @property
    def error(self) -> NodeError | None:
        """What the node failed with, for its error handler."""
        return NodeError(self.task.node, self.handling.error) if self.handling is not None else None

    def _argument(self, node: Node) -> Any:
        if self.task.arg is UNSET:
            return self.program.argument(node, self.values)
        return self.program.sent(node, self.task.arg)

    def _read_result(self, result: Any) -> Finished:
        """Of several commands those to the caller count before where others lead: the graph ends."""
        updates: list[list[Write]] = []
        goto: list[Target] = []
        above: list[Upward] = []
        for part in cast("list[Any]", result) if isinstance(result, list) else [result]:
            update = part
            if isinstance(part, Command):
                command = cast("Command[Any]", part)
                if command.graph is not None:
                    above.append(self._upward(command))
                    continue
                said = f"node {self.task.node!r} commanded goto="
                goto += [_known(self.program, target, said) for target in command.targets()]
                update = command.update
            writes = self.program.schema.writes(self.task.node, update)
            updates.append(self.program.schema.normalise(writes) if self.session.storage is not None else writes)
        writes = updates[0] if len(updates) == 1 else [write for each in updates for write in each]
        return Finished(writes, [] if above else self._stored(goto), above, updates=updates if len(updates) > 1 else ())

    def _upward(self, command: Command[Any]) -> Upward:
        if command.graph != Command.PARENT:
            raise InvalidUpdateError(
                f"node {self.task.node!r} returned Command(graph={command.graph!r}): the one other graph that a node "
                "can command is the one that called its own, graph=Command.PARENT"
            )
        if self.caller is None:
            raise InvalidUpdateError(
                f"node {self.task.node!r} returned Command(graph=Command.PARENT), but no other graph called the one it "
                "is in: leave graph= out, or call this graph in a node of another"
            )
        stored = self.caller.session.storage is not None
        return upward(command, self.task.node, self.caller.schema, self.caller.node, stored=stored)

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


async def targets(
    program: Program, source: str, values: Mapping[str, Any], session: Session, place: Here | None = None
) -> list[Target]:
    """Where the routers after a node, or at START, say to go with this state. `place` is where they are called, None
    for the beginning of the root graph.
    """
    branches = program.topology.branches.get(source)
    if not branches:
        return []
    place = place or AtStart(session, session.config, session.context, session.stream)
    if context.here.get() is place:  # a task is where its routers are called
        return await _routes(program, branches, source, values, place)
    token = context.here.set(place)
    try:
        return await _routes(program, branches, source, values, place)
    finally:
        context.here.reset(token)


async def _routes(
    program: Program, branches: Sequence[Branch], source: str, values: Mapping[str, Any], place: Here
) -> list[Target]:
    found: list[Target] = []
    for branch in branches:
        found += await _route(program, branch, program.routed(branch, source, values), source, place)
    return found


async def _route(program: Program, branch: Branch, state: Any, source: str, place: Here) -> list[Target]:
    """Where a router says to go."""
    result = await call(branch, state, place)
    found: list[Target] = []
    for target in cast("list[Any]", result) if isinstance(result, list | tuple) else [result]:
        if isinstance(target, Send) or (branch.targets is None and isinstance(target, str)):
            found.append(_known(program, target, f"the router after {source!r} returned"))
        elif branch.targets is not None and target in branch.targets:
            found.append(branch.targets[target])
        else:
            known = "a node's name, END, a Send or a list of those"
            allowed = known if branch.targets is None else repr(sorted(map(str, branch.targets)))
            raise InvalidUpdateError(f"the router after {source!r} returned {target!r}; it may return {allowed}")
    return found


def _known(program: Program, target: Any, said: str) -> Target:
    """Raises `InvalidUpdateError` for a target that is no node of the graph."""
    node = cast(object, target.node if isinstance(target, Send) else target)
    if node != END and node not in program.topology.nodes:
        nodes = sorted(program.topology.nodes)
        raise InvalidUpdateError(f"{said} {target!r}, which leads to no node; the nodes are {nodes!r}, and END")
    return target


async def call(called: Called, argument: Any, place: Here) -> Any:
    """Call a node or router with the state, and with what it takes beside it."""
    extras = called.extras
    if not extras:
        return await called.call(argument)
    return await called.call(argument, **context.filled(extras, place))
