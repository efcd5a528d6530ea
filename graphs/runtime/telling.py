"""What a graph tells of itself while it runs, to whoever listens. Nothing is made for a mode that nobody hears."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from graphs.runtime import reports
from graphs.runtime.context import message_metadata
from graphs.runtime.ledger import Finished
from graphs.runtime.positions import Position
from graphs.runtime.program import Program
from graphs.runtime.session import Session
from graphs.runtime.snapshots import public
from graphs.runtime.state import Write
from graphs.runtime.step import Task
from graphs.runtime.streams import Stream, Where
from graphs.runtime.surface import Surface
from graphs.runtime.types import BREAKPOINT, INTERRUPT, Config
from storage.ids import InterruptId, Namespace
from storage.interrupts import InterruptRow


@dataclass
class Telling:
    """What one graph of a run tells. `config` and `context` are what its caller said, `where` is its path, `outer` what
    the graph tells whose task called it, None for the root; `surface` how its state and its updates are shown.
    """

    program: Program
    session: Session
    config: Config
    context: Any
    stream: Stream
    where: Where
    surface: Surface
    ns: Namespace
    position: Position
    outer: Telling | None = None
    told: set[InterruptId] = field(default_factory=set[InterruptId])
    """The questions that were in the stream."""

    @property
    def is_heard(self) -> bool:
        return bool(self.stream.listeners)

    def reached(self, position: Position, *, wrote: bool = True) -> None:
        """The graph is at this position; `wrote`: its last step wrote something that is shown."""
        self.position = position
        if not self.is_heard:
            return
        if wrote and self._wants("values") and (state := self._state(position.values)) is not None:
            self._emit("values", state)
        if self.session.storage is not None and self._reports("checkpoints"):
            self._report(
                "checkpoints",
                position.step,
                reports.checkpoint(self.program, self.session, self.ns, self.where, position),
            )

    def wrote(self, results: Iterable[Finished]) -> bool:
        """Whether these tasks wrote something that is shown."""
        return self._wants("values") and any(
            self.surface.update({write.key: write.value for write in result.writes}) is not None for result in results
        )

    def begins(self, task: Task) -> None:
        if self.is_heard and self._reports("tasks"):
            payload = reports.begun(self.program, self.config, self.position, task)
            self._report("tasks", self.position.step + 1, payload)

    def has_finished(self, task: Task, result: Finished) -> None:
        if not self.is_heard:
            return
        if self._wants("updates"):
            for update in self._updates(result):
                self._emit("updates", {task.node: update})
        if self._reports("tasks"):
            self._ended(task, reports.result_of(self.program.surface, result.writes))

    def calls(self, task_id: str, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """A node of the graph begins a `@task`."""
        if self.is_heard and self._reports("tasks"):
            self._report("tasks", self.position.step + 1, reports.called(task_id, name, args, kwargs))

    def has_returned(self, task_id: str, name: str, result: Any) -> None:
        """A `@task` returned this."""
        if not self.is_heard:
            return
        if self._wants("updates"):
            self._emit("updates", {name: result})
        if self._reports("tasks"):
            self._report("tasks", self.position.step + 1, reports.returned(task_id, name, result, None))

    def has_raised(self, task_id: str, name: str, error: str) -> None:
        """A `@task` failed."""
        if self.is_heard and self._reports("tasks"):
            self._report("tasks", self.position.step + 1, reports.returned(task_id, name, {}, error))

    def has_failed(self, task: Task, error: str) -> None:
        if self.is_heard and self._reports("tasks"):
            self._ended(task, {}, error=error)

    def waits(self, task: Task, asked: Sequence[InterruptRow], waiting: Sequence[InterruptRow]) -> None:
        """A task waits: for what it has `asked` now, and for all that is `waiting` in it."""
        if not self.is_heard:
            return
        if asked:
            self.asks(task.node, asked)
        if self._reports("tasks"):
            self._ended(task, {}, waiting=waiting)

    def asks(self, node: str, rows: Sequence[InterruptRow]) -> None:
        """These questions wait, asked in this node or in a graph that it called. The graph that called this one tells
        it too, and at once: what else is at work in this one may take long.
        """
        self.told.update(row.id for row in rows)
        self._mark(INTERRUPT, tuple(public(row) for row in rows), node)
        if self.outer is not None:
            self.outer.asks(node, rows)

    def stops(self, row: InterruptRow) -> None:
        """The thread has stopped at a static interrupt. The checkpoint there has said so itself."""
        if not self.is_heard:
            return
        stop = reports.stop(row)
        self._mark(BREAKPOINT, stop, row.node)
        if self._wants("tasks"):
            self._emit("tasks", {BREAKPOINT: stop})
        if self.outer is not None:
            self.outer.stops(row)

    def left_waiting(self, rows: Sequence[InterruptRow], values: Mapping[str, Any] | None) -> None:
        """The run ends here, and these questions wait; `values` is the state with what finished tasks wrote."""
        if not self.is_heard:
            return
        for task in self.position.tasks:
            unheard = [row for row in reports.asked_in(rows, self.ns, task) if row.id not in self.told]
            if unheard:
                self.asks(task.node, unheard)
        if values is not None and self._wants("values") and (state := self._state(values)) is not None:
            self._emit("values", state)

    def _updates(self, result: Finished) -> list[Any]:
        """Each update that the task's node returned, as it is shown; one that says nothing where none does."""
        parts = [part for update in result.updates or [result.writes] for part in _without_repeats(update)]
        shown = [self.surface.update({write.key: write.value for write in part}) for part in parts]
        return [update for update in shown if update is not None] or [None]

    def _state(self, values: Mapping[str, Any]) -> Any:
        """The state as it is shown, to be changed without harm; None where there is nothing to see yet."""
        shown = self.surface.streamed(values)
        return ({**cast("Mapping[str, Any]", shown)} or None) if isinstance(shown, Mapping) else shown

    def _mark(self, key: str, value: Any, node: str) -> None:
        """Say something that is no state and no update, in the modes that have room for it; among messages to those who
        do not hear it otherwise.
        """
        if self._wants("updates"):
            self._emit("updates", {key: value})
        if self._wants("custom"):
            self._emit("custom", {key: value})
        if self._wants("values"):
            state = self._state(self.position.values) if key == INTERRUPT else None
            beside = cast("dict[str, Any]", state) if isinstance(state, dict) else {}
            self._emit("values", {**beside, key: value})
        if self._wants("messages"):
            metadata = message_metadata(self.config, node, self.position.step + 1)
            message = {"role": "assistant", "content": "", key: value}
            self.stream.emit(self.where, "messages", (message, metadata), unless=("updates", "values"))

    def _ended(
        self, task: Task, result: Any, *, error: str | None = None, waiting: Iterable[InterruptRow] = ()
    ) -> None:
        self._report("tasks", self.position.step + 1, reports.ended(task, result, error, waiting))

    def _wants(self, mode: str) -> bool:
        return self.stream.wants(mode, self.where)

    def _emit(self, mode: str, chunk: Any) -> None:
        self.stream.emit(self.where, mode, chunk)

    def _reports(self, mode: str) -> bool:
        """Whether a chunk of `tasks` or `checkpoints` is heard, as it is or in what is told for debugging."""
        return self._wants(mode) or self._wants("debug")

    def _report(self, mode: str, step: int, payload: Mapping[str, Any]) -> None:
        self._emit(mode, payload)
        if self._wants("debug"):
            kind = "checkpoint" if mode == "checkpoints" else "task_result" if "result" in payload else "task"
            self._emit("debug", {"step": step, "timestamp": _now(), "type": kind, "payload": payload})


def _without_repeats(update: Sequence[Write]) -> Sequence[Sequence[Write]]:
    """An update as it is, or each write by itself where several are to one key."""
    return [update] if len({write.key for write in update}) == len(update) else [[write] for write in update]


def _now() -> str:
    return datetime.now(UTC).isoformat()
