"""Tasks and checkpoints as the streams `tasks`, `checkpoints` and `debug` tell them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from graphs.runtime import answers, breakpoints
from graphs.runtime.context import said_of_run
from graphs.runtime.ledger import finished
from graphs.runtime.parts import CheckpointPayload, CheckpointTask, TaskPayload, TaskResultPayload
from graphs.runtime.positions import Position, scope_of
from graphs.runtime.program import Program
from graphs.runtime.results import shown
from graphs.runtime.session import Session
from graphs.runtime.snapshots import public
from graphs.runtime.state import Write
from graphs.runtime.step import Task
from graphs.runtime.streams import Where
from graphs.runtime.surface import Surface
from graphs.runtime.types import PUSH, START, UNSET, Config
from storage.ids import Namespace
from storage.interrupts import InterruptRow
from storage.scopes import is_within


def begun(program: Program, config: Config, position: Position, task: Task) -> TaskPayload:
    node = program.topology.nodes.get(task.node)
    if task.arg is not UNSET:  # without a node it is an error handler, in the place of its own
        view = program.sent(node, task.arg) if node is not None else task.arg
    else:
        state = position.values
        view = program.surface.argument(program.argument(node, state) if node else program.schema.view(state))
    payload: TaskPayload = {
        "id": task.id,
        "name": task.node,
        "input": view,
        "triggers": triggers(program, position, task),
    }
    if metadata := said_of_run(config):
        payload["metadata"] = metadata
    return payload


def called(task_id: str, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> TaskPayload:
    """A `@task` begins."""
    return {"id": task_id, "name": name, "input": (tuple(args), dict(kwargs)), "triggers": (PUSH,)}


def returned(task_id: str, name: str, result: Any, error: str | None) -> TaskResultPayload:
    """A `@task` has ended."""
    return {"id": task_id, "name": name, "error": error, "result": result, "interrupts": []}


def triggers(program: Program, position: Position, task: Task) -> tuple[str, ...]:
    """What led to a task, as far as the nodes that ran before say so."""
    if task.arg is not UNSET:
        return (PUSH,)
    topology, ran = program.topology, position.ran or (START,)
    filled = [
        join
        for join in topology.joins
        if join.target == task.node and join.key not in position.joins and not set(join.sources).isdisjoint(ran)
    ]
    joined = tuple(f"join:{'+'.join(join.sources)}:{join.target}" for join in filled)
    led = any(task.node in topology.edges.get(node, ()) for node in ran)
    return (f"branch:to:{task.node}", *joined) if led or not joined else joined


def ended(task: Task, result: dict[str, Any], error: str | None, waiting: Iterable[InterruptRow]) -> TaskResultPayload:
    return {
        "id": task.id,
        "name": task.node,
        "error": error,
        "result": result,
        "interrupts": [_question(row) for row in waiting],
    }


def result_of(surface: Surface, writes: Iterable[Write]) -> Any:
    """What a task wrote, as it is shown."""
    found = shown(writes)
    return surface.update(found) if found else found


def checkpoint(
    program: Program, session: Session, ns: Namespace, where: Where, position: Position
) -> CheckpointPayload:
    results = finished(program.schema, session.ledger, ns, position.tasks)
    open_rows = [row for rows in session.ledger.asked.values() for row in rows.values() if answers.is_open(row)]

    def told(task: Task) -> CheckpointTask:
        row = session.ledger.tasks.get(scope_of(ns, task))
        if row is not None and row.status == "failed":
            return {"id": task.id, "name": task.node, "error": row.error or "", "state": None}
        interrupts = tuple(_question(each) for each in asked_in(open_rows, ns, task))
        found: CheckpointTask = {"id": task.id, "name": task.node, "interrupts": interrupts, "state": None}
        if task.id in results:
            found["result"] = result_of(program.surface, results[task.id].writes)
        return found

    def config(checkpoint_id: str) -> Config:
        inner = {"checkpoint_ns": "|".join(where)} if where else {}
        found: Mapping[str, Any] = {"thread_id": session.thread_id, "checkpoint_id": checkpoint_id, **inner}
        return cast("Config", {"configurable": found})

    payload: CheckpointPayload = {
        "config": config(position.checkpoint_id),
        "parent_config": config(position.parent_id) if position.parent_id else None,
        "values": program.surface.values(dict(position.values)),
        "metadata": {"source": position.source, "step": position.step, **position.metadata}
        | {"by": position.by, "ran": list(position.ran)},
        "next": [task.node for task in position.tasks],
        "tasks": [told(task) for task in position.tasks],
    }
    stops = [row for row in breakpoints.stops(session.ledger, ns, position) if row.status == "waiting"]
    if stops:
        payload["breakpoints"] = [stop(row) for row in stops]
    return payload


def stop(row: InterruptRow) -> dict[str, Any]:
    """A static interrupt: its id, and which nodes it stops before and after."""
    return {"id": row.id, **row.payload}


def asked_in(rows: Iterable[InterruptRow], ns: Namespace, task: Task) -> Sequence[InterruptRow]:
    """Those of these questions that a task asked, or something in it."""
    scope = scope_of(ns, task)
    return [row for row in rows if is_within(row.scope, scope)]


def _question(row: InterruptRow) -> dict[str, Any]:
    return dataclasses.asdict(public(row))
