"""Runs without a checkpointer: nothing is stored, nothing can wait."""

from __future__ import annotations

from typing import Any

from graphs.errors import AnswerError, NotWaiting
from graphs.runtime.positions import Position
from graphs.runtime.session import Session
from graphs.runtime.state import StateSchema
from graphs.runtime.step import entry
from graphs.runtime.tasks import route
from graphs.runtime.topology import Topology
from graphs.runtime.types import START, Command
from storage.ids import CheckpointId


async def open_ephemeral(schema: StateSchema, topology: Topology, session: Session, given: Any) -> Position:
    """The first position of a run on this input."""
    if isinstance(given, Command):
        raise AnswerError("there is nothing to resume without a checkpointer: compile(checkpointer=storage)")
    if given is None:
        raise NotWaiting("there is nothing to go on with without a checkpointer: give an input")
    writes = schema.writes(START, given)
    schema.validate_input({write.key: write.value for write in writes})
    values = schema.apply(schema.initial(), writes)
    targets = [
        target
        for branch in topology.branches.get(START, ())
        for target in await route(branch, schema.view(values), session, START)
    ]
    tasks = entry(topology, targets, session.new_id)
    return Position(CheckpointId(session.new_id()), None, "input", 0, values, {}, tasks, {})
