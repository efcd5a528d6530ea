"""Row L4 of docs/behaviour.md: whose checkpointer a graph uses that is called in a node, and where its questions go.

Every combination of the caller's checkpointer, the graph's own, the config it is called with and the way it is called;
what has to come of it is said by `expected`, in words.
"""

import itertools
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from graphs import START, Command, StateGraph, interrupt
from graphs.errors import GraphMisused, InterruptMisused, NotWaiting
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage, open_storage
from tests.runtime.asking import Log, asks, chain, ids

PARENTS = ["durable", "stored nowhere"]
CHILDREN = ["None", "True", "False", "own"]
CONFIGS = ["no config", "the caller's", "another thread"]
WAYS = ["node", "async", "def"]
TABLE = [
    (parent, child, how, given)
    for parent, child, how, given in itertools.product(PARENTS, CHILDREN, WAYS, CONFIGS)
    if how != "node" or given == "no config"
]

OTHER: Config = {"configurable": {"thread_id": "other"}}


def expected(parent: str, child: str, how: str, given: str) -> str:
    if child == "own" and given == "another thread":
        return "waits in the other thread, and the caller is told so"
    if child == "True" and given == "another thread":
        return "refused, its state has no other place"
    if child == "False":
        return "refused, it cannot ask"
    if parent == "durable":
        return "asks at the root"
    if child != "own":
        return "refused, it cannot ask"
    if how == "node":
        return "waits in the caller's thread, and that is an error since nobody is told"
    return "waits in the caller's thread, and the caller is told so"


@pytest.fixture
async def own(tmp_path: Path) -> AsyncGenerator[Storage]:
    """A checkpointer of the child's own."""
    async with open_storage(f"sqlite:///{tmp_path / 'own.db'}") as storage:
        yield storage


def build(storage: Storage | None, own: Storage, child: str, how: str, given: str, seen: list[Any]) -> CompiledGraph:
    memory = {"None": None, "True": True, "False": False, "own": own}[child]
    inner = chain(memory, ("q", asks("q")), name="inner")

    def of(config: Config) -> Config | None:
        return {"no config": None, "the caller's": config, "another thread": OTHER}[given]

    async def called(state: Log, config: Config) -> Any:
        seen.append(result := await inner.ainvoke({"log": []}, of(config)))
        return {"log": [*result["log"], "after"]}

    def called_in_a_def(state: Log, config: Config) -> Any:
        seen.append(result := inner.invoke({"log": []}, of(config)))
        return {"log": [*result["log"], "after"]}

    node = {"node": inner, "async": called, "def": called_in_a_def}[how]
    return StateGraph(Log).add_node("caller", node).add_edge(START, "caller").compile(storage)


@pytest.mark.parametrize(("parent", "child", "how", "given"), TABLE)
async def test_L4_no_question_is_lost_whoever_stores_what(
    url: str, own: Storage, config: Config, parent: str, child: str, how: str, given: str
):
    seen: list[Any] = []
    outcome = expected(parent, child, how, given)
    async with open_storage(url) as storage:
        graph = build(storage if parent == "durable" else None, own, child, how, given, seen)
        if outcome == "refused, it cannot ask":
            with pytest.raises(InterruptMisused, match="needs a checkpointer"):
                await graph.ainvoke({"log": []}, config)
            assert await storage.interrupts() == []
            assert await own.interrupts() == []
            return
        if outcome == "refused, its state has no other place":
            with pytest.raises(GraphMisused, match="checkpointer=True"):
                await graph.ainvoke({"log": []}, config)
            return
        if outcome == "asks at the root":
            assert set(ids(await graph.ainvoke({"log": []}, config))) == {"q"}
            assert [row.thread_id for row in await storage.interrupts()] == ["t1"]
            assert await own.interrupts() == []
        elif outcome.endswith("nobody is told"):
            with pytest.raises(InterruptMisused, match=r"the graph 'inner' is a node, and waits .* thread of its own"):
                await graph.ainvoke({"log": []}, config)
            assert [row.thread_id for row in await own.interrupts()] == ["t1"]
            return
        else:
            thread = "other" if "other thread" in outcome else "t1"
            assert (await graph.ainvoke({"log": []}, config))["log"] == ["after"]
            assert set(ids(seen[0])) == {"q"}
            assert [row.thread_id for row in await own.interrupts()] == [thread]
            inner = chain(own, ("q", asks("q")), name="inner")
            named: Config = {"configurable": {"thread_id": thread}}
            assert await inner.ainvoke(Command(resume=1), named) == {"log": ["q=1"]}
            return
    async with open_storage(url) as storage:
        graph = build(storage, own, child, how, given, seen)
        result = await graph.ainvoke(Command(resume=1), config)
        assert result == {"log": ["q=1"] if how == "node" else ["q=1", "after"]}
        with pytest.raises(NotWaiting):
            await graph.ainvoke(Command(resume=1), config)


@pytest.mark.parametrize("how", WAYS)
async def test_L4_one_with_a_checkpointer_of_its_own_needs_a_thread_where_the_caller_has_none(own: Storage, how: str):
    with pytest.raises(ValueError, match="thread_id"):
        await build(None, own, "own", how, "no config", []).ainvoke({"log": []})


@pytest.mark.parametrize("child", CHILDREN)
async def test_L4_one_that_asks_nothing_gives_its_result_everywhere(storage: Storage, config: Config, child: str):
    memory = {"None": None, "True": True, "False": False, "own": storage}[child]
    inner = chain(memory, ("n", lambda state: {"log": ["n"]}))
    for saver in (storage, None):
        graph = StateGraph(Log).add_node("inner", inner).add_edge(START, "inner").compile(saver)
        named: Config = {"configurable": {"thread_id": f"of {saver}"}}
        assert await graph.ainvoke({"log": []}, named) == {"log": ["n"]}


async def test_L4_nothing_of_one_compiled_with_false_is_stored_and_it_runs_again(storage: Storage, config: Config):
    runs: list[str] = []

    def step(state: Log) -> Any:
        runs.append("step")
        return {"log": ["step"]}

    inner = chain(False, ("step", step))

    async def node(state: Log) -> Any:
        result = await inner.ainvoke({"log": []})
        return {"log": [*result["log"], interrupt("q")]}

    graph = chain(storage, ("n", node))
    await graph.ainvoke({"log": []}, config)
    rows = await storage.read(lambda db: db.execute("select count(*) from checkpoints where ns <> ''").fetchone()[0])
    assert rows == 0
    assert await graph.ainvoke(Command(resume=1), config) == {"log": ["step", 1]}
    assert runs == ["step", "step"]


async def test_L4_graphs_within_one_that_stores_nothing_store_nothing_either(storage: Storage, config: Config):
    for memory in (None, True, storage):
        inner = chain(memory, ("q", asks("q")), name="inner")

        async def calls(state: Log, config: Config, inner: CompiledGraph = inner) -> Any:
            return await inner.ainvoke({"log": []}, config)

        graph = chain(storage, ("n", chain(False, ("calls", calls))))
        named: Config = {"configurable": {"thread_id": f"with {memory}"}}
        with pytest.raises(InterruptMisused, match="needs a checkpointer"):
            await graph.ainvoke({"log": []}, named)


async def test_L4_a_run_of_another_thread_is_a_run_like_any_other(storage: Storage, config: Config):
    counter = chain(storage, ("n", lambda state: {"log": [len(state["log"])]}))

    async def node(state: Log) -> Any:
        return {"log": [(await counter.ainvoke({"log": []}, OTHER))["log"]]}

    graph = chain(storage, ("n", node))
    await graph.ainvoke({"log": []}, config)
    assert await graph.ainvoke({"log": []}, config) == {"log": [[0], [0, 1]]}
    assert (await counter.aget_state(OTHER)).values == {"log": [0, 1]}


async def test_L4_the_routers_of_a_called_graph_are_no_part_of_the_node(storage: Storage, config: Config):
    builder = StateGraph(Log).add_node("n", lambda state: None)
    builder.add_conditional_edges(START, lambda state: interrupt("where?"), ["n"])
    inner, alone = builder.compile(), builder.compile(storage)

    async def node(state: Log) -> Any:
        await inner.ainvoke({"log": []})

    async def starts(state: Log) -> Any:
        await alone.ainvoke({"log": []}, OTHER)

    for caller in (node, starts):
        with pytest.raises(InterruptMisused, match="outside a node"):
            await chain(storage, ("caller", caller)).ainvoke({"log": []}, config, on_waiting="cancel")
