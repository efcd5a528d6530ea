"""A compiled graph: what a caller runs, answers, reads and edits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol, cast

from graphs.errors import AnswerError, ThreadBusy
from graphs.runtime import answers, breakpoints, nested
from graphs.runtime.begin import OnWaiting, Opener, without_storage
from graphs.runtime.breakpoints import Breakpoints
from graphs.runtime.drawing import Drawing
from graphs.runtime.edits import Editor
from graphs.runtime.frames import current_frame
from graphs.runtime.program import Program
from graphs.runtime.runner import Ending, Runner
from graphs.runtime.seen import ROOT, remember
from graphs.runtime.session import Commit, Durability, Session
from graphs.runtime.snapshots import Snapshots, checkpoint_of, public
from graphs.runtime.types import END, INTERRUPT, STREAM_MODES, Config, StateSnapshot
from storage import Connection, Storage, interrupts, new_id
from storage.errors import AnswerRefused
from storage.ids import InterruptId, Scope, ThreadId, thread_id_text

DEFAULT_LIMIT = 1000


class Threads(Protocol):
    """What runs threads, and tells how they stand: a compiled graph, or several of which each has its own threads."""

    def astream(self, input: Any, config: Config | None = None, **options: Any) -> AsyncGenerator[Any]: ...  # noqa: A002
    async def aget_state(self, config: Config) -> StateSnapshot: ...
    def state_on(self, db: Connection, config: Config) -> StateSnapshot: ...
    async def aend(self, config: Config, values: Any, also: Callable[[Connection], None] = ...) -> None: ...


class CompiledGraph:
    """A graph that can be run. With a checkpointer its threads are durable; without one, and called inside a node of
    another graph, it uses the caller's."""

    def __init__(
        self,
        program: Program,
        checkpointer: Storage | None,
        *,
        before: Breakpoints,
        after: Breakpoints,
    ) -> None:
        self.program = program
        self.checkpointer = checkpointer
        self.name = self.__name__ = program.name
        self.before = breakpoints.check(before, program.topology.nodes)
        self.after = breakpoints.check(after, program.topology.nodes)

    async def __call__(self, state: Any) -> dict[str, Any]:
        """As a node of another graph: run on its state, and write the keys that both have."""
        return await nested.as_node(self, state)

    async def ainvoke(self, input: Any, config: Config | None = None, **options: Any) -> dict[str, Any]:  # noqa: A002
        """Run until the graph ends, waits or fails; the state then, with `__interrupt__` when it waits for answers.

        `input` is an update of the state, `Command(resume=...)` to answer and run, or None to go on. The options are
        those of `astream`.
        """
        run = _Run(self, config or {}, emit=lambda mode, chunk: None, **options)
        return await run.to_end(input)

    async def astream(
        self,
        input: Any,  # noqa: A002
        config: Config | None = None,
        *,
        stream_mode: str | Sequence[str] = "updates",
        **options: Any,
    ) -> AsyncGenerator[Any]:
        """Run, and give chunks as they come; (mode, chunk) when `stream_mode` is a list.

        Modes: `values` (the state after each step), `updates` ({node: update}), `messages` and `custom` (what nodes
        write). Questions appear in each as {"__interrupt__": (...)}, static stops as {"__breakpoint__": {...}}.
        Stopping the iteration cancels the run.

        Options: `interrupt_before`, `interrupt_after`, `durability` ("sync" or "exit"), `context`, `by` (who gives this
        input or answer), `on_waiting` ("reject" or "cancel"), `stop` (asked between steps: true gives the thread back),
        `halt` (once set, gives it back at once: what runs is cut off, and the end of claimed effects waited for),
        `also` (a job that runs in the transaction that stores the input; what it raises stops the run before it began).
        """
        modes = [stream_mode] if isinstance(stream_mode, str) else list(stream_mode)
        if unknown := [mode for mode in modes if mode not in STREAM_MODES]:
            raise ValueError(f"{unknown[0]!r} is no stream mode; the modes are {list(STREAM_MODES)!r}")
        chunks: asyncio.Queue[tuple[str, Any] | None] = asyncio.Queue()
        run = _Run(self, config or {}, emit=_into(chunks, modes), **options)
        task = asyncio.create_task(run.to_end(input), name=f"run of {self.name}")
        task.add_done_callback(lambda _: chunks.put_nowait(None))
        try:
            while (item := await chunks.get()) is not None:
                yield item[1] if isinstance(stream_mode, str) else item
            result = await task
            if INTERRUPT in result:
                for mode in modes:
                    chunk = {**result} if mode == "values" else {INTERRUPT: tuple(result[INTERRUPT])}
                    yield chunk if isinstance(stream_mode, str) else (mode, chunk)
        finally:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()  # the consumer has it, or has gone

    async def aanswer(self, config: Config, answer_map: Mapping[str, Any], by: str | None = None) -> None:
        """Store answers by id and run nothing; it works while the thread runs, here or in another process.

        Raises the `AnswerError`s; then nothing is stored.
        """
        storage, thread_id = self._durable(config)
        given = {InterruptId(key): answer for key, answer in answer_map.items()}
        if not given:
            raise AnswerError("an empty map answers nothing: name the question, {id: answer}")
        texts = await answers.checked(storage, thread_id, given)
        now = storage.now()
        try:
            await storage.write(lambda db: interrupts.answer(db, thread_id, texts, by=by, now=now))
        except AnswerRefused as error:
            raise answers.refusal(error) from None

    async def aget_state(self, config: Config) -> StateSnapshot:
        """The thread now, or as recorded at the config's `checkpoint_id`. An unknown thread is an empty snapshot."""
        storage, _ = self._durable(config)
        return await storage.read(lambda db: self.state_on(db, config))

    def state_on(self, db: Connection, config: Config) -> StateSnapshot:
        """What `aget_state` gives, for a job that reads more at the same moment."""
        return self._snapshots(config).get(db)

    async def aget_state_history(
        self,
        config: Config,
        *,
        limit: int | None = None,
        before: Config | None = None,
        filter: Mapping[str, Any] | None = None,  # noqa: A002
    ) -> AsyncIterator[StateSnapshot]:
        """Snapshots, newest first; `filter` compares metadata. Nothing is locked while the caller iterates."""
        async for snapshot in self._snapshots(config).history(limit, before, filter):
            yield snapshot

    async def aupdate_state(
        self,
        config: Config,
        values: Any,
        as_node: str | None = None,
        *,
        first: Callable[[Connection], None] = lambda db: None,
    ) -> Config:
        """Edit the state as if `as_node` had returned `values`; the config of the new checkpoint.

        Without `as_node` it is the node that ran last. As a node that is due, it takes the place of that node's run; as
        one that ran, what is due now is what it leads to with these values, and what others led to. Finished siblings
        keep their writes, `(None, END)` cancels what waits. With a `checkpoint_id` the thread goes on from there.
        `first` runs in the transaction that stores it, before anything is stored: what it raises leaves all as it was.

        Raises `InvalidUpdateError` when it is ambiguous which node is meant, `NotWaiting` for an unknown checkpoint,
        `ThreadBusy` while the thread runs.
        """
        storage, thread_id = self._durable(config)
        editor = Editor(self.program, storage, thread_id, checkpoint_of(config))
        return await editor.update(values, as_node, first=first)

    async def aend(self, config: Config, values: Any, also: Callable[[Connection], None] = lambda db: None) -> None:
        """End the thread where it stands, with `values` as an update of its state: as `aupdate_state(..., END)`, and
        `also` runs in the same transaction (what it raises leaves all as it was).
        """
        storage, thread_id = self._durable(config)
        await Editor(self.program, storage, thread_id, None).update(values, END, also)

    def get_graph(self) -> Drawing:
        return Drawing(self.program.topology)

    def _durable(self, config: Config) -> tuple[Storage, ThreadId]:
        if self.checkpointer is None:
            raise ValueError("this graph was compiled without a checkpointer: compile(checkpointer=storage)")
        return self.checkpointer, thread_id_of(config)

    def _snapshots(self, config: Config) -> Snapshots:
        storage, thread_id = self._durable(config)
        return Snapshots(self.program, storage, thread_id, checkpoint_of(config))


class _Run:
    """One call of `ainvoke` or `astream`."""

    def __init__(
        self,
        graph: CompiledGraph,
        config: Config,
        *,
        emit: Callable[[str, Any], None],
        interrupt_before: Breakpoints | None = None,
        interrupt_after: Breakpoints | None = None,
        durability: Durability = "sync",
        context: Any = None,
        by: str | None = None,
        on_waiting: OnWaiting = "reject",
        stop: Callable[[], bool] = lambda: False,
        halt: asyncio.Event | None = None,
        also: Callable[[Connection], None] | None = None,
    ) -> None:
        self.graph = graph
        self.config = config
        nodes = graph.program.topology.nodes
        self.before = graph.before if interrupt_before is None else breakpoints.check(interrupt_before, nodes)
        self.after = graph.after if interrupt_after is None else breakpoints.check(interrupt_after, nodes)
        self.on_waiting: OnWaiting = on_waiting
        self.also = also
        storage = graph.checkpointer
        self.session = Session(
            thread_id=thread_id_of(config) if storage is not None else ThreadId(""),
            storage=storage,
            lease=None,
            new_id=storage.new_id if storage is not None else new_id,
            config=config,
            context=context,
            by=by,
            answered_by=by,
            emit=emit,
            stop=stop,
            durability=durability,
            halt=halt,
        )

    async def to_end(self, given: Any) -> dict[str, Any]:
        frame = current_frame.get() if self.graph.checkpointer is None else None
        storage = self.session.storage if frame is None else frame.session.storage
        if storage is None and (self.before or self.after):
            raise ValueError("a static interrupt needs a checkpointer: compile(checkpointer=storage)")
        if frame is not None:
            return await nested.call(self.graph, given, frame, self.before, self.after)
        runner = await self._open(given)
        try:
            ending = await runner.run()
        finally:
            await self._give_back(runner)
        if self.session.storage is not None and self.session.released and runner.stored is runner.position:
            remember(self.session.storage, self.graph.program, self.session, runner.position)
        return await self._result(runner, ending)

    async def _open(self, given: Any) -> Runner:
        graph, session = self.graph, self.session
        if session.storage is None:
            position = stored = await without_storage(graph.program, session, given)
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
        session.emit("values", position.values)
        limit = self.config.get("recursion_limit", DEFAULT_LIMIT)
        return Runner(graph.program, session, ROOT, position, stored, self.before, self.after, limit)

    async def _give_back(self, runner: Runner) -> None:
        """A run that was cut off leaves its thread to be taken up again; one that is to stop, and did not come to a
        border, as a process leaves it that dies.
        """
        session = self.session
        if session.storage is None or session.released or session.stop():
            return
        with suppress(ThreadBusy):
            await asyncio.shield(runner.store(Commit(release="running")))

    async def _result(self, runner: Runner, ending: Ending) -> dict[str, Any]:
        values = runner.values()
        if self.session.storage is None or ending != "waiting":
            return values
        rows = [row for task in self.session.roots for row in self.session.ledger.within(Scope(task))]
        waiting = [public(row) for row in rows if answers.is_open(row)]
        return {**values, INTERRUPT: waiting} if waiting else values


def config_of(thread_id: ThreadId) -> Config:
    """What names a thread, at its newest checkpoint."""
    return {"configurable": {"thread_id": thread_id}}


def thread_id_of(config: Config) -> ThreadId:
    """Raises `ValueError` that names `thread_id` when the config has none that can be one."""
    given = cast("Mapping[str, Any]", config.get("configurable", {})).get("thread_id")
    if (thread_id := thread_id_text(given)) is None:
        found = "" if given is None else f", not {type(given).__name__}"
        raise ValueError(
            'a durable thread needs a thread_id: config = {"configurable": {"thread_id": "..."}}, '
            f"a text, an int or a UUID{found}"
        )
    return thread_id


def _into(chunks: asyncio.Queue[tuple[str, Any] | None], modes: list[str]) -> Callable[[str, Any], None]:
    """Puts chunks of the wanted modes into the queue, also from a node's worker thread."""
    loop, home = asyncio.get_running_loop(), threading.get_ident()

    def emit(mode: str, chunk: Any) -> None:
        if mode not in modes:
            return
        if threading.get_ident() == home:
            chunks.put_nowait((mode, chunk))
        else:
            loop.call_soon_threadsafe(chunks.put_nowait, (mode, chunk))

    return emit
