"""A graph called inside a node of another: it runs under the caller's thread, lease and checkpointer.

Its calls are matched by their order in the task: when the task runs again, a graph that had finished gives its result,
and one that had paused goes on where it was.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from graphs.errors import AnswerError, GraphChanged
from graphs.runtime import positions
from graphs.runtime.begin import without_storage
from graphs.runtime.breakpoints import Breakpoints, stop_at
from graphs.runtime.calling import Paused
from graphs.runtime.context import AtStart, Here
from graphs.runtime.frames import Frame, current_frame
from graphs.runtime.positions import Position
from graphs.runtime.runner import Runner
from graphs.runtime.session import Commit
from graphs.runtime.streams import UNHEARD, Stream
from graphs.runtime.surface import Surface
from graphs.runtime.telling import Telling
from graphs.runtime.types import Command
from storage.ids import Namespace

if TYPE_CHECKING:
    from graphs.runtime.compiled import CompiledGraph


async def as_node(graph: CompiledGraph, state: Any) -> Any:
    """Run a graph as a node: on those keys of the state that it has; what it wrote to keys that the caller has."""
    program = graph.program
    result = await graph.ainvoke(program.surface.taken(state, program.takes.keys))
    frame = current_frame.get()
    return program.surface.left(result, frame.attempt.keys if frame is not None else program.gives.keys)


async def call(
    graph: CompiledGraph,
    given: Any,
    frame: Frame,
    before: Breakpoints,
    after: Breakpoints,
    stream: Stream = UNHEARD,
    surface: Surface | None = None,
) -> Any:
    """Run, resume or repeat the result of the graph that this frame calls now. Raises `Paused` when it waits.

    `stream` is of those who listen to this call, beside those who listen to the run; `surface` is how they, and the
    result, are shown the state.
    """
    session = frame.session
    if isinstance(given, Command):
        raise AnswerError("answers go to the thread's own graph: resume the graph that has the checkpointer")
    ns = Namespace(f"{frame.scope}/{frame.numbered(f'graph {graph.name}')}")
    shown = surface or graph.program.surface
    caller = frame.attempt
    with caller.working():
        where = caller.next_graph()
        place = AtStart(session, caller.telling.stream.joined(stream, where), where)

        def telling(position: Position) -> Telling:
            return Telling(graph.program, session, place.stream, place.where, shown, ns, position, caller.telling)

        if session.storage is None:
            position = stored = await without_storage(graph.program, session, given, place)
            runner = Runner(graph.program, session, ns, position, stored, telling(position))
            await runner.run()
            return shown.output(runner.values())
        runner = await _open(graph, given, frame, ns, before, after, place, telling)
        if await runner.run() == "waiting":
            frame.paused_at = f"the graph {graph.name!r} called in it"
            raise Paused
        return shown.output(runner.values())


async def _open(
    graph: CompiledGraph,
    given: Any,
    frame: Frame,
    ns: Namespace,
    before: Breakpoints,
    after: Breakpoints,
    place: Here,
    telling: Callable[[Position], Telling],
) -> Runner:
    """Where this call had come to when its thread was left, else the beginning."""
    session = frame.session
    assert session.storage is not None
    thread_id = session.thread_id
    found = await session.storage.read(lambda db: positions.read(db, graph.program.schema, thread_id, ns))
    if found is not None:
        position = stored = found[1]
        stops = []
        if lost := [task.node for task in position.tasks if task.node not in graph.program.topology.nodes]:
            raise GraphChanged(
                f"thread {thread_id!r} waits in node {lost[0]!r} of the graph {graph.name!r}, which does not have it: "
                "put the node back, or move the thread on with aupdate_state"
            )
    else:
        position = await without_storage(graph.program, session, given, place)
        stored = dataclasses.replace(position, values=graph.program.schema.initial(), versions={})
        stops = stop_at(session, ns, position, before, after)
    runner = Runner(
        graph.program, session, ns, position, stored, telling(position), before, after, caller=frame.attempt
    )
    if found is None and (stops or session.durability != "exit"):
        await runner.store(Commit(questions=stops))
    return runner
