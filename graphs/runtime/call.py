"""One call of a graph, from its input to where it ends, waits or fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from graphs.errors import ThreadBusy
from graphs.runtime import answers, breakpoints, left_out, nested, options
from graphs.runtime.begin import OnWaiting, Opener
from graphs.runtime.breakpoints import Breakpoints
from graphs.runtime.checkpoint_writer import CheckpointWriter
from graphs.runtime.configs import checkpoint_of, thread_id_of
from graphs.runtime.first_position import first_position
from graphs.runtime.frames import current_frame, outside
from graphs.runtime.runner import Ending, Runner
from graphs.runtime.seen import ROOT, remember
from graphs.runtime.session import Commit, Durability, Session
from graphs.runtime.snapshots import public
from graphs.runtime.streams import UNHEARD, Stream
from graphs.runtime.surface import selected
from graphs.runtime.telling import Telling
from graphs.runtime.types import INTERRUPT, Config
from storage import Connection, new_id
from storage.ids import Scope, ThreadId

if TYPE_CHECKING:
    from graphs.runtime.compiled import CompiledGraph

DEFAULT_LIMIT = 1000
"""How many steps one input may take where the caller does not say."""


def _never() -> bool:
    return False


class Call:
    """One call of `ainvoke` or `astream`."""

    def __init__(
        self,
        graph: CompiledGraph,
        config: Config,
        *,
        stream: Stream = UNHEARD,
        output_keys: str | Sequence[str] | None = None,
        interrupt_before: Breakpoints | None = None,
        interrupt_after: Breakpoints | None = None,
        durability: Durability | None = None,
        context: Any = None,
        by: str | None = None,
        on_waiting: OnWaiting | None = None,
        stop: Callable[[], bool] | None = None,
        halt: asyncio.Event | None = None,
        also: Callable[[Connection], None] | None = None,
        **more: Any,
    ) -> None:
        left_out.refuse("ainvoke", more)
        of_run = {
            "durability": durability,
            "by": by,
            "on_waiting": on_waiting,
            "stop": stop,
            "halt": halt,
            "also": also,
        }
        options.check(of_run)
        self.graph = graph
        nodes = graph.program.topology.nodes
        self.before = graph.before if interrupt_before is None else breakpoints.check(interrupt_before, nodes)
        self.after = graph.after if interrupt_after is None else breakpoints.check(interrupt_after, nodes)
        program = graph.program
        self.surface = selected(program.surface, output_keys, program.schema.fields)
        self.on_waiting: OnWaiting = on_waiting or "reject"
        self.also = also
        self.caller = nested.caller_of(graph, config)
        self.context = program.context.built(context)
        if self.caller is not None:
            options.check_nested(of_run, self.caller.session.durability)
        storage = graph.checkpointer if self.caller is None else None
        self.config = config = nested.own_config(config, current_frame.get()) if storage is not None else config
        self.session = Session(
            thread_id=thread_id_of(config) if storage is not None else ThreadId(""),
            storage=storage,
            lease=None,
            new_id=storage.new_id if storage is not None else new_id,
            config=config,
            context=self.context,
            by=by,
            answered_by=by,
            stream=stream,
            stop=stop or _never,
            durability=durability or "sync",
            halt=halt,
        )

    async def to_end(self, given: Any) -> Any:
        storage = self.session.storage if self.caller is None else self.caller.session.storage
        if (storage is None or self.graph.memory == "none") and (self.before or self.after):
            raise ValueError("a static interrupt needs a checkpointer: compile(checkpointer=storage)")
        if self.caller is not None:
            limit = self.config.get("recursion_limit", self.caller.session.config.get("recursion_limit", DEFAULT_LIMIT))
            call = nested.NestedCall.next_of(
                self.graph,
                self.caller,
                self.before,
                self.after,
                limit,
                self.config,
                self.context,
                self.session.stream,
                self.surface,
            )
            return await call.to_end(given)
        with outside():
            return await self._run(given)

    async def _run(self, given: Any) -> Any:
        runner = await self._open(given)
        try:
            ending = await runner.run()
        finally:
            await self._give_back(runner)
        if self.session.storage is not None and self.session.released and runner.writer.stored is runner.position:
            remember(self.session.storage, self.graph.program, self.session, runner.position)
        return await self._result(runner, ending)

    async def _open(self, given: Any) -> Runner:
        graph, session = self.graph, self.session
        if session.storage is None:
            position = stored = await first_position(graph.program, session, given)
        else:
            opener = Opener(
                graph.program,
                session.storage,
                session,
                self.before,
                self.after,
                self.on_waiting,
                checkpoint_of(self.config),
                self.also,
            )
            position, stored = await opener.open(given)
        telling = Telling(
            graph.program, session, self.config, session.context, session.stream, (), self.surface, ROOT, position
        )
        limit = self.config.get("recursion_limit", DEFAULT_LIMIT)
        writer = CheckpointWriter(graph.program, session, ROOT, position, stored, None)
        return Runner(graph.program, session, ROOT, writer, telling, self.before, self.after, limit)

    async def _give_back(self, runner: Runner) -> None:
        """A run that was cut off leaves its thread to be taken up again; one that is to stop, and did not come to a
        border, as a process leaves it that dies.
        """
        session = self.session
        if session.storage is None or session.released or session.stop():
            return
        with suppress(ThreadBusy):
            await asyncio.shield(runner.writer.store(Commit(release="running")))

    async def _result(self, runner: Runner, ending: Ending) -> Any:
        """The state as it is shown, with the questions that wait; these alone where it is shown as no mapping."""
        values = runner.values()
        shown = self.surface.output(values)
        if self.session.storage is None or ending != "waiting":
            return shown
        rows = [row for task in self.session.roots for row in self.session.ledger.within(Scope(task))]
        waiting = [row for row in rows if answers.is_open(row)]
        runner.telling.left_waiting(waiting, values if runner.step.results else None)
        if not waiting:
            return shown
        state = cast("Mapping[str, Any]", shown if isinstance(shown, Mapping) else {})
        return {**state, INTERRUPT: [public(row) for row in waiting]}
