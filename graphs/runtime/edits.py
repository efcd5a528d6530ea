"""Editing a thread's state from outside, as if a node had returned the edit; forking it from an older checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphs.errors import InvalidUpdateError, NotWaiting, ThreadBusy
from graphs.runtime import answers, breakpoints, positions
from graphs.runtime.kept import kept_after
from graphs.runtime.ledger import Finished, Ledger, finished, written
from graphs.runtime.positions import Position, scope_of, to_row
from graphs.runtime.program import Program
from graphs.runtime.seen import ROOT, Seen, look
from graphs.runtime.session import Commit, Session
from graphs.runtime.state import Write
from graphs.runtime.step import Departure, Joins, Task, due, led_again, renewed
from graphs.runtime.streams import UNHEARD
from graphs.runtime.tasks import targets
from graphs.runtime.types import END, START, Config, Send
from storage import Connection, Storage, threads
from storage.errors import ThreadHeld, ThreadMoved
from storage.ids import CheckpointId, InterruptId, TaskId, ThreadId
from storage.interrupts import NewInterrupt


@dataclass(frozen=True)
class _Thread:
    """A thread as read for an edit: its newest position, and the one that the edit is of."""

    seen: Seen
    base: Position
    results: dict[TaskId, Finished]
    """Of the finished tasks of the step in flight; empty when the edit is of an older position."""

    @property
    def in_flight(self) -> bool:
        return self.seen.head is not None and self.seen.head.checkpoint_id == self.base.checkpoint_id


@dataclass(frozen=True)
class Editor:
    """Edits the root graph of one thread, at `checkpoint_id` when an older position is meant."""

    program: Program
    storage: Storage
    thread_id: ThreadId
    checkpoint_id: CheckpointId | None

    async def update(
        self,
        values: Any,
        as_node: str | None,
        also: Callable[[Connection], None] = lambda db: None,
        first: Callable[[Connection], None] = lambda db: None,
    ) -> Config:
        """See `CompiledGraph.aupdate_state`; `also` is a job that runs in the transaction that stores it, `first` one
        that runs there before anything is stored.
        """
        while True:
            try:
                thread = await self.storage.read(self._look)
                position = await self._edit(thread, values, as_node)
                await self.storage.write(lambda db, t=thread, p=position: self._save(db, t, p, first, also))
            except ThreadMoved:
                continue
            except ThreadHeld as error:
                raise ThreadBusy(str(error)) from None
            return {"configurable": {"thread_id": self.thread_id, "checkpoint_id": position.checkpoint_id}}

    def _look(self, db: Connection) -> _Thread:
        seen = look(db, self.program, self.thread_id)
        base = seen.head or positions.before_all(self.program.schema)
        if self.checkpoint_id is not None:
            meant = positions.read(db, self.program.schema, self.thread_id, ROOT, self.checkpoint_id)
            if meant is None:
                raise NotWaiting(f"thread {self.thread_id!r} has no checkpoint {self.checkpoint_id!r}")
            base = meant[1]
        thread = _Thread(seen, base, {})
        if not thread.in_flight:
            return thread
        return replace(thread, results=finished(self.program.schema, seen.ledger, ROOT, base.tasks))

    async def _edit(self, thread: _Thread, values: Any, as_node: str | None) -> Position:
        base, results = thread.base, thread.results
        if as_node == END:
            return self._follow(thread, written(base.tasks, results), self._writes(END, values), (), {})
        if values is None and as_node is None:
            return self._follow(thread, [], [], base.tasks, base.joins, ran=base.ran)
        as_node = as_node or self.program.surface.edits_as
        node = as_node if as_node is not None else _ran_last(base)
        if node != START and node not in self.program.topology.nodes:
            raise InvalidUpdateError(
                f"{node!r} is no node to update as; the nodes are {sorted(self.program.topology.nodes)!r}"
            )
        writes = self._writes(node, values)
        if as_node is not None and any(task.node == node for task in base.tasks):
            return await self._finish(thread, node, writes)
        led = await self._targets(node, self.program.schema.apply(base.values, writes))
        tasks, joins = led_again(
            self.program.topology, node, led, base.ran, base.tasks, base.joins, self.storage.new_id
        )
        dropped = [task for task in base.tasks if task not in tasks]
        ran = base.ran if node in (START, *base.ran) else (node,)
        return self._follow(thread, written(dropped, results), writes, tasks, joins, ran=ran)

    async def _finish(self, thread: _Thread, node: str, writes: list[Write]) -> Position:
        """The edit stands for a task that was due: it is finished, and so are its siblings that were."""
        base, results = thread.base, thread.results
        meant = [task for task in base.tasks if task.node == node]
        if len(meant) > 1:
            raise InvalidUpdateError(
                f"{node!r} is due {len(meant)} times in this step, so it is not clear which run the edit stands for: "
                "answer them one by one, or end them all with as_node=END"
            )
        kept = written(base.tasks, results)
        led = await self._targets(node, self.program.schema.apply(self.program.schema.apply(base.values, kept), writes))
        done = [task for task in base.tasks if task.id in results or task is meant[0]]
        left = tuple(task for task in base.tasks if task not in done)
        departures = [Departure(t.node, led if t is meant[0] else results[t.id].targets) for t in done]
        tasks, joins = due(self.program.topology, departures, base.joins, self.storage.new_id, beside=left)
        if meant[0].id in results:  # the edit comes on top of what the node returned
            return self._follow(thread, kept, writes, left + tasks, joins, ran=_names(done))
        in_order = [w for task in done for w in (writes if task is meant[0] else results[task.id].writes)]
        return self._follow(thread, in_order, [], left + tasks, joins, ran=_names(done))

    def _follow(
        self,
        thread: _Thread,
        kept: Sequence[Write],
        writes: Sequence[Write],
        tasks: Sequence[Task],
        joins: Joins,
        **changes: Any,
    ) -> Position:
        """The position after the edit. Of an older one, what is due there is new work: its questions are asked anew."""
        base = thread.base
        return base.follow(
            CheckpointId(self.storage.new_id()),
            source="update",
            step=base.step + 1,
            since=base.since + 1,
            values=self.program.schema.apply(self.program.schema.apply(base.values, kept), writes),
            tasks=tuple(tasks) if thread.in_flight else renewed(tasks, self.storage.new_id),
            joins=joins,
            kept=kept_after(base, thread.seen.ledger),
            **changes,
        )

    def _writes(self, node: str, values: Any) -> list[Write]:
        given = None if values is None else self.program.surface.edited(values)
        return self.program.schema.normalise(self.program.schema.writes(node, given))

    async def _targets(self, node: str, values: Mapping[str, Any]) -> list[str | Send]:
        """Where the routers after a node lead with this state."""
        session = Session(
            self.thread_id, self.storage, None, self.storage.new_id, {}, None, None, None, UNHEARD, bool, "sync"
        )
        return await targets(self.program, node, values, session)

    def _save(
        self,
        db: Connection,
        thread: _Thread,
        position: Position,
        first: Callable[[Connection], None],
        also: Callable[[Connection], None],
    ) -> None:
        now = self.storage.now()
        lease = threads.take(db, self.thread_id, self.storage.owner, now, version=thread.seen.version)
        first(db)
        position, changes = positions.normalise(self.program.schema, thread.base, position)
        if not thread.base.checkpoint_id:
            position = replace(position, parent_id=None)
        before = thread.seen.head.tasks if thread.seen.head is not None else ()
        dropped = [task for task in before if task not in position.tasks]
        commit = Commit(
            checkpoint=(to_row(position, self.thread_id, ROOT, now), changes),
            questions=self._moved_stop(thread, position, dropped),
            cancelled=_falling_away(thread.seen.ledger, dropped),
            ended=[scope_of(ROOT, task) for task in dropped] if thread.in_flight else [],
        )
        commit.store(db, self.thread_id, now)
        also(db)
        threads.hold(db, lease, now, release="waiting" if position.tasks else "done")

    def _moved_stop(self, thread: _Thread, position: Position, dropped: Sequence[Task]) -> list[NewInterrupt]:
        """A static interrupt that waits at a task which the edit finished waits on, at what is due now."""
        if not (thread.in_flight and position.tasks):
            return []
        borders = replace(thread.base, tasks=tuple(dropped))
        waiting = [row for row in breakpoints.stops(thread.seen.ledger, ROOT, borders) if row.status == "waiting"]
        first, names, new_id = position.tasks[0], _names(position.tasks), self.storage.new_id
        return [
            breakpoints.stop(
                self.thread_id, new_id(), ROOT, first, names, [], requester=position.by, replaces=InterruptId(row.id)
            )
            for row in waiting[:1]
        ]


def _names(tasks: Sequence[Task]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(task.node for task in tasks))


def _falling_away(ledger: Ledger, tasks: Sequence[Task]) -> list[InterruptId]:
    """The questions of these tasks that nothing has come of."""
    return [row.id for task in tasks for row in ledger.within(scope_of(ROOT, task)) if answers.falls_away(row)]


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
