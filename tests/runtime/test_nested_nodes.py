"""Rows L4, G1 to G5 and D11 of docs/behaviour.md: a graph as a node of another."""

import dataclasses
import operator
import traceback
from collections.abc import Callable
from typing import Annotated, Any, NotRequired, TypedDict

import pytest
from pydantic import BaseModel

from graphs import START, Command, RetryPolicy, Send, StateGraph, interrupt
from graphs.errors import GraphRecursionError, InvalidUpdateError, ThreadBusy
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config, StateSnapshot
from storage import Storage, open_storage
from tests.runtime.asking import Log, asks, chain, ids, logs


class Outer(TypedDict, total=False):
    question: str
    answer: str
    seen: list[str]


class Inner(TypedDict):
    question: str
    scratch: NotRequired[str]
    answer: NotRequired[str]


def inner_of(state: Any, node: Callable[..., Any], **options: Any) -> CompiledGraph:
    return StateGraph(state).add_node("inner", node).add_edge(START, "inner").compile(**options)


def with_node(state: Any, node: Any, storage: Storage | None) -> CompiledGraph:
    return StateGraph(state).add_node("sub", node).add_edge(START, "sub").compile(storage)


@pytest.mark.parametrize("durable", [False, True], ids=["nothing stored", "stored"])
async def test_L4_a_graph_as_a_node_shares_the_keys_that_both_have(storage: Storage, config: Config, durable: bool):
    given: list[Any] = []

    def node(state: Inner) -> Any:
        given.append(dict(state))
        return {"scratch": "its own", "answer": state["question"].upper()}

    graph = with_node(Outer, inner_of(Inner, node), storage if durable else None)
    result = await graph.ainvoke({"question": "why", "seen": ["a"]}, config)
    assert result == {"question": "why", "answer": "WHY", "seen": ["a"]}
    assert given == [{"question": "why"}]


@dataclasses.dataclass
class OuterData:
    question: str
    answer: str = "none"


@dataclasses.dataclass
class InnerData:
    question: str
    answer: str = "not yet"
    scratch: int = 0


class OuterModel(BaseModel):
    question: str
    answer: str = "none"


class InnerModel(BaseModel):
    question: str
    answer: str = "not yet"
    scratch: int = 0


@pytest.mark.parametrize("outer", [Outer, OuterData, OuterModel])
@pytest.mark.parametrize("inner", [Inner, InnerData, InnerModel])
async def test_L4_states_of_every_kind_meet(url: str, config: Config, outer: Any, inner: Any):
    def node(state: Any) -> Any:
        question = state["question"] if isinstance(state, dict) else state.question
        return {"answer": f"{question}: {interrupt('well?')}", "scratch": 1 if inner is not Inner else "1"}

    async with open_storage(url) as storage:
        graph = with_node(outer, inner_of(inner, node), storage)
        assert set(ids(await graph.ainvoke({"question": "why"}, config))) == {"well?"}
    async with open_storage(url) as storage:
        graph = with_node(outer, inner_of(inner, node), storage)
        result = await graph.ainvoke(Command(resume="so"), config)
    assert (result["question"], result["answer"]) == ("why", "why: so")


async def test_L4_what_is_appended_includes_what_the_graph_was_given(storage: Storage, config: Config):
    """A shared key with an appending reducer: the graph's result is its whole list, and all of it is appended."""
    graph = chain(storage, ("sub", chain(None, ("inner", logs("inner")))))
    assert await graph.ainvoke({"log": ["in"]}, config) == {"log": ["in", "in", "inner"]}


async def test_L4_a_reducer_of_the_inner_state_is_its_own(storage: Storage, config: Config):
    class Plain(TypedDict):
        log: list[Any]

    graph = chain(storage, ("sub", inner_of(Plain, lambda state: {"log": ["replaced"]})))
    assert await graph.ainvoke({"log": ["in"]}, config) == {"log": ["in", "replaced"]}


async def test_L4_a_send_gives_each_task_its_own_input_and_each_asks(url: str, config: Config):
    class Item(TypedDict):
        name: str
        log: Annotated[list[Any], operator.add]

    def node(state: Item) -> Any:
        return {"log": [f"{state['name']}={interrupt(state['name'])}"]}

    def build(storage: Storage) -> CompiledGraph:
        builder = StateGraph(Log).add_node("sub", inner_of(Item, node))
        sends = [Send("sub", {"name": name}) for name in "abc"]
        return builder.add_conditional_edges(START, lambda _: sends, ["sub"]).compile(storage)

    async with open_storage(url) as storage:
        asked = ids(await build(storage).ainvoke({"log": []}, config))
    assert set(asked) == {"a", "b", "c"}
    async with open_storage(url) as storage:
        assert set(ids(await build(storage).ainvoke(Command(resume={asked["b"]: 2}), config))) == {"a", "c"}
        result = await build(storage).ainvoke(Command(resume={asked["a"]: 1, asked["c"]: 3}), config)
    assert result == {"log": ["a=1", "b=2", "c=3"]}


async def test_L4_several_graphs_side_by_side_ask_together_three_deep(url: str, config: Config):
    runs: list[str] = []

    def build(storage: Storage) -> CompiledGraph:
        builder = StateGraph(Log)
        for name in "ab":
            deep = chain(None, ("before", logs(f"{name} before", runs)), ("q", asks(name, runs)), name="deep")
            builder.add_node(name, chain(None, ("mid", chain(None, ("deep", deep), name="mid")), name="top"))
            builder.add_edge(START, name)
        return builder.compile(storage)

    async with open_storage(url) as storage:
        asked = ids(await build(storage).ainvoke({"log": []}, config))
    assert set(asked) == {"a", "b"}
    async with open_storage(url) as storage:
        assert set(ids(await build(storage).ainvoke(Command(resume={asked["a"]: 1}), config))) == {"b"}
        result = await build(storage).ainvoke(Command(resume={asked["b"]: 2}), config)
    assert result == {"log": ["a before", "a=1", "b before", "b=2"]}
    assert sorted(runs) == ["a", "a", "a before", "b", "b", "b before"]


@pytest.mark.parametrize("memory", [None, True, False])
@pytest.mark.parametrize("durable", [False, True], ids=["nothing stored", "stored"])
async def test_G5_the_recursion_limit_holds_in_each_graph(
    storage: Storage, config: Config, durable: bool, memory: bool | None
):
    builder = StateGraph(Log).add_node("again", logs("again")).add_edge(START, "again").add_edge("again", "again")
    graph = chain(storage if durable else None, ("sub", builder.compile(memory)))
    with pytest.raises(GraphRecursionError, match="after 5 steps"):
        await graph.ainvoke({"log": []}, {**config, "recursion_limit": 5})


async def test_G5_a_call_may_have_a_limit_of_its_own():
    builder = StateGraph(Log).add_node("again", logs("again")).add_edge(START, "again").add_edge("again", "again")
    inner = builder.compile()

    async def node(state: Log) -> Any:
        await inner.ainvoke({"log": []}, {"recursion_limit": 3})

    with pytest.raises(GraphRecursionError, match="after 3 steps"):
        await chain(None, ("n", node)).ainvoke({"log": []}, {"recursion_limit": 50})


@pytest.mark.parametrize("durable", [False, True], ids=["nothing stored", "stored"])
async def test_G5_a_graph_as_a_node_is_tried_again_from_where_it_failed(
    storage: Storage, config: Config, durable: bool
):
    runs: list[str] = []
    failing = [True, True]

    def flaky(state: Log) -> Any:
        runs.append("flaky")
        if failing.pop() if failing else False:
            raise ConnectionError("twice")
        return {"log": ["flaky"]}

    inner = chain(None, ("step", logs("step", runs)), ("flaky", flaky))
    policy = RetryPolicy(max_attempts=3, initial_interval=0, jitter=False)
    builder = StateGraph(Log).add_node("sub", inner, retry_policy=policy).add_edge(START, "sub")
    graph = builder.compile(storage if durable else None)
    assert await graph.ainvoke({"log": []}, config) == {"log": ["step", "flaky"]}
    assert runs == (["step", "flaky", "flaky", "flaky"] if durable else ["step", "flaky"] * 3)


async def test_D8_a_policy_of_a_graph_as_a_node_never_tries_a_question_again(storage: Storage, config: Config):
    runs: list[str] = []
    inner = chain(None, ("q", asks("q", runs)))
    policy = RetryPolicy(max_attempts=3, initial_interval=0, retry_on=lambda _: True)
    graph = StateGraph(Log).add_node("sub", inner, retry_policy=policy).add_edge(START, "sub").compile(storage)
    await graph.ainvoke({"log": []}, config)
    assert runs == ["q"]


async def test_B1_a_static_interrupt_within_a_subgraph_stops_the_thread_and_goes_on(url: str, config: Config):
    runs: list[str] = []

    def build(storage: Storage) -> CompiledGraph:
        inner = chain(None, ("a", logs("a", runs)), ("b", logs("b", runs)), interrupt_before=["b"])
        return chain(storage, ("sub", inner), ("after", logs("after", runs)))

    async with open_storage(url) as storage:
        assert await build(storage).ainvoke({"log": []}, config) == {"log": []}
        assert [row.payload for row in await storage.interrupts(kind="breakpoint")] == [{"before": ["b"], "after": []}]
    assert runs == ["a"]
    async with open_storage(url) as storage:
        assert await build(storage).ainvoke(None, config) == {"log": ["a", "b", "after"]}
    assert runs == ["a", "b", "after"]


async def test_L4_an_error_from_inside_names_its_node(storage: Storage, config: Config):
    inner = inner_of(Log, lambda state: {}["missing"], name="helper")
    with pytest.raises(KeyError) as raised:
        await chain(storage, ("sub", inner)).ainvoke({"log": []}, config)
    text = "".join(traceback.format_exception(raised.value))
    assert text.index("in node 'inner' of graph 'helper'") < text.index("in node 'sub' of graph 'graph'")


async def test_G4_what_a_called_graph_is_given_is_checked_as_an_input_is(storage: Storage, config: Config):
    inner = inner_of(InnerModel, lambda state: None)

    async def node(state: Any) -> Any:
        await inner.ainvoke({"question": ["no text"]})

    with pytest.raises(InvalidUpdateError, match="InnerModel"):
        await with_node(Outer, node, storage).ainvoke({}, config)


async def test_L4_to_be_stopped_does_not_cut_a_called_graph_short(storage: Storage, config: Config):
    inner = chain(None, ("a", logs("a")), ("b", logs("b")))
    graph = chain(storage, ("sub", inner), ("after", logs("after")))
    assert await graph.ainvoke({"log": []}, config, stop=lambda: True) == {"log": ["a", "b"]}
    assert (await graph.aget_state(config)).next == ("after",)
    assert await graph.ainvoke(None, config) == {"log": ["a", "b", "after"]}


async def test_L4_the_state_of_the_thread_can_be_read_in_a_node_and_not_edited(storage: Storage, config: Config):
    inner = chain(None, ("n", logs("n")))
    seen: list[Any] = []

    async def node(state: Log, config: Config) -> Any:
        seen.append(await graph.aget_state(config))
        with pytest.raises(ValueError, match="compiled without a checkpointer of its own"):
            await inner.aget_state(config)
        with pytest.raises(ValueError, match="compiled without a checkpointer of its own"):
            await inner.aupdate_state(config, {"log": []})
        with pytest.raises(ThreadBusy):
            await graph.aupdate_state(config, {"log": ["edit"]})
        return {"log": ["node"]}

    graph = chain(storage, ("n", node))
    assert await graph.ainvoke({"log": ["in"]}, config) == {"log": ["in", "node"]}
    (snapshot,) = seen
    assert isinstance(snapshot, StateSnapshot)
    assert (snapshot.values, snapshot.next) == ({"log": ["in"]}, ("n",))
