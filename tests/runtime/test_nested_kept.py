"""Row L4 of docs/behaviour.md: graphs compiled with checkpointer=True keep their state between calls."""

import asyncio
import itertools
import operator
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

import pytest

from graphs import START, Command, Send, StateGraph, interrupt, once
from graphs.errors import GraphMisused
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Connection, Storage, open_storage
from tests.runtime.asking import Log, asks, chain, cut_off, ids, logs

Node = Callable[..., Any]


def says(*lines: str) -> Any:
    return {"log": list(lines)}


def counts(name: str = "saw") -> Node:
    """A node that logs how many lines there were before it."""
    return lambda state: says(f"{name} {len(state['log'])}")


def kept(*nodes: tuple[str, Node], name: str = "kept") -> CompiledGraph:
    return chain(True, *(nodes or (("counts", counts()),)), name=name)


class Outer(TypedDict):
    """A state that no inner graph shares a key with."""

    told: Annotated[list[Any], operator.add]


def told_by(*inner: CompiledGraph, say: str = "hello") -> Node:
    """A node that calls graphs one after the other and tells what each gave."""

    async def node(state: Outer) -> Any:
        return {"told": [(await graph.ainvoke(says(say)))["log"] for graph in inner]}

    return node


def parent(storage: Storage | None, *nodes: tuple[str, Node]) -> CompiledGraph:
    builder = StateGraph(Outer)
    previous = START
    for name, node in nodes:
        builder.add_node(name, node).add_edge(previous, name)
        previous = name
    return builder.compile(storage)


async def told(graph: CompiledGraph, config: Config, given: Any = None) -> list[Any]:
    return (await graph.ainvoke({"told": []} if given is None else given, config))["told"]


@pytest.mark.parametrize("durability", ["sync", "exit"])
async def test_L4_the_next_call_begins_where_the_last_one_ended(url: str, config: Config, durability: Any):
    for _ in range(3):
        async with open_storage(url) as storage:
            graph = parent(storage, ("n", told_by(kept())))
            result = await graph.ainvoke({"told": []}, config, durability=durability)
    lines = [line for turn in range(3) for line in ("hello", f"saw {2 * turn + 1}")]
    assert result["told"] == [lines[:2], lines[:4], lines]


async def test_L4_each_thread_has_its_own(storage: Storage, config: Config):
    graph = parent(storage, ("n", told_by(kept())))
    await told(graph, config)
    assert await told(graph, {"configurable": {"thread_id": "t2"}}) == [["hello", "saw 1"]]


async def test_L4_as_a_node_and_in_a_graph_that_keeps_nothing(storage: Storage, config: Config):
    class Kept(TypedDict):
        own: Annotated[list[str], operator.add]

    seen: list[list[str]] = []

    def node(state: Kept) -> Any:
        seen.append(state["own"])
        return {"own": ["s"]}

    inner = StateGraph(Kept).add_node("n", node).add_edge(START, "n").compile(True)
    middle = StateGraph(Outer).add_node("inner", inner).add_edge(START, "inner").compile()
    graph = parent(storage, ("middle", middle))
    for _ in range(3):
        await told(graph, config)
    assert seen == [[], ["s"], ["s", "s"]]


async def test_L4_calls_of_one_graph_in_one_node_share_its_state(storage: Storage, config: Config):
    graph = parent(storage, ("n", told_by(inner := kept(), inner)))
    first, second = await told(graph, config)
    assert (first, second) == (["hello", "saw 1"], ["hello", "saw 1", "hello", "saw 3"])


async def test_L4_other_nodes_and_other_graphs_have_other_states(storage: Storage, config: Config):
    one, two, unnamed, other = kept(), kept(name="two"), kept(name="graph"), kept(name="graph")
    graph = parent(storage, ("a", told_by(one, two, unnamed, other)), ("b", told_by(one)))
    assert await told(graph, config) == [["hello", "saw 1"]] * 5
    assert (await told(graph, config))[5:] == [["hello", "saw 1", "hello", "saw 3"]] * 5


async def test_L4_a_question_in_it_surfaces_and_its_answer_is_kept(url: str, config: Config):
    runs: list[str] = []
    inner = kept(("before", logs("before", runs)), ("q", asks("q", runs)), ("after", counts()))
    for answer in (1, 2):
        async with open_storage(url) as storage:
            assert set(ids(await parent(storage, ("n", told_by(inner))).ainvoke({"told": []}, config))) == {"q"}
        async with open_storage(url) as storage:
            lines = (await told(parent(storage, ("n", told_by(inner))), config, Command(resume=answer)))[-1]
    assert lines == ["hello", "before", "q=1", "saw 3", "hello", "before", "q=2", "saw 7"]
    assert runs == ["before", "q", "q"] * 2


async def test_L4_two_that_ask_side_by_side_keep_what_each_was_answered(storage: Storage, config: Config):
    a, b = kept(("a", asks("a")), name="a"), kept(("b", asks("b")), name="b")

    async def node(state: Outer) -> Any:
        results = await asyncio.gather(a.ainvoke(says()), b.ainvoke(says()))
        return {"told": [result["log"] for result in results]}

    graph = parent(storage, ("n", node))
    for turn in "xy":
        asked = ids(await graph.ainvoke({"told": []}, config))
        assert set(ids(await graph.ainvoke(Command(resume={asked["a"]: turn}), config))) == {"b"}
        lines = await told(graph, config, Command(resume={asked["b"]: turn}))
    assert lines[-2:] == [["a='x'", "a='y'"], ["b='x'", "b='y'"]]


async def test_L4_two_deep_each_keeps_its_own(storage: Storage, config: Config):
    seen: list[tuple[str, list[str]]] = []

    class Deep(TypedDict):
        deep: Annotated[list[str], operator.add]

    class Middle(TypedDict):
        middle: Annotated[list[str], operator.add]

    def deep(state: Deep) -> Any:
        seen.append(("deep", state["deep"]))
        return {"deep": ["d"]}

    def step(state: Middle) -> Any:
        seen.append(("middle", state["middle"]))
        return {"middle": ["m"]}

    innermost = StateGraph(Deep).add_node("deep", deep).add_edge(START, "deep").compile(True)
    builder = StateGraph(Middle).add_node("step", step).add_node("inner", innermost)
    middle = builder.add_edge(START, "step").add_edge("step", "inner").compile(True)
    graph = parent(storage, ("middle", middle))
    for turn in range(3):
        seen.clear()
        await told(graph, config)
        assert seen == [("middle", ["m"] * turn), ("deep", ["d"] * turn)]


async def test_L4_in_a_loop_of_a_graph_that_keeps_nothing_each_round_goes_on(storage: Storage, config: Config):
    inner = kept()
    builder = StateGraph(Outer).add_node("n", told_by(inner)).add_edge(START, "n")
    builder.add_conditional_edges("n", lambda state: "n" if len(state["told"]) < 3 else "__end__", ["n", "__end__"])

    async def node(state: Outer) -> Any:
        return await builder.compile().ainvoke({"told": []})

    lines = await told(parent(storage, ("outer", node)), config)
    assert [len(each) for each in lines] == [2, 4, 6]


@pytest.mark.parametrize("way", ["gather", "Send"])
async def test_L4_twice_at_once_at_one_place_is_refused(storage: Storage, config: Config, way: str):
    inner = kept(("q", asks("q")))

    async def node(state: Outer) -> Any:
        await asyncio.gather(inner.ainvoke(says("a")), inner.ainvoke(says("b")))

    if way == "gather":
        graph = parent(storage, ("n", node))
    else:
        builder = StateGraph(Outer).add_node("n", told_by(inner))
        graph = builder.add_conditional_edges(START, lambda _: [Send("n", {}), Send("n", {})], ["n"]).compile(storage)
    with pytest.raises(GraphMisused, match="'n/kept' is called twice at the same time"):
        await graph.ainvoke({"told": []}, config)


async def test_L4_a_call_beside_one_that_waits_is_refused(storage: Storage, config: Config):
    inner = kept(("q", asks("q")))

    async def node(state: Any) -> Any:
        mark = await storage.changes.mark()
        while state["told"] == ["second"] and not await storage.interrupts():
            await storage.changes.wait(mark, 10)
            mark = await storage.changes.mark()
        await inner.ainvoke(says("a"))

    sends = [Send("n", {"told": [each]}) for each in ("first", "second")]
    builder = StateGraph(Outer).add_node("n", node)
    graph = builder.add_conditional_edges(START, lambda _: sends, ["n"]).compile(storage)
    with pytest.raises(GraphMisused, match="called twice at the same time"):
        await graph.ainvoke({"told": []}, config)


async def test_L4_another_task_that_called_it_while_a_call_waited_is_found_out(url: str, config: Config):
    """The second process does not know that a call waits, and nothing may be lost for that."""
    let: list[bool] = []

    def graph(storage: Storage) -> CompiledGraph:
        inner = kept(("q", lambda state: says(interrupt("q") if state["log"][-1] == "asks" else "said")))

        async def first(state: Any) -> Any:
            await inner.ainvoke(says("asks"))

        async def node(state: Any) -> Any:
            if state["told"] == ["first"]:
                await first(state)
            elif not let:
                raise LookupError("not yet")
            else:
                await inner.ainvoke(says("does not"))

        builder = StateGraph(Outer).add_node("n", node)
        sends = [Send("n", {"told": ["first"]}), Send("n", {"told": ["second"]})]
        return builder.add_conditional_edges(START, lambda _: sends, ["n"]).compile(storage)

    async with open_storage(url) as storage:
        with pytest.raises(LookupError):
            await graph(storage).ainvoke({"told": []}, config)
    let.append(True)
    async with open_storage(url) as storage:
        asked = ids(await graph(storage).ainvoke(None, config))
        with pytest.raises(GraphMisused, match="called twice at the same time"):
            await graph(storage).ainvoke(Command(resume={asked["q"]: 1}), config)


async def test_L4_a_fork_finds_what_was_kept_then(url: str, config: Config):
    builds = [("first", lambda state: {}), ("n", told_by(kept()))]
    async with open_storage(url) as storage:
        graph = parent(storage, *builds)
        for _ in range(3):
            await told(graph, config)
        history = [each async for each in graph.aget_state_history(config)]
        before = [each.config for each in history if each.next == ("n",)]
        assert len(before) == 3
    async with open_storage(url) as storage:
        graph = parent(storage, *builds)
        third, second, first = [(await graph.ainvoke(None, each))["told"][-1] for each in before]
        assert (len(first), len(second), len(third)) == (2, 4, 6)
        assert len((await told(graph, config))[-1]) == 4  # the newest is the fork of the first
        edited = await graph.aupdate_state(before[1], {"told": ["edited"]})
        assert len((await graph.ainvoke(None, edited))["told"][-1]) == 4


async def test_L4_a_fork_beside_a_step_in_flight_finds_what_was_kept_before_it(storage: Storage, config: Config):
    builder = StateGraph(Outer).add_node("n", told_by(kept())).add_edge(START, "n")
    graph = builder.add_node("q", lambda state: {"told": [interrupt("q")]}).add_edge(START, "q").compile(storage)
    await graph.ainvoke({"told": []}, config)
    await graph.ainvoke(Command(resume=1), config)
    (first,) = [each.config async for each in graph.aget_state_history(config) if "n" in each.next]
    await graph.ainvoke({"told": []}, config)  # the second call has ended, its step has not
    forked = await graph.ainvoke(None, first)
    assert forked["told"] == [["hello", "saw 1"]]


async def test_L4_after_a_crash_nothing_is_lost_and_nothing_counts_twice(url: str, config: Config):
    begun = asyncio.Event()

    def graph(storage: Storage) -> CompiledGraph:
        inner = kept()

        async def node(state: Outer) -> Any:
            first = await inner.ainvoke(says("a"))
            second = await inner.ainvoke(says("b"))
            if not begun.is_set():
                begun.set()
                await asyncio.Event().wait()
            return {"told": [first["log"], second["log"], (await inner.ainvoke(says("c")))["log"]]}

        return parent(storage, ("n", node))

    async def first_process() -> None:
        async with open_storage(url) as storage:
            await graph(storage).ainvoke({"told": []}, config)

    await cut_off(first_process(), begun)
    async with open_storage(url) as storage:
        a, b, c = ["a", "saw 1"], ["b", "saw 3"], ["c", "saw 5"]
        assert (await graph(storage).ainvoke(None, config))["told"] == [a, a + b, a + b + c]
        assert (await told(graph(storage), config))[3] == [*a, *b, *c, "a", "saw 7"]


async def test_L4_what_a_finished_task_kept_counts_when_its_sibling_is_answered_later(url: str, config: Config):
    def graph(storage: Storage) -> CompiledGraph:
        builder = StateGraph(Outer).add_node("n", told_by(kept())).add_edge(START, "n")
        builder.add_node("q", lambda state: {"told": [interrupt("q")]}).add_edge(START, "q")
        return builder.compile(storage)

    for _ in range(2):
        async with open_storage(url) as storage:
            await graph(storage).ainvoke({"told": []}, config)
        async with open_storage(url) as storage:
            lines = await told(graph(storage), config, Command(resume=1))
    assert lines[-2] == ["hello", "saw 1", "hello", "saw 3"]


@pytest.mark.parametrize("way", ["cancel", "edit", "end"])
async def test_L4_what_a_finished_task_kept_counts_when_its_step_is_left_otherwise(
    storage: Storage, config: Config, way: str
):
    builder = StateGraph(Outer).add_node("n", told_by(kept())).add_edge(START, "n")
    graph = builder.add_node("q", lambda state: interrupt("q")).add_edge(START, "q").compile(storage)
    await graph.ainvoke({"told": []}, config)
    if way == "cancel":
        await graph.ainvoke({"told": []}, config, on_waiting="cancel")
    else:
        await graph.aupdate_state(config, None, as_node="q" if way == "edit" else "__end__")
        await graph.ainvoke({"told": []}, config)
    assert (await graph.aget_state(config)).values["told"][-1] == ["hello", "saw 1", "hello", "saw 3"]


async def test_L4_what_was_done_in_an_effect_is_kept_when_its_node_asks_after_it(storage: Storage, config: Config):
    inner = kept()

    async def node(state: Outer) -> Any:
        first = await once("call", inner.ainvoke, says("a"))
        interrupt("q")
        return {"told": [first["log"], (await inner.ainvoke(says("b")))["log"]]}

    graph = parent(storage, ("n", node))
    await graph.ainvoke({"told": []}, config)
    first, second = await told(graph, config, Command(resume=1))
    assert (first, second) == (["a", "saw 1"], ["a", "saw 1", "b", "saw 3"])


async def test_L4_a_call_that_failed_leaves_what_its_steps_had_come_to(storage: Storage, config: Config):
    failing = [True]

    def flaky(state: Log) -> Any:
        if failing.pop() if failing else False:
            raise LookupError("once")
        return says(f"saw {len(state['log'])}")

    inner = kept(("step", logs("step")), ("flaky", flaky))

    async def node(state: Outer) -> Any:
        try:
            return {"told": [(await inner.ainvoke(says("a")))["log"]]}
        except LookupError:
            return {"told": [(await inner.ainvoke(says("b")))["log"]]}

    graph = parent(storage, ("n", node))
    assert await told(graph, config) == [["a", "step", "b", "step", "saw 4"]]
    assert (await told(graph, config))[1] == ["a", "step", "b", "step", "saw 4", "a", "step", "saw 7"]


async def test_P10_pruning_leaves_what_the_kept_checkpoints_name(storage: Storage, config: Config):
    graph = parent(storage, ("n", told_by(kept(), kept(name="other"))))
    for _ in range(4):
        await told(graph, config)
    await storage.prune("t1", keep=1)
    lines = (await told(graph, config))[-2:]
    assert [len(each) for each in lines] == [10, 10]
    await storage.prune("t1", keep=1)

    def nested_rows(db: Connection) -> int:
        return db.execute("select count(*) from checkpoints where ns <> ''").fetchone()[0]

    assert await storage.read(nested_rows) == 2


async def test_P6_what_is_kept_is_not_stored_again(storage: Storage, config: Config):
    graph = parent(storage, ("n", told_by(kept(), say="x" * 1000)))

    def stored(db: Connection) -> int:
        rows = db.execute("select data from state_values where key = 'log'").fetchall()
        return sum(len(data) for (data,) in rows)

    sizes: list[int] = []
    for _ in range(4):
        await told(graph, config)
        sizes.append(await storage.read(stored))
    growth = [after - before for before, after in itertools.pairwise(sizes)]
    assert max(growth) < 1200


async def test_L4_as_a_root_graph_it_says_where_it_runs(storage: Storage, config: Config):
    with pytest.raises(GraphMisused, match="checkpointer=True"):
        await kept().ainvoke(says("a"), config)
    with pytest.raises(RuntimeError):
        async for _ in kept().astream(says("a"), config):
            pass
    with pytest.raises(ValueError, match="compiled without a checkpointer"):
        await kept().aget_state(config)


async def test_L4_without_a_checkpointer_of_the_caller_there_is_nothing_to_keep_it_in():
    graph = parent(None, ("n", told_by(inner := kept(), inner)))
    assert (await graph.ainvoke({"told": []}))["told"] == [["hello", "saw 1"]] * 2
