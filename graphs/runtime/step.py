"""What is due, as pure functions: tasks in, the next step's tasks out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphs.errors import GraphChanged
from graphs.runtime.program import Topology
from graphs.runtime.types import END, START, UNSET, Send
from storage.ids import TaskId

Joins = dict[str, list[str]]
"""For each joining edge that has begun to fill: which of its sources have finished. And each node that is deferred
until nothing else is due, as an edge without sources.
"""

_DEFERRED = "->"


@dataclass(frozen=True, slots=True)
class Task:
    """One run of one node in one step. `arg` is the private input of a `Send`, else unset."""

    id: TaskId
    node: str
    arg: Any = UNSET


@dataclass(frozen=True, slots=True)
class Departure:
    """A node that finished, and where it said to go beyond its fixed edges."""

    node: str
    targets: Sequence[str | Send]


def due(
    topology: Topology,
    departures: Iterable[Departure],
    joins: Joins,
    new_id: Callable[[], str],
    *,
    beside: Sequence[Task] = (),
) -> tuple[tuple[Task, ...], Joins]:
    """The tasks of the next step, and what the joins are still waiting for. `beside` are tasks that go on.

    A node that several lead to runs once; each `Send` is a task of its own.
    """
    return _deferred(topology, *_led(topology, departures, joins, new_id), beside)


def _led(
    topology: Topology, departures: Iterable[Departure], joins: Joins, new_id: Callable[[], str]
) -> tuple[tuple[Task, ...], Joins]:
    """`due`, with what is to wait until nothing else is due."""
    waiting: Joins = {}
    nodes: dict[str, None] = {}
    for key, sources in joins.items():
        if key.startswith(_DEFERRED):
            nodes[key.removeprefix(_DEFERRED)] = None
        else:
            waiting[key] = list(sources)
    sends: list[Send] = []
    for departure in departures:
        for target in [*topology.edges.get(departure.node, ()), *departure.targets]:
            if isinstance(target, Send):
                sends.append(target)
            else:
                nodes[target] = None
        for join in topology.joins:
            if departure.node in join.sources:
                arrived = waiting.setdefault(join.key, [])
                if departure.node not in arrived:
                    arrived.append(departure.node)
                if set(arrived) == set(join.sources):
                    del waiting[join.key]
                    nodes[join.target] = None
    return fresh(topology, [*nodes, *sends], new_id), waiting


def _deferred(
    topology: Topology, tasks: tuple[Task, ...], joins: Joins, beside: Sequence[Task] = ()
) -> tuple[tuple[Task, ...], Joins]:
    """These tasks without those that are to wait for others among them or `beside` them, which the joins keep."""
    later = [task for task in tasks if task.arg is UNSET and topology.nodes[task.node].defer]
    if not later or (len(later) == len(tasks) and not beside):
        return tasks, joins
    kept: Joins = {f"{_DEFERRED}{task.node}": [] for task in later}
    return tuple(task for task in tasks if task not in later), joins | kept


def arriving(
    topology: Topology, targets: Iterable[str | Send], joins: Joins, new_id: Callable[[], str], beside: Sequence[Task]
) -> tuple[tuple[Task, ...], Joins]:
    """New tasks for these targets beside those that are due."""
    return _deferred(topology, fresh(topology, targets, new_id), joins, beside)


def fresh(topology: Topology, targets: Iterable[str | Send], new_id: Callable[[], str]) -> tuple[Task, ...]:
    """New tasks for these targets. Raises `GraphChanged` for a target that is no node."""
    tasks: list[Task] = []
    for target in targets:
        if target == END:
            continue
        node, arg = (target.node, target.arg) if isinstance(target, Send) else (target, UNSET)
        if node not in topology.nodes:
            raise GraphChanged(
                f"something leads to {node!r}, which is no node; the nodes are {sorted(topology.nodes)!r}"
            )
        tasks.append(Task(TaskId(new_id()), node, arg))
    return tuple(tasks)


def entry(
    topology: Topology, targets: Sequence[str | Send], new_id: Callable[[], str]
) -> tuple[tuple[Task, ...], Joins]:
    """The tasks of the first step after an input, and the joins; `targets` is what the routers at START said."""
    return due(topology, [Departure(START, targets)], {}, new_id)


def renewed(tasks: Iterable[Task], new_id: Callable[[], str]) -> tuple[Task, ...]:
    """The same work as new tasks: what they ask and claim is asked and claimed anew."""
    return tuple(replace(task, id=TaskId(new_id())) for task in tasks)


def led_again(
    topology: Topology,
    node: str,
    targets: Sequence[str | Send],
    ran: Sequence[str],
    old: Sequence[Task],
    joins: Joins,
    new_id: Callable[[], str],
) -> tuple[tuple[Task, ...], Joins]:
    """What is due when `node` has returned something else than it did.

    `old` are the tasks that are due, `ran` the nodes that led to them. Where `node` is none of those it takes their
    place. Else what others led to stays due, and so does a join that `node` had completed.
    """
    new, after = _led(topology, [Departure(node, targets)], joins, new_id)
    new = _reconcile(old, new)
    if node not in (ran or (START,)):
        return _deferred(topology, new, after)
    completed = {join.target: join.key for join in topology.joins if node in join.sources and join.key not in joins}
    stay: list[Task] = []
    for task in old:
        if task.node in completed:
            after.pop(completed[task.node], None)
        others = any(leads(topology, other, task.node) for other in ran if other != node)
        if task.node in completed or others or not leads(topology, node, task.node):
            stay.append(task)
    plain = {task.node for task in stay if task.arg is UNSET}
    added = [task for task in new if task not in old and not (task.arg is UNSET and task.node in plain)]
    return _deferred(topology, (*(task for task in old if task in stay or task in new), *added), after)


def leads(topology: Topology, source: str, target: str) -> bool:
    """Whether a node may lead to another, by an edge, a router or a `Command`."""
    node = topology.nodes.get(source)
    branches = topology.branches.get(source, ())
    return (
        target in topology.edges.get(source, ())
        or any(branch.targets is None or target in branch.targets.values() for branch in branches)
        or any(source in join.sources and target == join.target for join in topology.joins)
        or (node is not None and (node.anywhere or target in node.destinations))
    )


def _reconcile(old: Iterable[Task], new: Iterable[Task]) -> tuple[Task, ...]:
    """`new`, where a task that was due before stays the same task: its questions, claims and results go on to count."""
    kept = list(old)
    merged: list[Task] = []
    for task in new:
        same = next((known for known in kept if known.node == task.node and known.arg == task.arg), None)
        if same is not None:
            kept.remove(same)
        merged.append(same or task)
    return tuple(merged)


def dump_tasks(tasks: Iterable[Task]) -> str:
    """JSON: [{"id", "node", "arg"?}]."""
    return json.dumps(
        [{"id": t.id, "node": t.node} | ({} if t.arg is UNSET else {"arg": t.arg}) for t in tasks],
        ensure_ascii=False,
        separators=(",", ":"),
    )


def load_tasks(text: str) -> tuple[Task, ...]:
    return tuple(Task(TaskId(task["id"]), task["node"], task.get("arg", UNSET)) for task in json.loads(text))
