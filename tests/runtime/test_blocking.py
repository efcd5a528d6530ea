"""Row L12 of docs/behaviour.md: the blocking twins, in scripts and in plain `def` nodes."""

import asyncio
import inspect
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from graphs import START, Command, Send, StateGraph, interrupt, once
from graphs.errors import InterruptMisused, ThreadBusy
from graphs.runtime import places
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.places import OF_A_CONVERSATION
from graphs.runtime.types import Config
from storage import Storage, open_storage
from tests.runtime.asking import Log, asks, chain, ids, logs
from tests.support.waiting import until

TWINS = ("invoke", "stream", "get_state", "get_state_history", "update_state")
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["file", "memory"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    with open_storage("sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path}/test.db") as storage:
        yield storage


def thread(name: str) -> Config:
    return {"configurable": {"thread_id": name}}


def calling(inner: CompiledGraph) -> Callable[[Log], dict[str, Any]]:
    """A plain node that calls a graph as the guide does."""

    def node(state: Log) -> dict[str, Any]:
        return {"log": inner.invoke({"log": []})["log"]}

    return node


def script(what: str, url: str) -> "subprocess.Popen[str]":
    """With every warning an error: nothing is left open, and nobody is left behind."""
    return subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-m", "tests.runtime.script_of_twins", url, what],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def said_of_faults(errors: str) -> list[str]:
    """What a script had to say, without what dev mode says of a machine that is busy."""
    return [line for line in errors.splitlines() if not line.startswith("Executing <")]


@pytest.mark.slow
def test_L12_a_script_needs_no_event_loop(tmp_path: Path) -> None:
    said, errors = script("conversation", f"sqlite:///{tmp_path}/test.db").communicate(timeout=60)
    assert said_of_faults(errors) == []
    assert said.splitlines() == [
        "draft",
        "__interrupt__",
        "('review',)",
        "{'log': ['draft', 'reviewed: yes']}",
        "[(), ('review',), ('draft',)]",
        "{'log': ['draft', 'reviewed: yes', 'edited']}",
    ]


@pytest.mark.slow
def test_L12_ctrl_c_cancels_the_run_and_gives_the_thread_back(tmp_path: Path) -> None:
    process = script("interrupted", f"sqlite:///{tmp_path}/test.db")
    assert process.stdout is not None
    assert process.stdout.readline() == "slow\n"
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=20)  # the node that sleeps is not waited for, at the end neither
    assert said_of_faults(errors) == []
    assert said.splitlines() == [
        "interrupted",
        "('slow',)",
        "{'log': ['draft', 'slow']}",
        "['draft', 'slow']",
        "True",
    ]


async def test_L12_in_an_event_loop_they_raise_at_once_and_name_the_awaited_one(
    storage: Storage, config: Config
) -> None:
    graph = chain(storage, ("n", logs("n")))
    for name in TWINS:
        with pytest.raises(RuntimeError, match=rf"graph\.{name}\(\.\.\.\) blocks.*`.*graph\.a{name}\(\.\.\.\)`"):
            getattr(graph, name)({"log": []}, config)
    with pytest.raises(RuntimeError, match="use `async with open_storage"), open_storage("sqlite://"):
        pytest.fail("opened")
    assert await graph.ainvoke({"log": []}, config) == {"log": ["n"]}


def test_L12_they_have_the_signatures_of_the_awaited_ones() -> None:
    for name in TWINS:
        twin, awaited = getattr(CompiledGraph, name), getattr(CompiledGraph, f"a{name}")
        assert list(inspect.signature(twin).parameters) == list(inspect.signature(awaited).parameters)
        assert twin.__name__ == name
        assert awaited.__doc__ in twin.__doc__


def test_L12_a_graph_asks_and_is_answered(opened: Storage, config: Config) -> None:
    runs: list[str] = []
    graph = chain(opened, ("first", logs("first", runs)), ("q", asks("q", runs)))
    asked = ids(graph.invoke({"log": []}, config))
    assert graph.get_state(config).next == ("q",)
    assert graph.invoke(Command(resume={asked["q"]: 1}), config) == {"log": ["first", "q=1"]}
    assert [each.next for each in graph.get_state_history(config)] == [(), ("q",), ("first",)]
    assert [each.next for each in graph.get_state_history(config, limit=1)] == [()]
    graph.update_state(config, {"log": ["more"]}, as_node="q")
    assert graph.get_state(config).values == {"log": ["first", "q=1", "more"]}
    assert runs == ["first", "q", "q"]


def test_L12_the_storage_is_asked_without_a_loop_too(opened: Storage, config: Config) -> None:
    graph = chain(opened, ("q", asks("q")))
    asked = ids(graph.invoke({"log": []}, config))
    waiting: Any = opened.interrupts(kind="question")
    assert [row.id for row in waiting] == [asked["q"]]
    graph.invoke(Command(resume=1), config)
    opened.prune("t1", keep=1)  # pyright: ignore[reportUnusedCoroutine]
    assert len(list(graph.get_state_history(config))) == 1
    opened.shrink()  # pyright: ignore[reportUnusedCoroutine]
    opened.delete_thread("t1")  # pyright: ignore[reportUnusedCoroutine]
    assert graph.get_state(config).values == {}
    with pytest.raises(ValueError, match="at least the newest"):
        opened.prune("t1", keep=0)  # pyright: ignore[reportUnusedCoroutine]


async def test_L12_and_awaited_in_one(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("n", logs("n")))
    await graph.ainvoke({"log": []}, config)
    assert await storage.interrupts() == []
    await storage.adelete_thread("t1")
    assert (await graph.aget_state(config)).values == {}
    waiting: Any = await asyncio.to_thread(storage.interrupts)
    assert waiting == []


def test_L12_without_a_checkpointer() -> None:
    graph = chain(None, ("a", logs("a")), ("b", logs("b")))
    assert graph.invoke({"log": []}) == {"log": ["a", "b"]}
    assert list(graph.stream({"log": []})) == [{"a": {"log": ["a"]}}, {"b": {"log": ["b"]}}]
    with pytest.raises(ValueError, match="compile\\(checkpointer=storage\\)"):
        graph.get_state({})


def test_L12_errors_keep_their_type_and_their_traceback(opened: Storage, config: Config) -> None:
    def fails(state: Log) -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there") as raised:
        chain(opened, ("n", fails)).invoke({"log": []}, config)
    told = [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)]
    assert told[0] == "test_L12_errors_keep_their_type_and_their_traceback"
    assert told[-1] == "fails"


def test_L12_chunks_come_as_they_happen(opened: Storage, config: Config) -> None:
    seen = threading.Event()

    def second(state: Log) -> dict[str, Any]:
        assert seen.wait(20)
        return {"log": ["second"]}

    chunks = chain(opened, ("first", logs("first")), ("second", second)).stream({"log": []}, config)
    assert next(chunks) == {"first": {"log": ["first"]}}
    seen.set()
    assert list(chunks) == [{"second": {"log": ["second"]}}]


@pytest.mark.parametrize("how", ["break", "close"])
def test_L12_a_stream_that_is_closed_early_cancels_the_run(opened: Storage, config: Config, how: str) -> None:
    ended: list[str] = []

    async def endless(state: Log) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    graph = chain(opened, ("first", logs("first")), ("endless", endless))
    chunks = graph.stream({"log": []}, config)
    if how == "break":
        for _ in chunks:
            break
        del chunks
    else:
        assert next(chunks) == {"first": {"log": ["first"]}}
        chunks.close()
    assert graph.get_state(config).next == ("endless",)
    assert ended in ([], ["cancelled"])  # it may not have begun
    graph.update_state(config, {"log": ["x"]}, as_node="endless")  # the thread is free


def test_L12_a_stream_that_nobody_began_runs_nothing(opened: Storage, config: Config) -> None:
    graph = chain(opened, ("n", logs("n")))
    graph.stream({"log": []}, config).close()
    assert graph.get_state(config).config == config


def test_L12_several_threads_at_once(opened: Storage) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def node(state: Log) -> dict[str, Any]:
        begun.set()
        assert go_on.wait(20)
        return {"log": ["n"]}

    graph = chain(opened, ("n", node))
    results: list[Any] = []
    workers = [
        threading.Thread(target=lambda name=name: results.append(graph.invoke({"log": []}, thread(name))))
        for name in "abc"
    ]
    for worker in workers:
        worker.start()
    assert begun.wait(20)
    while len(begun_threads := _running(graph, "abc")) < 3:
        pass
    assert begun_threads == ["a", "b", "c"]
    with pytest.raises(ThreadBusy):
        graph.invoke({"log": []}, thread("a"))
    go_on.set()
    for worker in workers:
        worker.join(20)
    assert results == [{"log": ["n"]}] * 3


def _running(graph: CompiledGraph, names: str) -> list[str]:
    return [name for name in names if graph.get_state(thread(name)).next == ("n",)]


async def test_L12_a_storage_of_another_loop_is_used_in_its_own(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("n", logs("n")), ("q", asks("q")))
    asked = ids(await asyncio.to_thread(graph.invoke, {"log": []}, config))
    assert (await graph.aget_state(config)).next == ("q",)
    chunks = await asyncio.to_thread(lambda: list(graph.stream(Command(resume={asked["q"]: 1}), config)))
    assert chunks == [{"q": {"log": ["q=1"]}}]


def test_L12_a_storage_in_the_wrong_loop_says_so(opened: Storage, config: Config, tmp_path: Path) -> None:
    graph = chain(opened, ("n", logs("n")))

    async def elsewhere() -> None:
        await graph.ainvoke({"log": []}, config)

    with pytest.raises(RuntimeError, match="opened in another event loop"):
        asyncio.run(elsewhere())
    assert graph.invoke({"log": []}, config) == {"log": ["n"]}

    async def opens() -> CompiledGraph:
        async with open_storage(f"sqlite:///{tmp_path}/other.db") as storage:
            return chain(storage, ("n", logs("n")))

    with pytest.raises(RuntimeError, match="the event loop in which this storage was opened does not run any more"):
        asyncio.run(opens()).invoke({"log": []}, config)


async def test_L12_a_plain_node_calls_a_graph_that_asks(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    inner = chain(None, ("before", logs("before", runs)), ("q", asks("q", runs)), ("after", logs("after", runs)))
    graph = chain(storage, ("outer", calling(inner)), ("last", logs("last")))
    asked = ids(await graph.ainvoke({"log": []}, config))
    assert (await graph.aget_state(config)).next == ("outer",)
    result = await graph.ainvoke(Command(resume={asked["q"]: 1}), config)
    assert result == {"log": ["before", "q=1", "after", "last"]}
    assert runs == ["before", "q", "q", "after"]


def test_L12_also_under_a_blocking_run_three_deep(opened: Storage, config: Config) -> None:
    runs: list[str] = []
    innermost = chain(None, ("q", asks("q", runs)), name="innermost")
    middle = chain(None, ("middle", calling(innermost)), name="middle")
    graph = chain(opened, ("outer", calling(middle)), ("again", calling(middle)))
    assert list(ids(graph.invoke({"log": []}, config))) == ["q"]
    assert list(ids(graph.invoke(Command(resume=1), config))) == ["q"]
    assert graph.invoke(Command(resume=2), config) == {"log": ["q=1", "q=2"]}
    assert runs == ["q"] * 4


async def test_L12_a_plain_node_streams_a_graph(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    inner = chain(None, ("a", logs("a", runs)), ("q", asks("q", runs)))

    def node(state: Log) -> dict[str, Any]:
        for _ in inner.stream({"log": []}):
            pass
        return {"log": ["streamed"]}

    graph = chain(storage, ("n", node))
    assert list(ids(await graph.ainvoke({"log": []}, config))) == ["q"]
    assert await graph.ainvoke(Command(resume=1), config) == {"log": ["streamed"]}
    assert runs == ["a", "q", "q"]


async def test_L12_an_effect_calls_a_graph(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    inner = chain(None, ("a", logs("a", runs)), ("q", asks("q", runs)))

    async def node(state: Log) -> dict[str, Any]:
        return {"log": await once("inner", lambda: inner.invoke({"log": []})["log"])}

    graph = chain(storage, ("n", node))
    assert list(ids(await graph.ainvoke({"log": []}, config))) == ["q"]
    assert await graph.ainvoke(Command(resume=1), config) == {"log": ["a", "q=1"]}
    assert runs == ["a", "q", "q"]


async def test_L12_an_async_node_is_told_to_await(storage: Storage, config: Config) -> None:
    inner = chain(None, ("a", logs("a")))

    async def node(state: Log) -> dict[str, Any]:
        return {"log": inner.invoke({"log": []})["log"]}

    with pytest.raises(RuntimeError, match=r"use `await graph\.ainvoke\(\.\.\.\)`"):
        await chain(storage, ("n", node)).ainvoke({"log": []}, config)


async def test_L12_a_loop_of_its_own_in_a_node_is_told_of_the_twin(storage: Storage, config: Config) -> None:
    inner = chain(None, ("a", logs("a")))

    def node(state: Log) -> dict[str, Any]:
        return {"log": asyncio.run(inner.ainvoke({"log": []}))["log"]}

    with pytest.raises(InterruptMisused, match=r"node 'n' .* call the blocking twin, `graph.invoke\(\.\.\.\)`"):
        await chain(storage, ("n", node)).ainvoke({"log": []}, config)


class Endless:
    """A graph that does not end, and says when it is at work and when it was cancelled."""

    def __init__(self) -> None:
        self.begun, self.cancelled, self.left = asyncio.Event(), asyncio.Event(), threading.Event()
        self.raised: BaseException | None = None

    async def wait(self, state: Log) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()

    def node(self, call: Callable[[CompiledGraph], Any]) -> Callable[[Log], None]:
        inner = chain(None, ("wait", self.wait))

        def node(state: Log) -> None:
            try:
                call(inner)
            except BaseException as error:
                self.raised = error
                raise
            finally:
                self.left.set()

        return node


def _invoked(inner: CompiledGraph) -> Any:
    return inner.invoke({"log": []})


def _streamed(inner: CompiledGraph) -> Any:
    return list(inner.stream({"log": []}))


@pytest.mark.parametrize("call", [_invoked, _streamed])
@pytest.mark.parametrize("durable", [True, False])
async def test_L12_the_time_of_the_node_ends_what_it_called(
    storage: Storage, config: Config, call: Callable[[CompiledGraph], Any], durable: bool
) -> None:
    endless = Endless()
    builder = StateGraph(Log).add_node("n", endless.node(call), timeout=0.3).add_edge(START, "n")
    with pytest.raises(TimeoutError):
        await builder.compile(storage if durable else None).ainvoke({"log": []}, config)
    assert endless.cancelled.is_set()
    await until(endless.left.is_set, "the thread to end")
    assert isinstance(endless.raised, asyncio.CancelledError)


@pytest.mark.parametrize("call", [_invoked, _streamed])
async def test_L12_cancelling_the_run_ends_what_its_node_called(
    storage: Storage, config: Config, call: Callable[[CompiledGraph], Any]
) -> None:
    endless = Endless()
    graph = chain(storage, ("n", endless.node(call)))
    running = asyncio.create_task(graph.ainvoke({"log": []}, config))
    await endless.begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert endless.cancelled.is_set()
    await until(endless.left.is_set, "the thread to end")


async def test_L12_a_stream_in_a_node_ends_with_it_also_between_two_chunks(storage: Storage, config: Config) -> None:
    ended, go_on = asyncio.Event(), threading.Event()

    async def endless(state: Log) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    inner = chain(None, ("a", logs("a")), ("endless", endless))

    def node(state: Log) -> None:
        for _ in inner.stream({"log": []}):
            assert go_on.wait(20)

    builder = StateGraph(Log).add_node("n", node, timeout=0.3).add_edge(START, "n")
    with pytest.raises(TimeoutError):
        await builder.compile(storage).ainvoke({"log": []}, config)
    assert ended.is_set()
    go_on.set()
    await until(lambda: not places.are_busy(), "the thread to end")


@pytest.mark.parametrize("durable", [True, False])
async def test_L12_nested_calls_leave_each_other_their_places(storage: Storage, config: Config, durable: bool) -> None:
    """Forty plain nodes side by side, each of which waits for a graph with plain nodes, and those for one more."""
    count = 40
    assert count > places.IN_ALL > OF_A_CONVERSATION
    innermost = chain(None, ("x", lambda state: {"log": ["x"]}), name="innermost")
    inner = chain(None, ("a", calling(innermost)), ("b", logs("b")))
    builder = StateGraph(Log).add_node("n", calling(inner))
    builder.add_conditional_edges(START, lambda state: [Send("n", {})] * count, ["n"])
    graph = builder.compile(storage if durable else None)
    assert await graph.ainvoke({"log": []}, config) == {"log": ["x", "b"] * count}
    await until(lambda: not places.are_busy(), "the threads to be idle")


async def test_L12_a_question_in_each_of_many_plain_nodes(storage: Storage, config: Config) -> None:
    count = 2 * OF_A_CONVERSATION

    def ask(state: Log) -> dict[str, Any]:
        return {"log": [interrupt(state["log"][0])]}

    inner = chain(None, ("ask", ask))

    def node(state: dict[str, Any]) -> dict[str, Any]:
        return {"log": inner.invoke({"log": [state["n"]]})["log"]}

    builder = StateGraph(Log).add_node("n", node)
    builder.add_conditional_edges(START, lambda state: [Send("n", {"n": n}) for n in range(count)], ["n"])
    graph = builder.compile(storage)
    asked = ids(await graph.ainvoke({"log": []}, config))
    assert sorted(asked) == list(range(count))
    result = await graph.ainvoke(Command(resume={asked[n]: -n for n in range(count)}), config)
    assert result["log"] == [number for n in range(count) for number in (n, -n)]
