"""A graph called inside a node of another: it runs under the caller's thread, lease and checkpointer.

Its calls are matched by their order in the task: when the task runs again, a graph that had finished gives its result,
and one that had paused goes on where it was.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from graphs.errors import GraphChanged, GraphMisused, InterruptMisused, ThreadBusy
from graphs.runtime import positions
from graphs.runtime.breakpoints import Breakpoints, stop_at
from graphs.runtime.calling import Paused
from graphs.runtime.checkpoint_writer import CheckpointWriter
from graphs.runtime.configs import merged, names_another
from graphs.runtime.context import AtStart
from graphs.runtime.first_position import first_position, refused
from graphs.runtime.frames import Frame, current_frame, outside
from graphs.runtime.kept import Place
from graphs.runtime.positions import Position
from graphs.runtime.runner import Runner
from graphs.runtime.session import Commit, Session
from graphs.runtime.streams import Stream, Where
from graphs.runtime.surface import Surface
from graphs.runtime.telling import Telling
from graphs.runtime.types import INTERRUPT, Command, Config
from graphs.runtime.upward import ParentCommand, load_upward
from storage import Connection
from storage.ids import CheckpointId, Namespace

if TYPE_CHECKING:
    from graphs.runtime.compiled import CompiledGraph


async def as_node(graph: CompiledGraph, state: Any) -> Any:
    """Run a graph as a node: on those keys of the state that it has; what it wrote to keys that the caller has."""
    program = graph.program
    result = await graph.ainvoke(program.surface.taken(state, program.takes.keys))
    if isinstance(result, dict) and INTERRUPT in result:
        raise InterruptMisused(
            f"the graph {graph.name!r} is a node, and waits for an answer in a thread of its own, which the graph "
            "around it does not know: compile that with the checkpointer, compile(checkpointer=storage)"
        )
    frame = current_frame.get()
    return program.surface.left(result, frame.attempt.keys if frame is not None else program.gives.keys)


def caller_of(graph: CompiledGraph, config: Config) -> Frame | None:
    """The frame under whose thread a graph runs that is called now: that of the node that calls it. None for a run of
    its own: outside a node, or of a graph with a checkpointer of its own and on another thread than the caller's.

    Raises `GraphMisused` for a graph that can keep its state nowhere.
    """
    frame = current_frame.get()
    if graph.memory == "kept" and (frame is None or names_another(config, frame.session.config)):
        raise GraphMisused(
            "a graph that keeps its state in the thread of another (checkpointer=True) runs in a node of that, and on "
            "no other thread; to run it by itself compile it with a storage, compile(checkpointer=storage)"
        )
    if frame is None or graph.checkpointer is None:
        return frame
    return frame if frame.session.thread_id and not names_another(config, frame.session.config) else None


def own_config(config: Config, frame: Frame | None) -> Config:
    """The config of a run of its own that a node starts: the thread is the caller's where it names none."""
    if frame is None or "thread_id" in config.get("configurable", {}):
        return config
    mine, theirs = config.get("configurable", {}), frame.session.config.get("configurable", {})
    return {**frame.session.config, **config, "configurable": {**theirs, **mine}}


@dataclass(frozen=True)
class NestedCall:
    """A call of a graph by this frame: the frame's next one of a graph of this name. `limit` is of its steps, `config`
    what the call says beside the caller's own, `context` what counts in it; `stream` is of those who listen to this
    call beside those who listen to the run, at `where`, and `surface` is how they, and the result, are shown the state.
    """

    graph: CompiledGraph
    frame: Frame
    before: Breakpoints
    after: Breakpoints
    limit: int
    config: Config
    context: Any
    stream: Stream
    surface: Surface
    ns: Namespace
    where: Where

    @classmethod
    def next_of(
        cls,
        graph: CompiledGraph,
        frame: Frame,
        before: Breakpoints,
        after: Breakpoints,
        limit: int,
        config: Config,
        context: Any,
        stream: Stream,
        surface: Surface,
    ) -> NestedCall:
        ns = Namespace(f"{frame.scope}/{frame.numbered(f'graph {graph.name}')}")
        outer, where = frame.attempt.telling, frame.attempt.next_graph()
        known, heard = merged(outer.config, config), outer.stream.joined(stream, where)
        told = outer.context if context is None else context
        return cls(graph, frame, before, after, limit, known, told, heard, surface, ns, where)

    async def to_end(self, given: Any) -> Any:
        """Run, resume or repeat the result. Raises `Paused` when the graph waits, and `ParentCommand` when a node of it
        commands in the caller's place.
        """
        if isinstance(given, Command):
            said = "answers go to the thread's own graph: resume the graph that has the checkpointer"
            raise refused(cast("Command[Any]", given), said)
        with self.frame.attempt.working(), outside():
            if self.frame.session.storage is None or self.graph.memory == "none":
                runner = await self._unstored(given)
            elif self.graph.memory == "kept":
                runner = await self._kept(given)
            else:
                runner = await self._stored(given)
                await self._run(runner)
        if runner.upward:
            self.frame.commanded_by = self.graph.name
            raise ParentCommand(runner.upward)
        return self.surface.output(runner.values())

    async def _unstored(self, given: Any) -> Runner:
        session = self.frame.session if self.frame.session.storage is None else self.frame.session.unstored()
        position = await first_position(self.graph.program, session, given, place=self._place())
        runner = self._runner(session, position, position)
        await runner.run()
        return runner

    async def _kept(self, given: Any) -> Runner:
        """A call that begins on the state in which the last one ended, or failed."""
        place = Place.of(self.frame, self.graph.program)
        with place.alone(self.ns):
            runner = await self._stored(given, place.last())
            try:
                await self._run(runner)
            except ThreadBusy:
                raise
            except Exception:
                await self._keep(runner, place)
                raise
            await self._keep(runner, place)
        return runner

    async def _keep(self, runner: Runner, place: Place) -> None:
        here = runner.writer.stored
        rows, replaced = place.ended(here.begun_on, here.checkpoint_id) if here.stored else ([], [])
        if rows:
            runner.writer.ended += replaced
            await runner.writer.store(Commit(tasks=rows))

    async def _run(self, runner: Runner) -> None:
        if await runner.run() == "waiting":
            self.frame.paused_at = f"the graph {self.graph.name!r} called in it"
            raise Paused

    async def _stored(self, given: Any, begun_on: CheckpointId | None = None) -> Runner:
        """Where this call had come to when its thread was left, else the beginning, on the state at a checkpoint."""
        session, program = self.frame.session, self.graph.program
        assert session.storage is not None

        def look(db: Connection) -> tuple[Position | None, Position | None]:
            found = positions.read(db, program.schema, session.thread_id, self.ns)
            if found is not None or begun_on is None:
                return (found[1] if found else None), None
            return None, positions.at(db, program.schema, session.thread_id, begun_on)

        found, base = await session.storage.read(look)
        if found is not None:
            return self._again(found)
        position = await first_position(program, session, given, base, self._place())
        stored = base or dataclasses.replace(position, values=program.schema.initial(), versions={})
        if session.durability == "exit":
            position = positions.unstored(program.schema, stored, position)
        stops = stop_at(session, self.ns, position, self.before, self.after)
        runner = self._runner(session, position, stored)
        if stops or session.durability != "exit":
            await runner.writer.store(Commit(questions=stops))
        return runner

    def _again(self, found: Position) -> Runner:
        nodes, attempt = self.graph.program.topology.nodes, self.frame.attempt
        if lost := [task.node for task in found.tasks if task.node not in nodes]:
            raise GraphChanged(
                f"thread {self.frame.session.thread_id!r} waits in node {lost[0]!r} of the graph {self.graph.name!r}, "
                "which does not have it: put the node back, or move the thread on with aupdate_state"
            )
        runner = self._runner(self.frame.session, found, found)
        runner.upward = load_upward(found.upward, attempt.schema, attempt.node)
        return runner

    def _place(self) -> AtStart:
        return AtStart(self.frame.session, self.config, self.context, self.stream, self.where)

    def _runner(self, session: Session, position: Position, stored: Position) -> Runner:
        program, outer = self.graph.program, self.frame.attempt.telling
        writer = CheckpointWriter(program, session, self.ns, position, stored, self.frame.attempt)
        telling = Telling(
            program, session, self.config, self.context, self.stream, self.where, self.surface, self.ns, position, outer
        )
        return Runner(
            program,
            session,
            self.ns,
            writer,
            telling,
            self.before,
            self.after,
            self.limit,
            caller=self.frame.attempt,
        )
