"""How a run begins: what the input, an answer or an older checkpoint means for the thread as it stands.

The thread is taken and the beginning stored in one transaction, which compares what was looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from graphs.errors import (
    AnswerError,
    GraphChanged,
    GraphError,
    InvalidUpdateError,
    NotWaiting,
    ThreadBusy,
    ThreadWaiting,
)
from graphs.runtime import answers, breakpoints, grafts, positions
from graphs.runtime.breakpoints import Breakpoints
from graphs.runtime.configs import graph_of
from graphs.runtime.giving_up import given_up
from graphs.runtime.going_back import Fork, GoingBack
from graphs.runtime.kept import kept_after
from graphs.runtime.ledger import Ledger, finished, written
from graphs.runtime.positions import Position, scope_of, to_row
from graphs.runtime.program import Program
from graphs.runtime.results import dump_results, ends
from graphs.runtime.seen import ROOT, Seen, look, unseen
from graphs.runtime.session import Commit, Session
from graphs.runtime.state import Write
from graphs.runtime.step import Task, arriving, entry
from graphs.runtime.tasks import targets
from graphs.runtime.types import START, UNSET, Command
from graphs.runtime.upward import normalised
from storage import Connection, Storage, checkpoints, interrupts, threads
from storage.errors import AnswerRefused, ThreadHalted, ThreadHeld, ThreadMoved
from storage.ids import CheckpointId, InterruptId
from storage.interrupts import OPEN, InterruptRow, NewInterrupt
from storage.threads import Lease

OnWaiting = Literal["reject", "cancel"]
ATTEMPTS = 20
"""How often an opening starts over because the thread moved while it was read."""


@dataclass(frozen=True)
class Opening:
    """What a run begins with: a new position, stored as a change of `base`, or the old one with answers."""

    position: Position
    base: Position
    answers: dict[InterruptId, Any] = field(default_factory=dict[InterruptId, Any])
    cancelled: list[InterruptId] = field(default_factory=list[InterruptId])
    ended: tuple[Task, ...] = ()
    stops: list[NewInterrupt] = field(default_factory=list[NewInterrupt])
    goes_on: bool = False
    """With what was in flight, and because nobody asked for anything else."""
    within: grafts.Rows = ()
    """Checkpoints of graphs that the tasks of the new position call."""


@dataclass
class Opener:
    """Opens runs of the root graph of a thread."""

    program: Program
    storage: Storage
    session: Session
    before: Breakpoints
    after: Breakpoints
    on_waiting: OnWaiting
    checkpoint_id: CheckpointId | None
    also: Callable[[Connection], None] | None = None

    async def open(self, given: Any) -> tuple[Position, Position]:
        """Take the thread and store what `given` means for it: the position to run from, and the one that is on disk.

        Raises `ThreadBusy`, `NotWaiting`, `ThreadWaiting`, `GraphChanged` and the `AnswerError`s; nothing has changed
        then.
        """
        expected: Seen | None = self.storage.recent.take((self.program, self.session.thread_id))
        if expected is not None and given is None and not expected.ledger.has_news():
            expected = None  # who asks it to go on knows of an answer, which may be written without a new version
        if expected is None and self._may_be_first(given):
            expected = unseen()
        if expected is not None:
            # Where that is wrong nothing is stored, or something is refused wrongly; then the thread is read.
            with suppress(ThreadMoved, ThreadHeld, ThreadHalted, AnswerRefused, GraphError):
                return await self._begin(given, expected)
        for _ in range(ATTEMPTS):
            try:
                return await self._begin(given, await self.storage.read(self._look))
            except ThreadMoved:
                given = self._named(given)
            except (ThreadHeld, ThreadHalted) as error:
                raise ThreadBusy(str(error)) from None
            except AnswerRefused as error:
                raise answers.refusal(error) from None
        raise ThreadBusy(f"thread {self.session.thread_id!r} keeps changing; try again")

    def _named(self, given: Any) -> Any:
        """One answer as the answer to the question that was found waiting: what waits when this tries again may be
        another.
        """
        if not isinstance(given, Command):
            return given
        command = cast("Command[Any]", given)
        if command.resume is UNSET:
            return command
        return replace(command, resume=answers.by_id(command.resume, self.session.thread_id, self._rows()))

    def _may_be_first(self, given: Any) -> bool:
        """Whether to begin a thread that was not run here as one that is new. Routers and reducers are somebody else's
        code: none is asked about a state that the thread may not have, or about none at all.
        """
        says_input = given is not None and not isinstance(given, Command) and not self.name
        plain = START not in self.program.topology.branches and self.program.schema.begins_reduced
        return says_input and self.checkpoint_id is None and plain

    @property
    def name(self) -> str:
        """Of the graph within the thread whose checkpoint is meant; "" for the thread's own."""
        return graph_of(self.session.config)

    def _look(self, db: Connection) -> Seen:
        return look(db, self.program, self.session.thread_id)

    async def _begin(self, given: Any, seen: Seen) -> tuple[Position, Position]:
        self.session.ledger = seen.ledger
        return await self._take(await self._plan(given, seen.head), seen)

    async def _plan(self, given: Any, head: Position | None) -> Opening:
        back = GoingBack(self.program, self.storage, self.session, self.checkpoint_id, self.name)
        if self.name:
            meant = await back.meant()
            if not meant.is_now or not (given is None or isinstance(given, Command)):
                return self._forked(await back.graft(given, meant))
        elif self.checkpoint_id is not None and (head is None or self.checkpoint_id != head.checkpoint_id):
            if isinstance(given, Command):
                await back.check_answers(given, head)  # pyright: ignore[reportUnknownArgumentType]
            elif given is not None:
                return await self._input(given, await back.older(), head)
            else:
                return self._forked(await back.fork())
        if isinstance(given, Command):
            return await self._command(given, head)  # pyright: ignore[reportUnknownArgumentType]
        if given is None:
            return self._continue(head)
        return await self._input(given, head, head)

    async def _input(self, given: Any, base: Position | None, head: Position | None) -> Opening:
        """New input: on top of what the thread holds, after what was in flight is settled."""
        if self._standing() and self.on_waiting == "reject":
            raise ThreadWaiting(
                f"thread {self.session.thread_id!r} waits for an answer, or has one that it has not gone on with: "
                "answer, call ainvoke(None), or pass on_waiting='cancel'"
            )
        start = base or positions.before_all(self.program.schema)
        writes = self.program.schema.normalise(self.program.given(given, first=base is None))
        values = self.program.schema.apply(self.program.schema.apply(start.values, self._finished(start)), writes)
        led = [normalised(target) for target in await targets(self.program, START, values, self.session)]
        tasks, joins = entry(self.program.topology, led, self.storage.new_id)
        position = start.follow(
            CheckpointId(self.storage.new_id()),
            source="input",
            step=start.step + 1,
            since=start.step + 1,
            values=values,
            tasks=tasks,
            joins=joins,
            by=self.session.by,
            ran=(),
            kept=kept_after(start, self.session.ledger),
            metadata=self.session.noted,
        )
        ended = head.tasks if head is base and head is not None else ()
        return Opening(position, start, cancelled=self._standing(), ended=ended, stops=self._stops(position))

    def _continue(self, head: Position | None) -> Opening:
        """Go on where the thread stopped: with what was answered meanwhile, else past a static interrupt."""
        if head is None or not head.tasks:
            raise NotWaiting(f"thread {self.session.thread_id!r} does not exist or is finished; give it an input")
        self._check_nodes(head)
        return Opening(head, head, answers=self._passed(), goes_on=True)

    def _passed(self) -> dict[InterruptId, Any]:
        """The static interrupts that going on passes: none while there is an answer to go on with."""
        if self.session.ledger.has_news():
            return {}
        return {row.id: None for row in self._rows() if row.kind == breakpoints.KIND and row.status == "waiting"}

    async def _command(self, command: Command[Any], head: Position | None) -> Opening:
        if command.graph is not None:
            raise InvalidUpdateError("there is no graph around this one to command: leave graph= out")
        if command.resume is UNSET and command.update is None and not command.targets():
            raise AnswerError("Command() says nothing: give it resume=, update= or goto=")
        if head is None:
            raise NotWaiting(f"thread {self.session.thread_id!r} does not exist; give it an input")
        self._check_nodes(head)
        resolved: dict[InterruptId, Any] = {}
        if command.resume is not UNSET:
            resolved = answers.by_id(command.resume, self.session.thread_id, self._rows())
            if not any(row.status in OPEN for row in self._rows()):
                await self._say_what_became_of(resolved)
        elif not any(answers.is_open(row) for row in self._rows()):
            resolved = self._passed()
        opening = Opening(head, head)
        if command.update is not None or command.targets():
            opening = self._moved(command, head)
        if not opening.position.tasks:
            raise NotWaiting(f"thread {self.session.thread_id!r} is finished; give it an input")
        return replace(opening, answers=resolved)

    def _moved(self, command: Command[Any], head: Position) -> Opening:
        """The thread with a command's update in its state, and where it goes beside the tasks that are due.

        What joins a step in flight has no border of its own to stop at.
        """
        writes = self.program.schema.normalise(self.program.schema.writes("Command", command.update))
        led = [normalised(target) for target in command.targets()]
        new, joins = arriving(self.program.topology, led, head.joins, self.storage.new_id, head.tasks)
        position = head.follow(
            CheckpointId(self.storage.new_id()),
            source="update",
            step=head.step + 1,
            since=head.since + 1 if head.tasks else head.step + 1,
            values=self.program.schema.apply(head.values, writes),
            tasks=(*head.tasks, *new),
            joins=joins,
            metadata=self.session.noted,
            ran=head.ran if head.tasks else (),
        )
        return Opening(position, head, stops=[] if head.tasks else self._stops(position))

    async def _say_what_became_of(self, resolved: Mapping[InterruptId, Any]) -> None:
        """Nothing waits: an id that was known here says what became of it, an unknown one that nothing waits."""
        for interrupt_id in resolved:
            row = await self.storage.read(lambda db, id_=interrupt_id: interrupts.get(db, id_))
            if row is not None and row.thread_id == self.session.thread_id:
                raise answers.refusal(AnswerRefused(interrupt_id, row))
        raise NotWaiting(f"thread {self.session.thread_id!r} waits for no answer")

    def _forked(self, fork: Fork) -> Opening:
        """On a branch of its own: what waits on the one that the thread leaves is cancelled."""
        self._check_nodes(fork.position)
        return Opening(fork.position, fork.base, cancelled=self._standing(), within=fork.within)

    async def _take(self, opening: Opening, seen: Seen) -> tuple[Position, Position]:
        """One transaction: the thread is ours, the answers and the new position are stored."""
        session, position = self.session, opening.position
        texts = await answers.checked(self.storage, session.thread_id, opening.answers, self._rows())
        stored = opening.base
        ended = [scope_of(ROOT, task) for task in opening.ended]
        commit = Commit(questions=opening.stops, cancelled=opening.cancelled, ended=ended)
        settles = bool(ended or commit.cancelled or commit.questions or opening.within)
        if not position.stored and (session.durability != "exit" or settles):
            results = self._results(opening)
            stored, changes = positions.normalise(self.program.schema, stored, position)
            position = stored
            commit.checkpoint = (to_row(position, session.thread_id, ROOT, session.now(), results), changes)
        elif not position.stored:
            position = positions.unstored(self.program.schema, stored, position)
        now = self.storage.now()

        session.by = position.by
        session.roots, session.kept = tuple(task.id for task in position.tasks), position.kept

        def job(db: Connection) -> tuple[Lease, int, Ledger]:
            threads.unless_halted(db, session.thread_id)
            lease = threads.take(db, session.thread_id, self.storage.owner, now, version=seen.version, fence=seen.fence)
            if texts:
                interrupts.answer(db, session.thread_id, texts, by=session.answered_by, now=now)
            if opening.goes_on:
                commit.tasks = given_up(self.program, session.ledger, position, lease.cut_short)
            commit.store(db, session.thread_id, now)
            for row, changes in opening.within:
                checkpoints.save(db, row, changes)
            if self.also is not None:
                self.also(db)
            version = threads.version(db, session.thread_id)
            # The thread's version says that the ledger is as it was read, and what is new was not asked anything.
            ended_so = session.ledger.tasks | {row.scope: row for row in commit.tasks}
            ledger = replace(session.ledger, tasks=ended_so) if commit.tasks else session.ledger
            if not (texts or settles):
                return lease, version, ledger
            return lease, version, replace(ledger, asked=Ledger.questions(db, session.roots))

        session.lease, session.version, ledger = await self.storage.write(job, session.thread_id)
        session.take_up(ledger)
        session.given_up = frozenset(row.scope for row in commit.tasks)
        return position, stored

    def _rows(self) -> list[InterruptRow]:
        """Everything that the tasks in flight asked."""
        return [row for rows in self.session.ledger.asked.values() for row in rows.values()]

    def _standing(self) -> list[InterruptId]:
        """The questions of the tasks in flight that nothing has come of."""
        return [row.id for row in self._rows() if answers.falls_away(row)]

    def _stops(self, position: Position) -> list[NewInterrupt]:
        return breakpoints.stop_at(self.session, ROOT, position, self.before, self.after)

    def _finished(self, position: Position) -> list[Write]:
        """What the finished tasks of the step in flight wrote."""
        return written(position.tasks, finished(self.program.schema, self.session.ledger, ROOT, position.tasks))

    def _results(self, opening: Opening) -> str | None:
        """What the tasks came to that this ends."""
        if not opening.ended:
            return None
        schema, base, ledger = self.program.schema, opening.base, self.session.ledger
        ended = ends(ledger, ROOT, opening.ended, finished(schema, ledger, ROOT, opening.ended))
        return dump_results(schema, base.tasks, ended, base.values, opening.position.values)

    def _check_nodes(self, position: Position) -> None:
        for task in position.tasks:
            if task.node not in self.program.topology.nodes:
                raise GraphChanged(
                    f"thread {self.session.thread_id!r} waits in node {task.node!r}, which this graph does not have: "
                    "put the node back, or move the thread on with aupdate_state"
                )
