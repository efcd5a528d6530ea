"""A graph called inside a node of another: it runs under the caller's thread, lease and checkpointer.

Its calls are matched by their order in the task: when the task runs again, a graph that had finished gives its result,
and one that had paused goes on where it was.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

from graphs.errors import AnswerError
from graphs.runtime import positions
from graphs.runtime.breakpoints import Breakpoints, stop_at
from graphs.runtime.ephemeral import open_ephemeral
from graphs.runtime.positions import Position
from graphs.runtime.questions import Frame, Paused, current_frame
from graphs.runtime.runner import Runner
from graphs.runtime.session import Commit
from graphs.runtime.types import Command
from storage.ids import Namespace

if TYPE_CHECKING:
    from graphs.runtime.compiled import CompiledGraph


async def as_node(graph: CompiledGraph, state: Any) -> dict[str, Any]:
    """Run a graph as a node: on those keys of the state that it has; what it wrote to keys that the caller has."""
    if isinstance(state, BaseModel):
        state = {key: getattr(state, key) for key in type(state).model_fields}
    elif dataclasses.is_dataclass(state) and not isinstance(state, type):
        state = {field.name: getattr(state, field.name) for field in dataclasses.fields(state)}
    outer = cast("Mapping[str, Any]", state)
    result = await graph.ainvoke({key: value for key, value in outer.items() if key in graph.schema.fields})
    frame = current_frame.get()
    known = frame.keys if frame is not None else graph.schema.fields
    return {key: value for key, value in result.items() if key in known}


async def call(
    graph: CompiledGraph, given: Any, frame: Frame, before: Breakpoints, after: Breakpoints
) -> dict[str, Any]:
    """Run, resume or repeat the result of the graph that this frame calls now. Raises `Paused` when it waits."""
    session = frame.session
    if isinstance(given, Command):
        raise AnswerError("answers go to the thread's own graph: resume the graph that has the checkpointer")
    ns = Namespace(frame.place(f"graph {graph.name}"))
    if session.storage is None:
        position = stored = await open_ephemeral(graph.schema, graph.topology, session, given)
        runner = Runner(graph.schema, graph.topology, session, ns, position, stored)
        await runner.run()
        return runner.values()
    thread_id = session.thread_id
    found = await session.storage.read(lambda db: positions.read(db, graph.schema, thread_id, ns))
    if found is not None:
        position = stored = found[1]
        commit = None
    else:
        position, stored, commit = await _begin(graph, given, frame, ns, before, after)
    runner = Runner(graph.schema, graph.topology, session, ns, position, stored, before, after)
    if commit is not None:
        await runner.store(commit)
    if await runner.run() == "waiting":
        frame.paused_at = f"the graph {graph.name!r} called in it"
        raise Paused
    return runner.values()


async def _begin(
    graph: CompiledGraph, given: Any, frame: Frame, ns: Namespace, before: Breakpoints, after: Breakpoints
) -> tuple[Position, Position, Commit]:
    position = await open_ephemeral(graph.schema, graph.topology, frame.session, given)
    base = dataclasses.replace(position, values=graph.schema.initial(), versions={})
    return position, base, Commit(questions=stop_at(frame.session, ns, position, before, after))
