"""Reading a thread's state and history, and editing it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from graphs.errors import InvalidUpdateError, ThreadBusy
from graphs.runtime import breakpoints, positions
from graphs.runtime.graph import Topology
from graphs.runtime.positions import Position, scope_of, to_row
from graphs.runtime.session import Commit, Ledger, Session
from graphs.runtime.state import StateSchema, Write
from graphs.runtime.step import Arrival, Task, due, reconcile
from graphs.runtime.taskrows import finished
from graphs.runtime.tasks import Finished, route
from graphs.runtime.types import END, START, Config, Interrupt, PendingTask, Send, StateSnapshot
from storage import Connection, Storage, checkpoints, threads
from storage.checkpoints import CheckpointRow
from storage.errors import ThreadHeld, ThreadMoved
from storage.ids import CheckpointId, InterruptId, Namespace, Scope, TaskId, ThreadId
from storage.interrupts import OPEN, InterruptRow

ROOT = Namespace("")
PAGE = 20
"""How many checkpoints of a history are read at a time."""


@dataclass(frozen=True)
class Snapshots:
    """The root graph's checkpoints of one thread, `checkpoint_id` when one of them is meant."""

    schema: StateSchema
    topology: Topology
    storage: Storage
    thread_id: ThreadId
    checkpoint_id: CheckpointId | None

    async def get(self) -> StateSnapshot:
        return await self.storage.read(self._get)

    async def history(
        self, limit: int | None, before: Config | None, filter_: Mapping[str, Any] | None
    ) -> AsyncIterator[StateSnapshot]:
        cursor = checkpoint_of(before) if before else None
        left = limit
        while left is None or left > 0:
            page = await self.storage.read(lambda db, cursor=cursor: self._page(db, cursor))
            for row, snapshot in page:
                cursor = row.checkpoint_id
                metadata = snapshot.metadata or {}
                if all(metadata.get(key) == value for key, value in (filter_ or {}).items()):
                    yield snapshot
                    left = None if left is None else left - 1
                    if left == 0:
                        return
            if len(page) < PAGE:
                return

    async def _page(self, db: Connection, before: CheckpointId | None) -> list[tuple[CheckpointRow, StateSnapshot]]:
        rows = await checkpoints.history(db, self.thread_id, ROOT, limit=PAGE, before=before)
        return [(row, self._recorded(row, await checkpoints.values(db, row))) for row in rows]

    async def _get(self, db: Connection) -> StateSnapshot:
        head = await positions.read(db, self.schema, self.thread_id, ROOT)
        if head is None:
            return StateSnapshot({}, (), self._config(None))
        row, position = head
        if self.checkpoint_id is not None and self.checkpoint_id != row.checkpoint_id:
            older = await checkpoints.get(db, self.thread_id, self.checkpoint_id)
            if older is None:
                return StateSnapshot({}, (), self._config(self.checkpoint_id))
            return self._recorded(older, await checkpoints.values(db, older))
        return self._live(row, position, await Ledger.load(db, [task.id for task in position.tasks]))

    def _live(self, row: CheckpointRow, position: Position, ledger: Ledger) -> StateSnapshot:
        """The thread now: with the writes of finished tasks, and what waits."""
        results = finished(self.schema, ledger, ROOT, position.tasks)
        writes = [write for task in position.tasks if task.id in results for write in results[task.id].writes]
        open_rows = [r for rows in ledger.asked.values() for r in rows.values() if r.status in OPEN]
        questions = tuple(public(r) for r in open_rows if r.kind != breakpoints.KIND)
        return replace(
            self._snapshot(row, position),
            values=self.schema.apply(position.values, writes),
            next=tuple(task.node for task in position.tasks if task.id not in results),
            tasks=tuple(_pending(task, results, ledger) for task in position.tasks),
            interrupts=questions,
            breakpoints=tuple(public(r) for r in open_rows if r.kind == breakpoints.KIND),
        )

    def _recorded(self, row: CheckpointRow, values: Mapping[str, Any]) -> StateSnapshot:
        return self._snapshot(row, positions.from_row(self.schema, row, values))

    def _snapshot(self, row: CheckpointRow, position: Position) -> StateSnapshot:
        return StateSnapshot(
            values=position.values,
            next=tuple(task.node for task in position.tasks),
            config=self._config(row.checkpoint_id),
            metadata={"source": row.source, "step": row.step, **position.metadata, "by": position.by}
            | {"ran": list(position.ran)},
            created_at=datetime.fromtimestamp(row.created_at, UTC),
            parent_config=self._config(row.parent_id) if row.parent_id else None,
            tasks=tuple(PendingTask(task.id, task.node) for task in position.tasks),
        )

    def _config(self, checkpoint_id: CheckpointId | None) -> Config:
        if checkpoint_id is None:
            return {"configurable": {"thread_id": self.thread_id}}
        return {"configurable": {"thread_id": self.thread_id, "checkpoint_id": checkpoint_id}}

    async def update(self, values: Any, as_node: str | None) -> Config:
        """Edit the state; see `CompiledGraph.aupdate_state`."""
        while True:
            version, base, head, ledger = await self.storage.read(self._look)
            edit = await self._edit(base or self._empty(), head, ledger, values, as_node)
            try:
                return await self.storage.write(lambda db, v=version, e=edit: self._save(db, v, e))
            except ThreadMoved:
                continue
            except ThreadHeld as error:
                raise ThreadBusy(str(error)) from None

    async def _look(self, db: Connection) -> tuple[int, Position | None, Position | None, Ledger]:
        thread = await threads.get(db, self.thread_id)
        head = await positions.read(db, self.schema, self.thread_id, ROOT)
        base = await positions.read(db, self.schema, self.thread_id, ROOT, self.checkpoint_id) if head else None
        tasks = head[1].tasks if head else ()
        ledger = await Ledger.load(db, [task.id for task in tasks])
        return (thread.version if thread else 0), base and base[1], head and head[1], ledger

    async def _edit(
        self, base: Position, head: Position | None, ledger: Ledger, values: Any, as_node: str | None
    ) -> _Edit:
        in_flight = head is not None and base.checkpoint_id == head.checkpoint_id
        results = finished(self.schema, ledger, ROOT, base.tasks) if in_flight else {}
        if as_node == END:
            position = self._follow(base, [w for r in results.values() for w in r.writes], tasks=(), joins={})
            return _Edit(base, position, ended=base.tasks, ledger=ledger)
        node = as_node if as_node is not None else _ran_last(base)
        if node != START and node not in self.topology.nodes:
            raise InvalidUpdateError(f"{node!r} is no node to update as; the nodes are {sorted(self.topology.nodes)!r}")
        writes = self.schema.normalise(self.schema.writes(node, values))
        waiting = next((t for t in base.tasks if t.node == node and t.id not in results), None)
        if as_node is not None and waiting is not None:
            return await self._finish(base, waiting, results, writes, ledger)
        targets = await self._targets(node, self.schema.apply(base.values, writes))
        tasks, joins = due(self.topology, [Arrival(node, targets)], base.joins, self.storage.new_id)
        tasks = reconcile(base.tasks, tasks) if in_flight else tasks
        dropped = tuple(task for task in (head.tasks if head else ()) if task not in tasks)
        kept = [write for task in dropped if task.id in results for write in results[task.id].writes]
        position = self._follow(base, [*kept, *writes], tasks=tasks, joins=joins, ran=(node,))
        return _Edit(base, position, ended=dropped, ledger=ledger)

    async def _finish(
        self, base: Position, task: Task, results: dict[TaskId, Finished], writes: list[Write], ledger: Ledger
    ) -> _Edit:
        """The edit stands for a task that was due: it is finished, and its step too when it was the last one."""
        targets = await self._targets(task.node, self.schema.apply(base.values, writes))
        results = results | {task.id: Finished(writes, targets)}
        done = [t for t in base.tasks if t.id in results]
        left = tuple(t for t in base.tasks if t.id not in results)
        arrivals = [Arrival(t.node, results[t.id].targets) for t in done]
        tasks, joins = due(self.topology, arrivals, base.joins, self.storage.new_id)
        all_writes = [write for t in done for write in results[t.id].writes]
        position = self._follow(
            base, all_writes, tasks=left + tasks, joins=joins, ran=tuple(dict.fromkeys(t.node for t in done))
        )
        return _Edit(base, position, ended=tuple(done), ledger=ledger)

    def _follow(self, base: Position, writes: Sequence[Write], **changes: Any) -> Position:
        return base.follow(
            CheckpointId(self.storage.new_id()),
            source="update",
            step=base.step + 1,
            values=self.schema.apply(base.values, writes),
            **changes,
        )

    async def _targets(self, node: str, values: Mapping[str, Any]) -> list[str | Send]:
        """Where the routers after a node lead with this state."""
        session = Session(
            self.thread_id, self.storage, None, self.storage.new_id, {}, None, None, None, _nowhere, bool, "sync"
        )
        return [
            target
            for branch in self.topology.branches.get(node, ())
            for target in await route(branch, self.schema.view(values), session, node)
        ]

    def _empty(self) -> Position:
        return Position(CheckpointId(""), None, "input", -1, self.schema.initial(), {}, (), {})

    async def _save(self, db: Connection, version: int, edit: _Edit) -> Config:
        now = self.storage.now()
        lease = await threads.take(db, self.thread_id, self.storage.owner, now, version=version)
        position, changes = positions.normalise(self.schema, edit.base, edit.position)
        if not edit.base.checkpoint_id:
            position = replace(position, parent_id=None)
        commit = Commit(
            checkpoint=(to_row(position, self.thread_id, ROOT, now), changes),
            cancelled=edit.cancelled(),
            ended=[scope_of(ROOT, task) for task in edit.ended],
        )
        await commit.store(db, self.thread_id, now)
        await threads.hold(db, lease, now, release="waiting" if position.tasks else "done")
        return self._config(position.checkpoint_id)


@dataclass(frozen=True)
class _Edit:
    """A new position on top of `base`; the tasks in `ended` are no longer due, and what they asked is cancelled."""

    base: Position
    position: Position
    ended: tuple[Task, ...]
    ledger: Ledger

    def cancelled(self) -> list[InterruptId]:
        scopes = [scope_of(ROOT, task) for task in self.ended]
        return [row.id for scope in scopes for row in self.ledger.within(Scope(scope)) if row.status in OPEN]


def checkpoint_of(config: Config) -> CheckpointId | None:
    found = config.get("configurable", {}).get("checkpoint_id")
    return CheckpointId(found) if found else None


def public(row: InterruptRow) -> Interrupt:
    """A stored question as callers see it."""
    return Interrupt(row.payload, row.id, row.replaces, row.schema)


def _nowhere(mode: str, chunk: Any) -> None:
    """An edit has no stream."""


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


def _pending(task: Task, results: Mapping[TaskId, Finished], ledger: Ledger) -> PendingTask:
    scope = scope_of(ROOT, task)
    row = ledger.tasks.get(scope)
    result = {w.key: w.value for w in results[task.id].writes} if task.id in results else None
    asked = tuple(public(r) for r in ledger.within(scope) if r.status in OPEN and r.kind != breakpoints.KIND)
    return PendingTask(task.id, task.node, asked, result, row.error if row else None)
