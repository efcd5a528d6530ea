"""Puts the positions of a graph on disk, with what the steps since then used up. The only writer of checkpoints."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphs.runtime.frames import Attempt
from graphs.runtime.positions import Position, callers, normalise, to_row
from graphs.runtime.program import Program
from graphs.runtime.results import Ended, dump_results
from graphs.runtime.session import Commit, Job, Session
from storage.ids import InterruptId, Namespace, Scope, TaskId
from storage.tasks import TaskRow
from storage.threads import ThreadStatus


@dataclass
class CheckpointWriter:
    """Of one graph of a thread. `stored` is its newest position on disk, `caller` the task that called it, None for the
    root.

    What the next transaction has to say of the time since then: the answers that are `consumed`, the tasks that
    `ended` with their step, those of the step in flight that are `unsaved`, the `jobs` to do for them; and how the
    tasks of the `stored` position `left` it.
    """

    program: Program
    session: Session
    ns: Namespace
    position: Position
    stored: Position
    caller: Attempt | None
    consumed: list[InterruptId] = field(default_factory=list[InterruptId])
    ended: list[Scope] = field(default_factory=list[Scope])
    unsaved: list[TaskRow] = field(default_factory=list[TaskRow])
    jobs: list[Job] = field(default_factory=list[Job])
    left: dict[TaskId, Ended] = field(default_factory=dict[TaskId, Ended])

    async def store(self, commit: Commit) -> None:
        """Store `commit`, with the position where that is not on disk yet, and what the steps since then used up.

        Tasks may call this side by side: what is taken between two awaits is queued in that order.
        """
        if self.session.storage is None:
            return
        if self.caller is not None:
            await self.caller.flush()
        if not self.position.stored:
            self._add_position(commit)
        ledger = self.session.ledger
        commit.consumed, self.consumed = [*commit.consumed, *self.consumed], []
        closed = [*self.ended, *(row.scope for row in self.unsaved)]
        commit.closed += [scope for scope in closed if ledger.within(scope)]
        commit.ended, self.ended = [scope for scope in self.ended if ledger.has_tasks(scope)], []
        commit.resumed = callers(self.ns)
        commit.tasks, self.unsaved = [*self.unsaved, *commit.tasks], []
        commit.jobs, self.jobs = [*commit.jobs, *self.jobs], []
        await self.session.commit(commit)
        self.stored = self.position

    def _add_position(self, commit: Commit) -> None:
        schema, old, results = self.program.schema, self.stored, None
        if self.left:
            results = dump_results(schema, old.tasks, self.left, old.values, self.position.values)
            self.left = {}
        self.position, changes = normalise(schema, old, self.position)
        row = to_row(self.position, self.session.thread_id, self.ns, self.session.now(), results)
        commit.checkpoint = (row, changes)

    async def flush(self) -> None:
        """Put the position on disk, so that a claim made now is found by whoever takes over."""
        if self.session.storage is not None and self.stored is not self.position:
            await self.store(Commit())

    async def park(self, status: ThreadStatus) -> bool:
        """Give the thread back, unless that is done or not this graph's to do. False when an answer has come in
        meanwhile.
        """
        if self.ns or self.session.storage is None or self.session.released:
            return True
        await self.store(Commit(release=status))
        return self.session.released
