"""The graphs of a thread: the root, and those that were called in its tasks, by the names that configs have."""

from __future__ import annotations

from dataclasses import dataclass

from graphs.runtime.positions import scope_of
from graphs.runtime.program import Program
from graphs.runtime.seen import ROOT
from graphs.runtime.state import StateSchema
from graphs.runtime.step import Task
from graphs.runtime.types import Config
from storage import Connection, checkpoints
from storage.ids import CheckpointId, Namespace, Scope, TaskId, ThreadId
from storage.scopes import is_within


@dataclass(frozen=True)
class ThreadGraph:
    """One graph of a thread. `program` is None for one that a node's own code calls: nobody knows which that is.

    `name` is what configs have as `checkpoint_ns`: "node:task id" of each task on the way to it, joined by "|"; the
    n-th graph, from 0, that one task calls has "|n" behind it, except for the first. `called_by` are those tasks, each
    with the graph that it is of.
    """

    thread_id: ThreadId
    program: Program | None
    ns: Namespace = ROOT
    name: str = ""
    called_by: tuple[tuple[ThreadGraph, Task], ...] = ()

    @property
    def schema(self) -> StateSchema | None:
        return self.program.schema if self.program is not None else None

    def config(self, checkpoint_id: CheckpointId | None = None) -> Config:
        config: Config = {"configurable": {"thread_id": self.thread_id}}
        if self.name:
            config["configurable"]["checkpoint_ns"] = self.name
        if checkpoint_id is not None:
            config["configurable"]["checkpoint_id"] = checkpoint_id
        return config

    def called_in(self, db: Connection, task: Task) -> list[ThreadGraph]:
        """The graphs that a task has called, in that order; one that is a node also before it began."""
        program, scope = program_of(self.program, task.node), scope_of(self.ns, task)
        found: list[Namespace] = []
        for ns in checkpoints.namespaces(db, self.thread_id, scope):
            if not any(is_within(Scope(ns), Scope(outer)) for outer in found):
                found.append(ns)
        if not found and program is not None:
            found = [Namespace(f"{scope}/graph {program.name}:0")]
        return [self.calls(task, program, ns, number) for number, ns in enumerate(found)]

    def calls(self, task: Task, program: Program | None, ns: Namespace, number: int) -> ThreadGraph:
        """The `number`-th graph, from 0, that a task of this one calls."""
        parts = (self.name, f"{task.node}:{task.id}", str(number) if number else "")
        name = "|".join(part for part in parts if part)
        return ThreadGraph(self.thread_id, program, ns, name, (*self.called_by, (self, task)))

    def named(self, db: Connection, name: str) -> ThreadGraph | None:
        """The graph within this one that a config calls so; None where there is none."""
        graph, parts = self, name.split("|") if name else []
        while parts:
            node, _, task_id = parts.pop(0).rpartition(":")
            number = int(parts.pop(0)) if parts and parts[0].isdecimal() else 0
            called = graph.called_in(db, Task(TaskId(task_id), node))
            if not node or number >= len(called):
                return None
            graph = called[number]
        return graph


def program_of(program: Program | None, node: str) -> Program | None:
    """The program of the graph that a node is; None for a node that is none, or that nobody knows."""
    found = program.topology.nodes.get(node) if program is not None else None
    inner = getattr(found.fn, "program", None) if found is not None else None
    return inner if isinstance(inner, Program) else None
