"""Row D11 of docs/behaviour.md: graphs in graphs, as a node or called in one."""

import asyncio
import operator
from typing import Annotated, Any, TypedDict

import pytest

from graphs import START, Command, Send, StateGraph, interrupt
from graphs.errors import GraphChanged, InterruptMisused
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage, open_storage
from tests.runtime.asking import Log, asks, chain, cut_off, ids, logs


def calling(inner: CompiledGraph, runs: list[str] | None = None) -> Any:
    """A node that calls a graph as a function."""

    async def node(state: Log) -> dict[str, Any]:
        if runs is not None:
            runs.append("outer")
        return {"log": (await inner.ainvoke({"log": []}))["log"]}

    return node


@pytest.mark.parametrize("durability", ["sync", "exit"])
async def test_D11_a_question_reaches_the_root_and_its_answer_the_inner_node(
    storage: Storage, config: Config, durability: Any
):
    runs: list[str] = []
    inner = chain(None, ("before", logs("before", runs)), ("q", asks("q", runs)), ("after", logs("after", runs)))
    graph = chain(storage, ("first", logs("first")), ("outer", calling(inner, runs)), ("last", logs("last")))
    asked = ids(await graph.ainvoke({"log": []}, config, durability=durability))
    assert set(asked) == {"q"}
    assert (await graph.aget_state(config)).next == ("outer",)
    result = await graph.ainvoke(Command(resume={asked["q"]: 1}), config, durability=durability)
    assert result == {"log": ["first", "before", "q=1", "after", "last"]}
    assert runs == ["outer", "before", "q", "outer", "q", "after"]


async def test_D11_as_a_node(storage: Storage, config: Config):
    runs: list[str] = []
    inner = chain(None, ("before", logs("before", runs)), ("q", asks("q", runs)))
    graph = StateGraph(Log).add_node("inner", inner).add_edge(START, "inner").compile(storage)
    await graph.ainvoke({"log": []}, config)
    assert await graph.ainvoke(Command(resume=1), config) == {"log": ["before", "q=1"]}
    assert runs == ["before", "q", "q"]


async def test_D11_three_deep_and_several_calls_in_one_node(storage: Storage, config: Config):
    runs: list[str] = []
    innermost = chain(None, ("q", asks("q", runs)), name="innermost")
    middle = chain(None, ("middle", calling(innermost, runs)), name="middle")

    async def node(state: Log) -> dict[str, Any]:
        first, second = (await middle.ainvoke({"log": []}))["log"], (await middle.ainvoke({"log": []}))["log"]
        return {"log": [*first, *second]}

    graph = chain(storage, ("n", node))
    await graph.ainvoke({"log": []}, config)
    assert set(ids(await graph.ainvoke(Command(resume=1), config))) == {"q"}
    assert await graph.ainvoke(Command(resume=2), config) == {"log": ["q=1", "q=2"]}
    assert runs == ["outer", "q", "outer", "q", "outer", "q", "outer", "q"]


async def test_D11_graphs_that_run_side_by_side_in_a_node_ask_together(storage: Storage, config: Config):
    graphs = [chain(None, (name, asks(name)), name=name) for name in "ab"]

    async def node(state: Log) -> dict[str, Any]:
        results = await asyncio.gather(*(graph.ainvoke({"log": []}) for graph in graphs))
        return {"log": [line for result in results for line in result["log"]]}

    graph = chain(storage, ("n", node))
    asked = ids(await graph.ainvoke({"log": []}, config))
    assert set(asked) == {"a", "b"}
    assert set(ids(await graph.ainvoke(Command(resume={asked["b"]: 2}), config))) == {"a"}
    assert await graph.ainvoke(Command(resume={asked["a"]: 1}), config) == {"log": ["a=1", "b=2"]}


async def test_D11_a_finished_inner_graph_is_not_run_again_when_the_node_asks_after_it(
    storage: Storage, config: Config
):
    runs: list[str] = []
    inner = chain(None, ("inner", logs("inner", runs)))

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [*(await inner.ainvoke({"log": []}))["log"], interrupt("after")]}

    graph = chain(storage, ("n", node))
    await graph.ainvoke({"log": []}, config)
    assert await graph.ainvoke(Command(resume=1), config) == {"log": ["inner", 1]}
    assert runs == ["inner"]


async def test_D11_a_question_answered_while_an_inner_sibling_runs_starts_its_node_at_once(
    storage: Storage, config: Config
):
    answered = asyncio.Event()

    async def sibling(state: Log) -> dict[str, Any]:
        await asyncio.wait_for(answered.wait(), 10)
        return {"log": ["sibling"]}

    async def asker(state: Log) -> dict[str, Any]:
        answer = interrupt("q")
        answered.set()
        return {"log": [answer]}

    builder = StateGraph(Log).add_node("sibling", sibling).add_node("asker", asker)
    inner = builder.add_edge(START, "sibling").add_edge(START, "asker").compile()
    graph = chain(storage, ("outer", calling(inner)))
    run = asyncio.create_task(graph.ainvoke({"log": []}, config))
    mark = await storage.changes.mark()
    while not (waiting := await storage.interrupts()):
        await storage.changes.wait(mark, 10)
        mark = await storage.changes.mark()
    await graph.aanswer(config, {waiting[0].id: "yes"})
    assert sorted((await run)["log"]) == ["sibling", "yes"]


async def test_D11_an_inner_node_that_failed_is_run_again_and_what_finished_is_not(storage: Storage, config: Config):
    runs: list[str] = []
    failing = [True]

    def flaky(state: Log) -> dict[str, Any]:
        runs.append("flaky")
        if failing.pop() if failing else False:
            raise LookupError("once")
        return {"log": ["flaky"]}

    inner = chain(None, ("before", logs("before", runs)), ("flaky", flaky))
    graph = chain(storage, ("outer", calling(inner, runs)))
    with pytest.raises(LookupError):
        await graph.ainvoke({"log": []}, config)
    assert await graph.ainvoke(None, config) == {"log": ["before", "flaky"]}
    assert runs == ["outer", "before", "flaky", "outer", "flaky"]


@pytest.mark.parametrize("durability", ["sync", "exit"])
async def test_D11_a_run_cut_off_inside_goes_on_inside(url: str, config: Config, durability: Any):
    runs: list[str] = []
    begun = asyncio.Event()

    async def hangs(state: Log) -> dict[str, Any]:
        runs.append("hangs")
        if not begun.is_set():
            begun.set()
            await asyncio.Event().wait()
        return {"log": ["went on"]}

    inner = chain(None, ("before", logs("before", runs)), ("q", asks("q", runs)), ("hangs", hangs))

    async def first_process() -> None:
        async with open_storage(url) as storage:
            graph = chain(storage, ("outer", calling(inner)))
            await graph.ainvoke({"log": []}, config)
            await graph.ainvoke(Command(resume=1), config, durability=durability)

    await cut_off(first_process(), begun)
    async with open_storage(url) as storage:
        graph = chain(storage, ("outer", calling(inner)))
        assert await graph.ainvoke(None, config) == {"log": ["before", "q=1", "went on"]}
    assert runs.count("before") == 1
    assert runs.count("q") == (2 if durability == "sync" else 3)


async def test_D11_one_of_two_inner_graphs_that_was_cut_off_goes_on_while_the_other_waits(url: str, config: Config):
    runs: list[str] = []
    begun = asyncio.Event()

    async def hangs(state: Log) -> dict[str, Any]:
        runs.append("hangs")
        if not begun.is_set():
            begun.set()
            await asyncio.Event().wait()
        return {"log": ["went on"]}

    graphs = [
        chain(None, ("q", asks("q", runs)), ("hangs", hangs), name="first"),
        chain(None, ("r", asks("r", runs)), name="second"),
    ]

    async def node(state: Log) -> dict[str, Any]:
        results = await asyncio.gather(*(graph.ainvoke({"log": []}) for graph in graphs))
        return {"log": [line for result in results for line in result["log"]]}

    async def first_process() -> None:
        async with open_storage(url) as storage:
            graph = chain(storage, ("n", node))
            asked = ids(await graph.ainvoke({"log": []}, config))
            await graph.ainvoke(Command(resume={asked["q"]: 1}), config)

    await cut_off(first_process(), begun)
    async with open_storage(url) as storage:
        graph = chain(storage, ("n", node))
        asked = ids(await graph.ainvoke(None, config))
        assert set(asked) == {"r"}
        assert (sorted(runs[:2]), runs[2:]) == (["q", "r"], ["q", "hangs", "hangs"])
        assert (await graph.ainvoke(Command(resume=2), config))["log"] == ["q=1", "went on", "r=2"]


async def test_D11_a_node_that_is_gone_from_an_inner_graph_is_named(storage: Storage, config: Config):
    await chain(storage, ("outer", calling(chain(None, ("old", asks("q")))))).ainvoke({"log": []}, config)
    renamed = chain(storage, ("outer", calling(chain(None, ("new", asks("q"))))))
    with pytest.raises(GraphChanged, match="waits in node 'old' of the graph 'graph'"):
        await renamed.ainvoke(Command(resume=1), config)
    back = chain(storage, ("outer", calling(chain(None, ("old", asks("q"))))))
    assert await back.ainvoke(None, config) == {"log": ["q=1"]}


async def test_D11_an_inner_router_cannot_ask_in_the_outer_nodes_name(storage: Storage, config: Config):
    builder = StateGraph(Log).add_node("n", logs("n")).add_edge(START, "n")
    inner = builder.add_conditional_edges("n", lambda state: interrupt("where?"), ["n"]).compile()
    with pytest.raises(InterruptMisused, match="outside a node"):
        await chain(storage, ("outer", calling(inner))).ainvoke({"log": []}, config)


class Given(TypedDict, total=False):
    log: Annotated[list[Any], operator.add]
    given: Any


def quotes(state: Given) -> dict[str, Any]:
    """A node that asks in the words of what it was given."""
    return {"log": [interrupt(repr(state.get("given")))]}


@pytest.mark.parametrize("durability", ["sync", "exit"])
@pytest.mark.parametrize("keeps", [None, True], ids=["of a call", "of a graph that keeps its state"])
@pytest.mark.parametrize("sent", [False, True], ids=["as input", "by a router at the beginning"])
async def test_D11_what_an_inner_graph_is_given_is_the_same_when_its_question_is_answered(
    url: str, config: Config, durability: Any, keeps: Any, sent: bool
) -> None:
    def build(storage: Storage) -> CompiledGraph:
        inner = StateGraph(Given).add_node("quotes", quotes)
        if sent:
            inner.add_conditional_edges(START, lambda state: [Send("quotes", {"given": (1, {2: 3})})], ["quotes"])
        else:
            inner.add_edge(START, "quotes")
        called = inner.compile(keeps)

        async def node(state: Log) -> dict[str, Any]:
            return {"log": (await called.ainvoke({"log": ("begun",), "given": (1, {2: 3})}))["log"]}

        return chain(storage, ("n", node))

    async with open_storage(url) as storage:
        (question,) = (await build(storage).ainvoke({"log": []}, config, durability=durability))["__interrupt__"]
    assert question.value == "[1, {'2': 3}]"
    async with open_storage(url) as storage:
        result = await build(storage).ainvoke(Command(resume={question.id: "yes"}), config, durability=durability)
    assert result == {"log": ["begun", "yes"]}


async def test_D11_what_an_inner_graph_without_a_checkpointer_is_given_stays_as_it_is(config: Config) -> None:
    inner = StateGraph(Given).add_node("n", lambda state: {"log": [state.get("given")]}).add_edge(START, "n").compile()

    async def node(state: Log) -> dict[str, Any]:
        return {"log": (await inner.ainvoke({"given": (1, {2: 3})}))["log"]}

    assert await chain(None, ("n", node)).ainvoke({"log": []}, config) == {"log": [(1, {2: 3})]}


def in_a_tuple(old: Any, new: Any) -> Any:
    return (*old, *new)


class Reduced(TypedDict, total=False):
    log: Annotated[list[Any], operator.add]
    given: Annotated[list[Any], in_a_tuple]


@pytest.mark.parametrize("durability", ["sync", "exit"])
@pytest.mark.parametrize(
    "keeps", ["root", None, True], ids=["the root", "of a call", "of a graph that keeps its state"]
)
@pytest.mark.parametrize("steps", [0, 1, 2])
async def test_P7_what_a_reducer_made_is_the_same_when_a_question_about_it_is_answered(
    url: str, config: Config, durability: Any, keeps: Any, steps: int
) -> None:
    def build(storage: Storage) -> CompiledGraph:
        before = [(f"n{number}", lambda state: {"given": [("n",)]}) for number in range(steps)]
        builder = StateGraph(Reduced).add_sequence([*before, ("quotes", quotes)])
        builder.add_edge(START, before[0][0] if before else "quotes")
        if keeps == "root":
            return builder.compile(storage)
        return StateGraph(Reduced).add_node("inner", builder.compile(keeps)).add_edge(START, "inner").compile(storage)

    async with open_storage(url) as storage:
        asked = await build(storage).ainvoke({"log": [], "given": ((9,),)}, config, durability=durability)
    (question,) = asked["__interrupt__"]
    assert question.value == repr([[9], *([["n"]] * steps)])
    async with open_storage(url) as storage:
        result = await build(storage).ainvoke(Command(resume={question.id: "yes"}), config, durability=durability)
    assert result["log"] == ["yes"]
