"""What comes out of a run while it runs: questions as they are asked, updates one by one; who stops listening."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from graphs import START, Command, Runtime, StateGraph, interrupt
from graphs.runtime.streams import UNHEARD, Listener, Stream
from graphs.runtime.types import Config
from storage import Storage
from tests.runtime.asking import Log, asks, chain, fan, ids, logs
from tests.runtime.listening import all_of, questions

ALL = ["values", "updates", "messages", "custom", "tasks", "checkpoints", "debug"]


def held(until: asyncio.Event, name: str = "held") -> Callable[[Log], Any]:
    """A node that ends when somebody says so."""

    async def node(state: Log) -> dict[str, Any]:
        await asyncio.wait_for(until.wait(), 10)
        return {"log": [name]}

    return node


@pytest.mark.parametrize("mode", ["values", "updates", "messages", "custom"])
async def test_L3_a_question_is_streamed_when_it_is_asked(storage: Storage, config: Config, mode: str) -> None:
    go_on = asyncio.Event()
    graph = fan(storage, ("q", asks("q")), ("slow", held(go_on)))
    seen: list[Any] = []
    async for chunk in graph.astream({"log": []}, config, stream_mode=mode):
        if questions(chunk):
            assert not go_on.is_set()
            (waiting,) = await storage.interrupts(status="waiting")  # it can be answered by now
            assert waiting.payload == "q"
            go_on.set()
        seen += questions(chunk)
    assert go_on.is_set()
    assert seen == ["q"]


async def test_L3_a_question_is_in_updates_as_a_tuple_and_in_values_beside_the_state(
    storage: Storage, config: Config
) -> None:
    graph = chain(storage, ("a", logs("a")), ("q", asks("q")))
    *_, (first, update), (second, state) = await all_of(graph, {"log": []}, config, stream_mode=["updates", "values"])
    (question,) = (await graph.aget_state(config)).interrupts
    assert (first, update) == ("updates", {"__interrupt__": (question,)})
    assert (second, state) == ("values", {"log": ["a"], "__interrupt__": (question,)})


async def test_L3_questions_of_parallel_tasks_are_chunks_of_their_own_and_each_comes_once(
    storage: Storage, config: Config
) -> None:
    graph = fan(storage, ("a", asks("a")), ("b", asks("b")), ("c", logs("c")))
    for mode in ("updates", "values", "custom", "messages"):
        config = {"configurable": {"thread_id": mode}}
        told = [questions(chunk) for chunk in await all_of(graph, {"log": []}, config, stream_mode=mode)]
        assert sorted(each for each in told if each) == [["a"], ["b"]]


async def test_L3_a_task_that_asks_again_is_streamed_again(storage: Storage, config: Config) -> None:
    def twice(state: Log) -> dict[str, Any]:
        return {"log": [interrupt("first"), interrupt("second")]}

    graph = chain(storage, ("n", twice))
    assert [questions(each) for each in await all_of(graph, {"log": []}, config)] == [["first"]]
    assert [questions(each) for each in await all_of(graph, Command(resume=1), config)] == [["second"]]
    assert await all_of(graph, Command(resume=2), config) == [{"n": {"log": [1, 2]}}]


async def test_L3_what_waited_before_the_run_is_at_its_end_in_the_stream_and_in_the_result(
    storage: Storage, config: Config
) -> None:
    graph = fan(storage, ("a", asks("a")), ("b", asks("b")), ("c", logs("c")))
    waiting = ids(await graph.ainvoke({"log": []}, config))
    chunks = await all_of(graph, Command(resume={waiting["a"]: 1}), config, stream_mode=["updates", "values"])
    (b,) = (await graph.aget_state(config)).interrupts
    assert chunks == [
        ("values", {"log": []}),
        ("updates", {"a": {"log": ["a=1"]}}),
        ("updates", {"__interrupt__": (b,)}),
        ("values", {"log": [], "__interrupt__": (b,)}),
        ("values", {"log": ["a=1", "c"]}),  # with what finished tasks wrote
    ]
    assert await graph.ainvoke(None, config) == {"log": ["a=1", "c"], "__interrupt__": [b]}


async def test_L3_a_question_that_is_answered_while_its_step_runs_is_not_streamed_again(
    storage: Storage, config: Config
) -> None:
    go_on = asyncio.Event()
    graph = fan(storage, ("q", asks("q")), ("slow", held(go_on)))
    chunks: list[Any] = []
    async for chunk in graph.astream({"log": []}, config):
        chunks.append(chunk)
        if questions(chunk):
            await graph.aanswer(config, {chunk["__interrupt__"][0].id: "yes"})
        elif "q" in chunk:
            go_on.set()
    assert [questions(chunk) or chunk for chunk in chunks] == [
        ["q"],
        {"q": {"log": ["q='yes'"]}},
        {"slow": {"log": ["held"]}},
    ]


async def test_L3_a_question_in_a_graph_within_is_in_the_stream_before_that_graph_has_ended(
    storage: Storage, config: Config
) -> None:
    go_on = asyncio.Event()
    inner = StateGraph(Log).add_node("q", asks("q")).add_node("slow", held(go_on))
    middle = chain(None, ("inner", inner.add_edge(START, "q").add_edge(START, "slow").compile()))
    graph = chain(storage, ("outer", middle))
    found: list[Any] = []
    async for chunk in graph.astream({"log": []}, config):
        assert not go_on.is_set()
        found += questions(chunk)
        go_on.set()
    assert found == ["q"]


async def test_L3_each_update_of_a_node_is_a_chunk_of_its_own(storage: Storage, config: Config) -> None:
    async def several(state: Log) -> list[Any]:
        return [Command(update={"log": ["one"]}), {"log": ["two"]}, Command(goto="last")]

    builder = StateGraph(Log).add_node("several", several, destinations=["last"]).add_node("last", logs("last"))
    graph = builder.add_edge(START, "several").compile(storage)
    chunks = await all_of(graph, {"log": []}, config, stream_mode=["updates", "tasks"])
    assert [chunk for mode, chunk in chunks if mode == "updates"] == [
        {"several": {"log": ["one"]}},
        {"several": {"log": ["two"]}},
        {"last": {"log": ["last"]}},
    ]
    results = [chunk["result"] for mode, chunk in chunks if mode == "tasks" and "result" in chunk]
    assert results == [{"log": {"$writes": [["one"], ["two"]]}}, {"log": ["last"]}]


async def test_L3_a_node_that_writes_nothing_says_so() -> None:
    nothing: list[Any] = [None, {}, [], [Command(goto="b")]]
    for result in nothing:
        builder = StateGraph(Log).add_node("a", lambda state, it=result: it, destinations=["b"])
        graph = builder.add_node("b", logs("b")).add_edge(START, "a").add_edge("a", "b").compile()
        chunks = await all_of(graph, {"log": []}, {}, stream_mode=["updates", "values"])
        assert chunks == [
            ("values", {"log": []}),
            ("updates", {"a": None}),
            ("updates", {"b": {"log": ["b"]}}),
            ("values", {"log": ["b"]}),
        ]


@pytest.mark.parametrize("mode", ALL)
async def test_L5_stopping_the_consumer_cancels_the_run_in_every_mode(
    storage: Storage, config: Config, mode: str
) -> None:
    begun, cut_off = asyncio.Event(), asyncio.Event()

    async def endless(state: Log, runtime: Runtime[None]) -> None:
        runtime.stream_writer("at it")
        runtime.message_writer({"content": "at it"})
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cut_off.set()

    graph = chain(storage, ("a", logs("a")), ("endless", endless), ("b", logs("b")))
    async with aclosing(graph.astream({"log": []}, config, stream_mode=mode)) as chunks:
        async for _ in chunks:
            await asyncio.wait_for(begun.wait(), 10)
            break
    assert cut_off.is_set()
    assert (await graph.aget_state(config)).next == ("endless",)
    async with aclosing(graph.astream(None, config, stream_mode="custom")) as chunks:  # the thread is free
        assert await anext(chunks) == "at it"


def test_L5_what_nobody_listens_to_is_not_wanted() -> None:
    assert not any(UNHEARD.wants(mode, ()) or UNHEARD.takes(mode) for mode in ALL)
    put: list[Any] = []
    stream = Stream((Listener(frozenset({"updates"}), lambda where, mode, chunk: put.append((where, chunk))),))
    assert stream.wants("updates", ())
    assert not stream.wants("updates", ("sub:1",))
    assert not stream.wants("tasks", ())
    stream.emit(("sub:1",), "updates", "from within")
    stream.emit((), "tasks", "unheard")
    stream.emit((), "updates", "heard")
    assert put == [((), "heard")]


async def test_L5_a_payload_that_nobody_listens_to_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = chain(None, ("a", logs("a")))

    def made(*_: Any) -> Any:
        raise AssertionError("made for nobody")

    for name in ("begun", "ended", "checkpoint", "result_of"):
        monkeypatch.setattr(f"graphs.runtime.reports.{name}", made)
    assert await all_of(graph, {"log": []}, {}, stream_mode=["values", "updates"]) == [
        ("values", {"log": []}),
        ("updates", {"a": {"log": ["a"]}}),
        ("values", {"log": ["a"]}),
    ]


async def test_L5_a_consumer_may_change_what_it_is_given() -> None:
    async for state in chain(None, ("a", logs("a")), ("b", logs("b"))).astream({"log": []}, stream_mode="values"):
        last = dict(state)
        state.clear()
    assert last == {"log": ["a", "b"]}
