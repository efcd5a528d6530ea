"""A compiled graph: what a caller runs, answers, reads and edits."""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Mapping, Sequence
from typing import Any, Literal, Protocol, Self, cast

from graphs.errors import AnswerError
from graphs.runtime import answers, breakpoints, nested, watching
from graphs.runtime.blocking import blocking, blocking_iterator
from graphs.runtime.breakpoints import Breakpoints
from graphs.runtime.configs import checked, checkpoint_of, graph_of, merged, noted, thread_id_of
from graphs.runtime.described import Described
from graphs.runtime.edits import Editor
from graphs.runtime.program import Program
from graphs.runtime.snapshots import Snapshots
from graphs.runtime.types import Config, StateSnapshot, StateUpdate
from storage import Connection, Storage, interrupts
from storage.errors import AnswerRefused
from storage.ids import InterruptId, ThreadId

Memory = Literal["call", "kept", "none"]


class Threads(Protocol):
    """What runs threads, and tells how they stand: a compiled graph, or several of which each has its own threads."""

    def astream(self, input: Any, config: Config | None = None, **options: Any) -> AsyncGenerator[Any]: ...  # noqa: A002
    async def aget_state(self, config: Config) -> StateSnapshot: ...
    def state_on(self, db: Connection, config: Config) -> StateSnapshot: ...
    async def aend(self, config: Config, values: Any, also: Callable[[Connection], None] = ...) -> None: ...


class CompiledGraph(Described):
    """A graph that can be run. With a checkpointer its threads are durable. Called inside a node of another graph it
    runs in the caller's thread; `memory` says what of it is stored there: how far this call has come ("call"), that and
    its state for the next call at this place ("kept"), or nothing ("none").
    """

    def __init__(
        self,
        program: Program,
        checkpointer: Storage | bool | None,
        *,
        before: Breakpoints,
        after: Breakpoints,
    ) -> None:
        self.program = program
        self.checkpointer = None if isinstance(checkpointer, bool) else _checked(checkpointer)
        self.memory: Memory = "call" if not isinstance(checkpointer, bool) else "kept" if checkpointer else "none"
        self.name = self.__name__ = program.name
        self.config: Config = {}
        self.before = breakpoints.check(before, program.topology.nodes)
        self.after = breakpoints.check(after, program.topology.nodes)

    async def __call__(self, state: Any) -> Any:
        """As a node of another graph: run on its state, and write the keys that both have."""
        return await nested.as_node(self, state)

    async def ainvoke(
        self,
        input: Any,  # noqa: A002
        config: Config | None = None,
        *,
        stream_mode: str | Sequence[str] = "values",
        **options: Any,
    ) -> Any:
        """Run until the graph ends, waits or fails; the state then, with `__interrupt__` when it waits for answers.

        `input` is an update of the state, `Command(resume=...)` to answer and run, or None to go on. The options are
        those of `astream`. With another `stream_mode` it is the list of that mode's chunks, with `version="v2"` a
        `GraphOutput` (the list of parts).
        """
        return await watching.result(self, input, self._over(config), stream_mode, **options)

    def astream(
        self,
        input: Any,  # noqa: A002
        config: Config | None = None,
        *,
        stream_mode: str | Sequence[str] | None = None,
        **options: Any,
    ) -> AsyncGenerator[Any]:
        """Run, and give chunks as they come; (mode, chunk) when `stream_mode` is a list.

        Modes: `values` (the state after each step), `updates` ({node: update}, the default), `messages` (pairs of what
        nodes hand to `message_writer`, and where that comes from), `custom` (what nodes hand to a `StreamWriter`),
        `tasks` (each task as it begins and as it ends), `checkpoints`, and `debug`, which is these two with step and
        time: see `parts`. Questions are in `values` (beside the state), `updates` and `custom` as they are asked, as
        {"__interrupt__": (...)}, in `tasks` at the task, and in `messages`, for those who do not listen to `values` or
        `updates` too, in a message without text. Static stops are told likewise as {"__breakpoint__": {...}}, in
        `tasks` by such a chunk, and in the checkpoint where the thread stops, as its `breakpoints`. Stopping the
        iteration cancels the run.

        With `subgraphs=True`, graphs called in nodes tell too, and chunks are (path, chunk) or (path, mode, chunk): a
        path is ("node:task id", ...). What nodes write themselves, `messages` and `custom`, comes from there always.
        With `version="v2"` each chunk is {"type", "ns", "data"}, and one of `values` has its questions as "interrupts".

        Options: `output_keys` (keys of the state to show, or one key, whose value it is then), `print_mode` (modes that
        are printed), `debug` (prints `updates` and `values`), `interrupt_before`, `interrupt_after`, `durability`
        ("sync" or "exit"), `context`, `by` (who gives this input or answer), `on_waiting` ("reject" or "cancel"),
        `stop` (asked between steps: true gives the thread back), `halt` (once set, gives it back at once: what runs is
        cut off, and the end of claimed effects waited for), `also` (a job that runs in the transaction that stores the
        input; what it raises stops the run before it began).
        """
        return watching.chunks(
            self, input, self._over(config), "updates" if stream_mode is None else stream_mode, **options
        )

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
            await storage.write(lambda db: interrupts.answer(db, thread_id, texts, by=by, now=now), thread_id)
        except AnswerRefused as error:
            raise answers.refusal(error) from None

    async def aget_state(self, config: Config, *, subgraphs: bool = False) -> StateSnapshot:
        """The thread now, or as recorded at the config's `checkpoint_id`. An unknown thread is an empty snapshot.

        With `subgraphs` each task that called a graph has that graph's snapshot as its `state`, else the config that
        names it: by that, this reads the graph itself. One that a node's own code calls shows plain JSON.
        """
        storage, _ = self._durable(config)
        return await storage.read(lambda db: self.state_on(db, config, subgraphs=subgraphs))

    def state_on(self, db: Connection, config: Config, *, subgraphs: bool = False) -> StateSnapshot:
        """What `aget_state` gives, for a job that reads more at the same moment."""
        return self._snapshots(config).get(db, checkpoint_of(self._over(config)), subgraphs=subgraphs)

    async def aget_state_history(
        self,
        config: Config,
        *,
        limit: int | None = None,
        before: Config | None = None,
        filter: Mapping[str, Any] | None = None,  # noqa: A002
    ) -> AsyncIterator[StateSnapshot]:
        """Snapshots as recorded, newest first; `filter` compares metadata. Nothing is locked while one iterates."""
        if limit is not None and not isinstance(cast(object, limit), int):
            raise TypeError(f"limit= is how many snapshots, not {limit!r}")
        cursor = checkpoint_of(before) if before else None
        async for snapshot in self._snapshots(config).history(limit, cursor, filter):
            yield snapshot

    async def aupdate_state(
        self,
        config: Config,
        values: Any,
        as_node: str | None = None,
        task_id: str | None = None,
        *,
        first: Callable[[Connection], None] = lambda db: None,
    ) -> Config:
        """Edit the state as if `as_node` had returned `values`; the config of the new checkpoint.

        Without `as_node` it is the node that ran last. As a node that is due, it takes the place of that node's run; as
        one that ran, what is due now is what it leads to with these values, and what others led to. Finished siblings
        keep their writes, `(None, END)` cancels what waits, `(None, "__copy__")` has the same work done once more.
        `task_id` says which task of a node is meant that is due several times. With a `checkpoint_id` the thread goes
        on from there; with a `checkpoint_ns` it is the state of that graph within it (one that is a node). `first` runs
        in the transaction that stores it, before anything is stored: what it raises leaves all as it was.

        Raises `InvalidUpdateError` when it is ambiguous which node is meant, `NotWaiting` for an unknown checkpoint,
        `ThreadBusy` while the thread runs.
        """
        return await self._editor(config).update([[StateUpdate(values, as_node, task_id)]], first=first)

    async def abulk_update_state(self, config: Config, supersteps: Sequence[Sequence[StateUpdate]]) -> Config:
        """Edits one after the other, a checkpoint for each superstep: all are stored, or none. Several updates in one
        superstep are as if all those nodes had returned in it; a node that is due several times is meant so often.

        Raises what `aupdate_state` raises, and `ValueError` where there is nothing to update.
        """
        return await self._editor(config).update(supersteps)

    async def aend(self, config: Config, values: Any, also: Callable[[Connection], None] = lambda db: None) -> None:
        """End the thread where it stands, with `values` as an update of its state: as `aupdate_state(..., END)`, and
        `also` runs in the same transaction (what it raises leaves all as it was).
        """
        storage, thread_id = self._durable(config)
        await Editor(self.program, storage, thread_id, None).end(values, also)

    def get_subgraphs(
        self, *, namespace: str | None = None, recurse: bool = False
    ) -> Generator[tuple[str, CompiledGraph]]:
        """(node, graph) of nodes that are graphs; with `recurse` theirs too, as "node|node". `namespace` names one."""
        for name, node in self.program.topology.nodes.items():
            if not isinstance(node.fn, CompiledGraph):
                continue
            if namespace in (None, name):
                yield name, node.fn
            if recurse:
                rest = namespace.removeprefix(f"{name}|") if namespace is not None else None
                for inner, graph in node.fn.get_subgraphs(namespace=rest, recurse=True):
                    yield f"{name}|{inner}", graph

    async def aget_subgraphs(
        self, *, namespace: str | None = None, recurse: bool = False
    ) -> AsyncIterator[tuple[str, CompiledGraph]]:
        """As `get_subgraphs`."""
        for each in self.get_subgraphs(namespace=namespace, recurse=recurse):
            yield each

    invoke = blocking(ainvoke)
    stream = blocking_iterator(astream)
    get_state = blocking(aget_state)
    get_state_history = blocking_iterator(aget_state_history)
    update_state = blocking(aupdate_state)
    bulk_update_state = blocking(abulk_update_state)

    def with_config(self, config: Config | None = None, **more: Any) -> Self:
        """The graph with this config, and what else is given by name, under that of each call."""
        bound = copy.copy(self)
        bound.config = merged(self._over(config), checked(more))
        return bound

    def _over(self, config: Config | None) -> Config:
        """What a call says, over what the graph is bound to."""
        given: Config = checked(config) if config is not None else {}
        return merged(self.config, given) if self.config else given

    def _durable(self, config: Config) -> tuple[Storage, ThreadId]:
        if self.checkpointer is None:
            raise ValueError(
                "this graph was compiled without a checkpointer of its own: compile(checkpointer=storage). What it has "
                "come to in another's thread is shown by that one: aget_state(config, subgraphs=True)"
            )
        return self.checkpointer, thread_id_of(self._over(config))

    def _editor(self, config: Config) -> Editor:
        config, (storage, thread_id) = self._over(config), self._durable(config)
        return Editor(self.program, storage, thread_id, checkpoint_of(config), graph_of(config), noted(config))

    def _snapshots(self, config: Config) -> Snapshots:
        storage, thread_id = self._durable(config)
        return Snapshots(self.program, storage, thread_id, graph_of(self._over(config)))


def _checked(checkpointer: Any) -> Storage | None:
    """Raises `TypeError` for what is no storage."""
    if checkpointer is None or isinstance(checkpointer, Storage):
        return checkpointer
    raise TypeError(
        f"a checkpointer is a storage, not {type(checkpointer).__name__}: "
        "`async with open_storage(url) as storage` gives one (from storage import open_storage)"
    )
