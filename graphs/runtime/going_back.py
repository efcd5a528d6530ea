"""Going back to an older checkpoint, of the thread or of a graph within it.

Its tasks are new tasks, so what they ask and claim is asked and claimed anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphs.errors import AnswerError, LeftOut, NotWaiting
from graphs.runtime import answers, grafts, positions
from graphs.runtime.positions import Position
from graphs.runtime.program import Program
from graphs.runtime.seen import ROOT
from graphs.runtime.session import Session
from graphs.runtime.step import load_tasks, renewed
from graphs.runtime.thread_graphs import ThreadGraph
from graphs.runtime.types import Command
from storage import Connection, Storage, checkpoints
from storage.checkpoints import CheckpointRow
from storage.ids import CheckpointId


@dataclass(frozen=True)
class Fork:
    """A new position, as a change of an older one, and the checkpoints of the graphs that its tasks call."""

    position: Position
    base: Position
    within: grafts.Rows = ()


@dataclass(frozen=True)
class Meant:
    """A checkpoint of a graph within the thread; `is_now`: the thread stands there."""

    graph: ThreadGraph
    row: CheckpointRow
    is_now: bool


@dataclass(frozen=True)
class GoingBack:
    """What a run is to begin from that names `checkpoint_id`, or the graph `name` within the thread."""

    program: Program
    storage: Storage
    session: Session
    checkpoint_id: CheckpointId | None
    name: str

    async def older(self) -> Position:
        """The position of the thread at the checkpoint. Raises `NotWaiting` when there is none."""
        found = await self.storage.read(
            lambda db: positions.read(db, self.program.schema, self.session.thread_id, ROOT, self.checkpoint_id)
        )
        if found is None:
            raise NotWaiting(f"thread {self.session.thread_id!r} has no checkpoint {self.checkpoint_id!r}")
        return found[1]

    async def fork(self) -> Fork:
        """Go on from an older checkpoint of the thread."""
        base = await self.older()
        if not base.tasks:
            raise NotWaiting(f"checkpoint {self.checkpoint_id!r} is the end of a run; give it an input")
        position = base.follow(
            CheckpointId(self.storage.new_id()),
            source="fork",
            step=base.step,
            tasks=renewed(base.tasks, self.storage.new_id),
            metadata=self.session.noted,
        )
        return Fork(position, base)

    async def meant(self) -> Meant:
        """The checkpoint of the graph that is named. Raises `NotWaiting` when there is none."""

        def read(db: Connection) -> Meant | None:
            thread_id, checkpoint_id = self.session.thread_id, self.checkpoint_id
            graph = ThreadGraph(thread_id, self.program).named(db, self.name)
            newest = checkpoints.newest(db, thread_id, graph.ns) if graph is not None else None
            if graph is None or newest is None:
                return None
            row = newest if checkpoint_id is None else checkpoints.get(db, thread_id, checkpoint_id)
            if row is None or row.ns != graph.ns:
                return None
            return Meant(graph, row, row.checkpoint_id == newest.checkpoint_id and grafts.waits(db, graph))

        if (found := await self.storage.read(read)) is None:
            raise NotWaiting(f"thread {self.session.thread_id!r} has no such checkpoint of a graph {self.name!r}")
        return found

    async def graft(self, given: Any, meant: Meant) -> Fork:
        """Go on from a checkpoint of a graph within the thread: the graph is called anew, and begins there."""
        if isinstance(given, Command):
            raise AnswerError(
                f"the graph {self.name!r} does not wait at that checkpoint now: leave checkpoint_id and checkpoint_ns "
                "out to resume; or call ainvoke(None, config), and answer what is asked then"
            )
        if given is not None:
            raise LeftOut("an input is for the thread's own graph: leave checkpoint_ns out")
        if not load_tasks(meant.row.tasks):
            raise NotWaiting(f"checkpoint {meant.row.checkpoint_id!r} is the end of the graph {self.name!r}")

        def make(db: Connection) -> grafts.Graft:
            grafter = grafts.Grafter(db, self.storage.new_id, self.storage.now(), self.session.noted)
            return grafter.graft(meant.graph, lambda ns: (grafter.again(meant.row, ns)[0], []))

        made = await self.storage.read(make)
        return Fork(made.root, made.base, made.rows)

    async def check_answers(self, command: Command[Any], head: Position | None) -> None:
        """With an older checkpoint named, an answer is taken where there is no doubt what it is for: the thread waits
        in a replay of that very checkpoint, or the questions are named and have come of it. Raises `AnswerError`.
        """
        older, thread_id = self.checkpoint_id, self.session.thread_id
        if head is None or older is None:
            raise NotWaiting(f"thread {thread_id!r} does not exist; give it an input")
        if head.source == "fork" and head.parent_id == older:
            return
        if answers.is_map(command.resume) and command.update is None and not command.targets():
            newer = head.checkpoint_id
            if await self.storage.read(lambda db: checkpoints.descends(db, newer, older)):
                return
        raise AnswerError(
            f"thread {thread_id!r} has gone on from checkpoint {older!r}, and an answer belongs to a question that "
            "waits now: leave checkpoint_id out to resume; or call ainvoke(None, config), and answer what is asked then"
        )
