"""Editing a thread's state from outside, as if a node had returned the edit; forking it from an older checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graphs.errors import LeftOut, NotWaiting, ThreadBusy
from graphs.runtime import answers, breakpoints, grafts, positions
from graphs.runtime.kept import kept_after
from graphs.runtime.ledger import Finished, finished
from graphs.runtime.positions import Position, callers, scope_of, to_row
from graphs.runtime.program import Program
from graphs.runtime.results import Ended, dump_results, ends
from graphs.runtime.seen import ROOT, Seen, look
from graphs.runtime.session import Commit, Session
from graphs.runtime.step import Task
from graphs.runtime.streams import UNHEARD
from graphs.runtime.supersteps import Edited, Superstep, unfolded
from graphs.runtime.tasks import targets
from graphs.runtime.thread_graphs import ThreadGraph
from graphs.runtime.types import END, Config, Send, StateUpdate
from storage import Connection, Storage, checkpoints, threads
from storage.checkpoints import ValueChange
from storage.errors import ThreadHeld, ThreadMoved
from storage.ids import CheckpointId, InterruptId, Namespace, TaskId, ThreadId
from storage.interrupts import NewInterrupt

Job = Callable[[Connection], None]


def _nothing(db: Connection) -> None:
    """Is to be done beside it."""


@dataclass(frozen=True)
class _Thread:
    """A thread as read for an edit: the graph that is edited, its newest position, and the one that the edit is of.

    `waits`: the tasks that called the graph are in flight, or it is the root.
    """

    seen: Seen
    graph: ThreadGraph
    program: Program
    head: Position | None
    base: Position
    waits: bool
    results: dict[TaskId, Finished]
    """Of the finished tasks of the step in flight; empty when the edit is of an older position."""

    @property
    def in_flight(self) -> bool:
        return self.waits and self.head is not None and self.head.checkpoint_id == self.base.checkpoint_id


@dataclass(frozen=True)
class Editor:
    """Edits one graph of one thread: the root, whose `program` this is, or the one named `name` within it; at
    `checkpoint_id` when an older position is meant. `metadata` is put on record with it.
    """

    program: Program
    storage: Storage
    thread_id: ThreadId
    checkpoint_id: CheckpointId | None
    name: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])

    async def update(
        self, supersteps: Sequence[Sequence[StateUpdate]], also: Job = _nothing, first: Job = _nothing
    ) -> Config:
        """See `CompiledGraph.abulk_update_state`; `also` is a job that runs in the transaction that stores it, `first`
        one that runs there before anything is stored.
        """
        steps = unfolded(supersteps)
        while True:
            try:
                thread = await self.storage.read(self._look)
                edits = await self._edit(thread, steps)
                return await self.storage.write(
                    lambda db, t=thread, e=edits: self._save(db, t, e, first, also), self.thread_id
                )
            except ThreadMoved:
                continue
            except ThreadHeld as error:
                raise ThreadBusy(str(error)) from None

    async def end(self, values: Any, also: Job) -> None:
        """End the graph where it stands, with `values` as an update of its state."""
        await self.update([[StateUpdate(values, END)]], also)

    def _look(self, db: Connection) -> _Thread:
        seen = look(db, self.program, self.thread_id)
        root = ThreadGraph(self.thread_id, self.program)
        graph = root.named(db, self.name)
        if graph is None:
            raise NotWaiting(
                f"thread {self.thread_id!r} has no graph {self.name!r}; read aget_state(..., subgraphs=True)"
            )
        if graph.program is None:
            raise LeftOut(
                f"{self.name!r} is called by the code of a node, so nobody knows how its state is edited: add the "
                "graph as a node, or edit the state of the graph that calls it"
            )
        head, waits = seen.head, True
        if self.name:
            found = positions.read(db, graph.schema, self.thread_id, graph.ns)
            head, waits = found[1] if found else None, grafts.waits(db, graph)
        base = head or positions.before_all(graph.program.schema)
        if self.checkpoint_id is not None:
            meant = positions.read(db, graph.schema, self.thread_id, graph.ns, self.checkpoint_id)
            if meant is None:
                raise NotWaiting(f"thread {self.thread_id!r} has no checkpoint {self.checkpoint_id!r}")
            base = meant[1]
        elif self.name and not waits:
            raise NotWaiting(f"the graph {self.name!r} has ended: name one of its checkpoints to fork it from there")
        thread = _Thread(seen, graph, graph.program, head, base, waits, {})
        if not thread.in_flight:
            return thread
        return replace(thread, results=finished(graph.schema, seen.ledger, graph.ns, base.tasks))

    async def _edit(self, thread: _Thread, supersteps: Sequence[Sequence[StateUpdate]]) -> list[Edited]:
        """The positions that follow one another."""
        if not supersteps:
            raise ValueError("there is nothing to update: give at least one superstep, a list of StateUpdate")
        program, new_id = thread.program, self.storage.new_id
        session = Session(self.thread_id, self.storage, None, new_id, {}, None, None, None, UNHEARD, bool, "sync")

        async def route(node: str, values: Mapping[str, Any]) -> list[str | Send]:
            return await targets(program, node, values, session)

        edits: list[Edited] = []
        base, results, in_flight = thread.base, thread.results, thread.in_flight
        for updates in supersteps:
            kept = kept_after(base, thread.seen.ledger)
            step = Superstep(program, new_id, route, base, results, in_flight, self.metadata, kept)
            edits.append(await step.apply(updates))
            base, in_flight = edits[-1].position, True
            results = {task.id: results[task.id] for task in base.tasks if task.id in results}
        return edits

    def _save(self, db: Connection, thread: _Thread, edits: Sequence[Edited], first: Job, also: Job) -> Config:
        now, graph = self.storage.now(), thread.graph
        lease = threads.take(db, self.thread_id, self.storage.owner, now, version=thread.seen.version)
        first(db)
        if thread.waits:
            graph, root_is_done = self._save_in_place(db, thread, edits, now)
        else:
            graph, root_is_done = self._save_as_graft(db, thread, edits, now), False
        also(db)
        threads.hold(db, lease, now, release="done" if root_is_done else "waiting")
        return graph.config(edits[-1].position.checkpoint_id)

    def _save_in_place(
        self, db: Connection, thread: _Thread, edits: Sequence[Edited], now: float
    ) -> tuple[ThreadGraph, bool]:
        """The graph, and whether nothing is due in the thread any more."""
        graph, position = thread.graph, edits[-1].position
        before = thread.head.tasks if thread.head is not None else ()
        dropped = [task for task in before if task not in position.tasks]
        commit = Commit(
            questions=self._moved_stop(thread, position, dropped),
            cancelled=_falling_away(thread, graph.ns, dropped),
            ended=[scope_of(graph.ns, task) for task in dropped] if thread.in_flight else [],
            resumed=callers(graph.ns),
        )
        old, results = thread.base, ends(thread.seen.ledger, graph.ns, dropped, thread.results)
        for edited in edits:
            for task_id, writes in edited.wrote.items():
                results[task_id] = replace(results.get(task_id, Ended()), writes=writes)
            schema = thread.program.schema
            known = results if thread.in_flight or old is not thread.base else {}
            ended = {
                task.id: known[task.id] for task in old.tasks if task.id in known and task not in edited.position.tasks
            }
            text = dump_results(schema, old.tasks, ended, old.values, edited.position.values) if ended else None
            new, changes = positions.normalise(schema, old, edited.position)
            checkpoints.save(db, to_row(new, self.thread_id, graph.ns, now, text), changes)
            old = new
        commit.store(db, self.thread_id, now)
        return graph, not graph.name and not position.tasks

    def _save_as_graft(self, db: Connection, thread: _Thread, edits: Sequence[Edited], now: float) -> ThreadGraph:
        """An edit of a graph whose call is over: the thread goes on from there, on a branch of its own. Where it goes
        now.
        """
        schema, old = thread.program.schema, thread.base
        stored: list[tuple[Position, list[ValueChange]]] = []
        for edited in edits:
            stored.append(positions.normalise(schema, old, edited.position))
            old = stored[-1][0]
        (first_of, first_changes), *rest = stored
        grafter = grafts.Grafter(db, self.storage.new_id, now, self.metadata)
        graft = grafter.graft(
            thread.graph, lambda ns: (to_row(replace(first_of, parent_id=None), self.thread_id, ns, now), first_changes)
        )
        root, _ = positions.normalise(self.program.schema, graft.base, graft.root)
        checkpoints.save(db, to_row(root, self.thread_id, ROOT, now), [])
        for row, changes in graft.rows:
            checkpoints.save(db, row, changes)
        for position, changes in rest:
            checkpoints.save(db, to_row(position, self.thread_id, graft.graph.ns, now), changes)
        standing = thread.seen.head.tasks if thread.seen.head is not None else ()
        Commit(cancelled=_falling_away(thread, ROOT, standing)).store(db, self.thread_id, now)
        return graft.graph

    def _moved_stop(self, thread: _Thread, position: Position, dropped: Sequence[Task]) -> list[NewInterrupt]:
        """A static interrupt that waits at a task which the edit finished waits on, at what is due now."""
        if not (thread.in_flight and position.tasks):
            return []
        ns, borders = thread.graph.ns, replace(thread.base, tasks=tuple(dropped))
        waiting = [row for row in breakpoints.stops(thread.seen.ledger, ns, borders) if row.status == "waiting"]
        first, names, new_id = (
            position.tasks[0],
            list(dict.fromkeys(t.node for t in position.tasks)),
            self.storage.new_id,
        )
        return [
            breakpoints.stop(
                self.thread_id, new_id(), ns, first, names, [], requester=position.by, replaces=InterruptId(row.id)
            )
            for row in waiting[:1]
        ]


def _falling_away(thread: _Thread, ns: Namespace, tasks: Sequence[Task]) -> list[InterruptId]:
    """The questions of these tasks that nothing has come of."""
    asked = [row for task in tasks for row in thread.seen.ledger.within(scope_of(ns, task))]
    return [row.id for row in asked if answers.falls_away(row)]
