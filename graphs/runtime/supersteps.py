"""What edits from outside make of a position: one superstep, as if nodes had returned what is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from graphs.errors import InvalidUpdateError, LeftOut
from graphs.runtime.ledger import Finished, written
from graphs.runtime.positions import Position
from graphs.runtime.program import Program
from graphs.runtime.state import Write
from graphs.runtime.step import Departure, Joins, Task, due, led_again, renewed
from graphs.runtime.types import END, START, Command, StateUpdate
from graphs.runtime.upward import Target, normalised
from storage.ids import CheckpointId, TaskId

COPY = "__copy__"
"""As this node, an edit changes nothing: the same work is due once more."""
INPUT = "__input__"

Router = Callable[[str, Mapping[str, Any]], Awaitable[list[Target]]]
"""Where the routers after a node lead with a state."""


@dataclass(frozen=True)
class Edited:
    """The position after an edit, and what the edit stands for of the tasks that were due before."""

    position: Position
    wrote: Mapping[TaskId, Sequence[Write]] = field(default_factory=dict[TaskId, Sequence[Write]])


def unfolded(supersteps: Sequence[Sequence[StateUpdate]]) -> list[list[StateUpdate]]:
    """The supersteps, where a copy with updates of what is due in it is two. Raises `TypeError` for what is none."""
    found: list[list[StateUpdate]] = []
    for step in supersteps:
        if isinstance(step, StateUpdate) or not all(isinstance(cast(object, each), tuple) for each in step):
            raise TypeError(
                "a superstep is a list of StateUpdate: [[StateUpdate(values, as_node)], ...] is one superstep with one "
                f"update; not {step!r}"
            )
        updates = [StateUpdate(*each) for each in step]
        given: object = updates[0].values if len(updates) == 1 and updates[0].as_node == COPY else None
        if isinstance(given, list):
            within = cast("list[Any]", given)
            found += [[StateUpdate(None, COPY)], [StateUpdate(*each) for each in within]]
        else:
            found.append(updates)
    return found


@dataclass(frozen=True)
class _Returned:
    """What a node is said to have returned, and the task that it stands for when the node was due."""

    node: str
    writes: list[Write]
    goto: list[Target]
    task: Task | None


@dataclass(frozen=True)
class Superstep:
    """An edit of `base`. `results` are those of its finished tasks; `in_flight` says that it is the newest position:
    what is due there is new work otherwise, and its questions are asked anew.
    """

    program: Program
    new_id: Callable[[], str]
    route: Router
    base: Position
    results: Mapping[TaskId, Finished]
    in_flight: bool
    metadata: Mapping[str, Any]
    kept: Mapping[str, str]
    """Where graphs that keep their state stand after it."""

    async def apply(self, updates: Sequence[StateUpdate]) -> Edited:
        """Raises `InvalidUpdateError`."""
        if not updates:
            raise InvalidUpdateError("there is no update in this superstep: give each at least one StateUpdate")
        if len(updates) == 1:
            return await self._one(updates[0])
        returned = self._returned(updates)
        if any(each.task is not None for each in returned):
            return await self._finish(returned)
        return await self._in_place_of_all(returned)

    async def _one(self, update: StateUpdate) -> Edited:
        base, results, (values, as_node, task_id) = self.base, self.results, update
        if as_node == END:
            writes, goto = self._read(END, values)
            if goto:
                raise InvalidUpdateError("as END there is nowhere to go to: give an update of the state, or None")
            return self._follow(written(base.tasks, results), writes, (), {})
        if as_node == COPY or (values is None and as_node is None):
            if values is not None:
                raise InvalidUpdateError(f"as {COPY!r} give None, or a list of StateUpdate of what is due in the copy")
            source = "fork" if as_node == COPY else "update"
            tasks = renewed(base.tasks, self.new_id) if as_node == COPY else base.tasks
            return self._follow([], [], tasks, base.joins, ran=base.ran, source=source)
        as_node = as_node or self.program.surface.edits_as
        if as_node is None:
            node = _ran_last(base)
            self._check(node)
            writes, goto = self._read(node, values)
            returned = _Returned(node, writes, goto, None)
        else:
            (returned,) = self._returned([StateUpdate(values, as_node, task_id)])
        if returned.task is not None:
            return await self._finish([returned])
        node = returned.node
        led = await self._led(returned, base.values)
        tasks, joins = led_again(self.program.topology, node, led, base.ran, base.tasks, base.joins, self.new_id)
        dropped = [task for task in base.tasks if task not in tasks]
        ran = base.ran if node in (START, *base.ran) else (node,)
        return self._follow(written(dropped, results), returned.writes, tasks, joins, ran=ran)

    def _returned(self, updates: Sequence[StateUpdate]) -> list[_Returned]:
        """The updates with the tasks that they stand for: those of a node that is due several times in turn."""
        free = list(self.base.tasks)
        found: list[_Returned] = []
        for values, as_node, task_id in updates:
            if as_node is None or as_node in (END, COPY):
                raise InvalidUpdateError("several updates in one superstep are each as a node of the graph: as_node=")
            self._check(as_node)
            meant = [task for task in free if task.node == as_node and task_id in (None, task.id)]
            if task_id is not None and not meant:
                raise InvalidUpdateError(f"no task {task_id!r} of node {as_node!r} is due; read aget_state(...).tasks")
            if len(meant) > 1 and len(updates) == 1:
                raise InvalidUpdateError(
                    f"{as_node!r} is due {len(meant)} times in this step, so it is not clear which run the edit stands "
                    "for: answer them one by one, name one by task_id=, or end them all with as_node=END"
                )
            if meant:
                free.remove(meant[0])
            writes, goto = self._read(as_node, values)
            found.append(_Returned(as_node, writes, goto, meant[0] if meant else None))
        return found

    async def _finish(self, returned: Sequence[_Returned]) -> Edited:
        """Some stand for tasks that were due: those are finished, and so are their siblings that were."""
        base, results = self.base, self.results
        stands = {each.task.id: each for each in returned if each.task is not None}
        # An edit of a node that has finished, or is not due, comes on top of what the tasks wrote.
        late = [each for each in returned if each.task is None or each.task.id in results]
        kept = written(base.tasks, results)
        after = self.program.schema.apply(base.values, kept)
        led = {id(each): await self._led(each, after) for each in returned}
        done = [task for task in base.tasks if task.id in results or task.id in stands]
        left = tuple(task for task in base.tasks if task not in done)
        departures = [
            Departure(task.node, led[id(stands[task.id])] if task.id in stands else results[task.id].targets)
            for task in done
        ]
        departures += [Departure(each.node, led[id(each)]) for each in returned if each.task is None]
        tasks, joins = due(self.program.topology, departures, base.joins, self.new_id, beside=left)
        in_order = [
            write
            for task in done
            for write in (results[task.id].writes if task.id in results else stands[task.id].writes)
        ]
        ran = _names(done, [each.node for each in returned if each.task is None])
        edited = self._follow(in_order, [write for each in late for write in each.writes], left + tasks, joins, ran=ran)
        wrote = {task_id: each.writes for task_id, each in stands.items() if task_id not in results}
        return Edited(edited.position, wrote)

    async def _in_place_of_all(self, returned: Sequence[_Returned]) -> Edited:
        """None of the nodes is due: what they lead to is due, in the place of what was."""
        base = self.base
        departures = [Departure(each.node, await self._led(each, base.values)) for each in returned]
        tasks, joins = due(self.program.topology, departures, base.joins, self.new_id)
        writes = [write for each in returned for write in each.writes]
        ran = _names((), [each.node for each in returned])
        return self._follow(written(base.tasks, self.results), writes, tasks, joins, ran=ran)

    def _follow(
        self, kept: Sequence[Write], writes: Sequence[Write], tasks: Sequence[Task], joins: Joins, **changes: Any
    ) -> Edited:
        base = self.base
        fields: dict[str, Any] = {
            "source": "update",
            "step": base.step + 1,
            "since": base.since + 1,
            "values": self.program.schema.apply(self.program.schema.apply(base.values, kept), writes),
            "tasks": tuple(tasks) if self.in_flight else renewed(tasks, self.new_id),
            "joins": joins,
            "metadata": dict(self.metadata),
            "kept": self.kept,
        }
        return Edited(base.follow(CheckpointId(self.new_id()), **fields | changes))

    def _read(self, node: str, values: Any) -> tuple[list[Write], list[Target]]:
        goto: list[Target] = []
        if isinstance(values, Command):
            command = cast("Command[Any]", values)
            values, goto = command.update, [normalised(target) for target in command.targets()]
        elif values is not None:
            values = self.program.surface.edited(values)
        return self.program.schema.normalise(self.program.schema.writes(node, values)), goto

    async def _led(self, returned: _Returned, values: Mapping[str, Any]) -> list[Target]:
        """Where a node leads when it has returned this on top of `values`."""
        after = self.program.schema.apply(values, returned.writes)
        return returned.goto + await self.route(returned.node, after)

    def _check(self, node: str) -> None:
        if node == INPUT:
            raise LeftOut(f"{INPUT!r} is no node here, where an input is one checkpoint: update as_node={START!r}")
        if node != START and node not in self.program.topology.nodes:
            raise InvalidUpdateError(
                f"{node!r} is no node to update as; the nodes are {sorted(self.program.topology.nodes)!r}"
            )


def _names(tasks: Sequence[Task], others: Sequence[str] = ()) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*(task.node for task in tasks), *others]))


def _ran_last(position: Position) -> str:
    """The node whose edit it is when nobody says. Raises `InvalidUpdateError` when several ran in the last step."""
    if position.source == "input" or not position.ran:
        return START
    first, *others = position.ran
    if others:
        raise InvalidUpdateError(
            f"several nodes ran last, so say which one this edit is as: as_node= one of {position.ran!r}"
        )
    return first
