"""The first position of a graph that has no thread of its own: without a checkpointer, or called in a node."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from graphs.errors import AnswerError, NotWaiting
from graphs.runtime import positions
from graphs.runtime.context import Here
from graphs.runtime.positions import Position
from graphs.runtime.program import Program
from graphs.runtime.session import Session
from graphs.runtime.step import entry
from graphs.runtime.tasks import targets
from graphs.runtime.types import START, UNSET, Command
from graphs.runtime.upward import normalised
from storage.ids import CheckpointId


def refused(command: Command[Any], resumes: str) -> AnswerError:
    """Why this call takes no command; `resumes` is why it takes none that resumes."""
    if command.resume is not UNSET:
        return AnswerError(resumes)
    return AnswerError(
        "Command(update=, goto=) moves a thread on that stands somewhere, and this call begins one: give the update "
        "itself as the input, and let a router at START say where it leads"
    )


async def first_position(
    program: Program, session: Session, given: Any, begun_on: Position | None = None, place: Here | None = None
) -> Position:
    """Where a graph begins with this input, when there is no thread of its own that something may be stored of: a run
    without a checkpointer, or a graph called in a node. `begun_on` is the position whose state it goes on with, `place`
    where it begins when that is not the root graph.
    """
    if isinstance(given, Command):
        raise refused(
            cast("Command[Any]", given),
            "there is nothing to resume without a checkpointer: compile(checkpointer=storage)",
        )
    if given is None:
        raise NotWaiting("there is nothing to go on with without a checkpointer: give an input")
    start, kept = begun_on or positions.before_all(program.schema), session.storage is not None
    writes = program.given(given, first=begun_on is None)
    values = program.schema.apply(start.values, program.schema.normalise(writes) if kept else writes)
    led = await targets(program, START, values, session, place)
    led = [normalised(target) for target in led] if kept else led
    tasks, joins = entry(program.topology, led, session.new_id)
    first = Position(
        CheckpointId(session.new_id()), None, "input", start.step + 1, values, start.versions, tasks, joins
    )
    if begun_on is None:
        return first
    return replace(first, since=first.step, begun_on=start.checkpoint_id)
