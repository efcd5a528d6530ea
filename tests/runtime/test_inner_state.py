"""Row L4 of docs/behaviour.md, the reading side: the state of graphs within a thread, edited and gone back to."""

import operator
from decimal import Decimal
from typing import Annotated, Any, TypedDict

import pytest

from graphs import START, Command, StateGraph, interrupt
from graphs.errors import AnswerError, InvalidUpdateError, LeftOut, NotWaiting
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config, PendingTask, StateSnapshot
from storage import Storage, open_storage
from tests.runtime.asking import Log, asks, chain, fan, ids, logs


def calling(*inner: CompiledGraph, runs: list[str] | None = None) -> Any:
    """A node that calls graphs, one after the other."""

    async def node(state: Log) -> dict[str, Any]:
        if runs is not None:
            runs.append("outer")
        return {"log": [each for graph in inner for each in (await graph.ainvoke({"log": []}))["log"]]}

    return node


def questions(name: str = "inner", runs: list[str] | None = None, checkpointer: Any = None) -> CompiledGraph:
    """A graph of one's own: it logs, asks twice and logs."""
    steps = (
        ("first", logs("first", runs)),
        ("q", asks("q", runs)),
        ("r", asks("r", runs)),
        ("last", logs("last", runs)),
    )
    return chain(checkpointer, *steps, name=name)


def as_node(storage: Storage | None, inner: CompiledGraph, runs: list[str] | None = None) -> CompiledGraph:
    """A graph that has another as a node, between two of its own."""
    return chain(
        storage, ("before", logs("before", runs)), ("inner", inner), ("after", logs("after", runs)), name="mid"
    )


async def inner_of(graph: CompiledGraph, config: Config, *path: str) -> StateSnapshot:
    """The snapshot of the graph called in this task now, and in that one's, and so on."""
    snapshot = await graph.aget_state(config, subgraphs=True)
    for name in path:
        (task,) = [task for task in snapshot.tasks if task.name == name]
        assert isinstance(task.state, StateSnapshot)
        snapshot = task.state
    return snapshot


def task_of(snapshot: StateSnapshot, name: str) -> PendingTask:
    return next(task for task in snapshot.tasks if task.name == name)


async def test_L4_a_task_shows_the_graph_that_is_called_in_it(url: str, config: Config) -> None:
    async with open_storage(url) as storage:
        asked = ids(await as_node(storage, questions()).ainvoke({"log": []}, config))
    async with open_storage(url) as storage:
        graph = as_node(storage, questions())
        inner = await inner_of(graph, config, "inner")
        assert (inner.values, inner.next) == ({"log": ["before", "first"]}, ("q",))
        assert [(task.name, [each.id for each in task.interrupts]) for task in inner.tasks] == [("q", [asked["q"]])]
        assert [each.id for each in inner.interrupts] == [asked["q"]]
        task = task_of(await graph.aget_state(config), "inner")
        assert task.state == {"configurable": {"thread_id": "t1", "checkpoint_ns": f"inner:{task.id}"}}
        assert await graph.aget_state(task.state) == inner  # type: ignore[arg-type]
        recorded = await graph.aget_state(inner.config)
        assert (recorded.values, recorded.next, recorded.config) == (inner.values, inner.next, inner.config)


async def test_L4_a_graph_called_by_a_nodes_code_shows_plain_values(storage: Storage, config: Config) -> None:
    class Priced(TypedDict):
        price: Decimal
        seen: Annotated[list[str], operator.add]

    def ask(state: Priced) -> dict[str, Any]:
        return {"seen": [interrupt("ok?")]}

    builder = StateGraph(Priced).add_node("price", lambda state: {"price": Decimal("1.10"), "seen": ["priced"]})
    inner = builder.add_node("ask", ask).add_edge(START, "price").add_edge("price", "ask").compile()

    async def node(state: Log) -> dict[str, Any]:
        return {"log": (await inner.ainvoke({"seen": []}))["seen"]}

    graph = chain(storage, ("n", node))
    await graph.ainvoke({"log": []}, config)
    assert isinstance(task_of(await graph.aget_state(config), "n").state, dict)
    snapshot = await inner_of(graph, config, "n")
    assert (snapshot.values, snapshot.next) == ({"price": "1.10", "seen": ["priced"]}, ("ask",))
    assert [each.value for each in snapshot.interrupts] == ["ok?"]
    older = [each async for each in graph.aget_state_history(snapshot.config)]
    assert [(each.next, [task.result for task in each.tasks]) for each in older] == [
        (("ask",), [None]),
        (("price",), [{"price": "1.10", "seen": ["priced"]}]),
    ]
    with pytest.raises(LeftOut, match="as a node"):
        await graph.aupdate_state(snapshot.config, {"seen": ["edited"]})


async def test_L4_a_task_without_a_graph_has_no_state(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("q", asks("q")))
    await graph.ainvoke({"log": []}, config)
    for subgraphs in (False, True):
        assert task_of(await graph.aget_state(config, subgraphs=subgraphs), "q").state is None


async def test_L4_graphs_side_by_side_and_within_one_another(storage: Storage, config: Config) -> None:
    middle = as_node(None, questions(name="innermost"))
    graph = fan(storage, ("left", middle), ("right", middle), ("plain", logs("plain")))
    await graph.ainvoke({"log": []}, config)
    for name in ("left", "right"):
        deepest = await inner_of(graph, config, name, "inner")
        assert (deepest.values, deepest.next) == ({"log": ["before", "first"]}, ("q",))
        assert await graph.aget_state(deepest.config, subgraphs=True) == await graph.aget_state(deepest.config)
    left, right = [await inner_of(graph, config, name, "inner") for name in ("left", "right")]
    answered = left.interrupts[0].id
    await graph.ainvoke(Command(resume={answered: 1}), config)
    assert (await inner_of(graph, config, "left", "inner")).next == ("r",)
    assert await inner_of(graph, config, "right", "inner") == right


async def test_L4_of_several_graphs_in_one_task_the_one_that_asks_is_shown(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("n", calling(chain(None, ("x", logs("x"))), questions(), questions())))
    asked = ids(await graph.ainvoke({"log": []}, config))
    first = await inner_of(graph, config, "n")
    assert [each.id for each in first.interrupts] == [asked["q"]]
    asked = ids(await graph.ainvoke(Command(resume=1), config))
    await graph.ainvoke(Command(resume=2), config)
    second = await inner_of(graph, config, "n")
    assert (second.next, second.values) == (("q",), {"log": ["first"]})
    assert second.config["configurable"]["checkpoint_ns"] != first.config["configurable"]["checkpoint_ns"]  # type: ignore[typeddict-item]


async def test_L4_the_history_of_a_graph_within_the_thread(storage: Storage, config: Config) -> None:
    graph = as_node(storage, questions())
    await graph.ainvoke({"log": []}, config)
    await graph.ainvoke(Command(resume=1), config)
    inner = await inner_of(graph, config, "inner")
    await graph.ainvoke(Command(resume=2), config)
    snapshots = [each async for each in graph.aget_state_history(inner.config)]
    assert [(each.next, [task.result for task in each.tasks]) for each in snapshots] == [
        ((), []),
        (("last",), [{"log": ["last"]}]),
        (("r",), [{"log": ["r=2"]}]),
        (("q",), [{"log": ["q=1"]}]),
        (("first",), [{"log": ["first"]}]),
    ]
    assert [each.answered for each in snapshots[2].interrupts] == [True]
    assert snapshots[2].parent_config == snapshots[3].config
    assert [each async for each in graph.aget_state_history(inner.config, before=snapshots[3].config)] == snapshots[4:]
    unknown: Config = {"configurable": {"thread_id": "t1", "checkpoint_ns": "inner:nobody"}}
    assert [each async for each in graph.aget_state_history(unknown)] == []
    assert (await graph.aget_state(unknown)).values == {}


async def test_L4_nodes_that_are_graphs_are_listed(storage: Storage) -> None:
    innermost = questions(name="innermost")
    middle = as_node(None, innermost)
    graph = chain(storage, ("left", middle), ("plain", logs("plain")))
    assert list(graph.get_subgraphs()) == [("left", middle)]
    assert [each async for each in graph.aget_subgraphs(recurse=True)] == [("left", middle), ("left|inner", innermost)]
    assert list(graph.get_subgraphs(namespace="left|inner", recurse=True)) == [("left|inner", innermost)]


async def test_L4_an_edit_changes_the_inner_state_while_it_waits(url: str, config: Config) -> None:
    runs: list[str] = []
    async with open_storage(url) as storage:
        graph = as_node(storage, questions(runs=runs), runs)
        asked = ids(await graph.ainvoke({"log": []}, config))
        inner = await inner_of(graph, config, "inner")
        fork = await graph.aupdate_state(inner.config, {"log": ["edited"]})
    async with open_storage(url) as storage:
        graph = as_node(storage, questions(runs=runs), runs)
        assert (await inner_of(graph, config, "inner")).values == {"log": ["before", "first", "edited"]}
        assert (await inner_of(graph, config, "inner")).config == fork
        assert ids(await graph.ainvoke(None, fork)) == asked
        runs.clear()
        assert set(ids(await graph.ainvoke(Command(resume=1), fork))) == {"r"}
        result = await graph.ainvoke(Command(resume=2), config)
        assert result["log"] == ["before", "before", "first", "edited", "q=1", "r=2", "last", "after"]
        assert runs == ["q", "r", "r", "last", "after"]


async def test_L4_an_edit_in_the_place_of_the_node_that_waits_goes_on_behind_it(
    storage: Storage, config: Config
) -> None:
    graph = as_node(storage, questions())
    await graph.ainvoke({"log": []}, config)
    inner = await inner_of(graph, config, "inner")
    await graph.aupdate_state(inner.config, {"log": ["by hand"]}, as_node="q")
    assert await storage.interrupts() == []
    assert set(ids(await graph.ainvoke(None, config))) == {"r"}
    await graph.aupdate_state((await inner_of(graph, config, "inner")).config, None, as_node="__end__")
    assert (await graph.ainvoke(None, config))["log"] == ["before", "before", "first", "by hand", "after"]
    with pytest.raises(NotWaiting, match="has ended"):
        await graph.aupdate_state(
            {"configurable": {"thread_id": "t1", "checkpoint_ns": inner.config["configurable"]["checkpoint_ns"]}},  # type: ignore[typeddict-item]
            {"log": ["late"]},
        )


async def test_L4_an_edit_beside_a_question_that_waits_has_its_graph_go_on(storage: Storage, config: Config) -> None:
    side_by_side = (
        StateGraph(Log).add_node("one", asks("one")).add_node("two", asks("two")).add_node("more", logs("more"))
    )
    side_by_side.add_edge(START, "one").add_edge(START, "two").add_edge("one", "more")
    graph = as_node(storage, side_by_side.compile())
    asked = ids(await graph.ainvoke({"log": []}, config))
    snapshot = await inner_of(graph, config, "inner")
    await graph.aupdate_state(snapshot.config, {"log": ["by hand"]}, as_node="one")
    assert set((await inner_of(graph, config, "inner")).next) == {"two", "more"}
    assert ids(await graph.ainvoke(None, config)) == {"two": asked["two"]}
    assert task_of(await inner_of(graph, config, "inner"), "more").result == {"log": ["more"]}


async def test_L4_an_edit_that_the_inner_state_does_not_take_changes_nothing(storage: Storage, config: Config) -> None:
    graph = as_node(storage, questions())
    await graph.ainvoke({"log": []}, config)
    inner = await inner_of(graph, config, "inner")
    with pytest.raises(InvalidUpdateError, match="'tone'"):
        await graph.aupdate_state(inner.config, {"tone": 1})
    nobody: Config = {"configurable": {"thread_id": "t1", "checkpoint_ns": "before:0"}}
    with pytest.raises(NotWaiting, match="no graph"):
        await graph.aupdate_state(nobody, {"log": []})
    assert await inner_of(graph, config, "inner") == inner


@pytest.mark.parametrize("edited", [False, True], ids=["replayed", "forked"])
@pytest.mark.parametrize("ended", [False, True], ids=["while it waits", "when it has ended"])
@pytest.mark.parametrize("keeps", [None, True], ids=["of a call", "of a graph that keeps its state"])
async def test_L4_one_can_go_back_to_a_checkpoint_within_a_graph(
    url: str, config: Config, edited: bool, ended: bool, keeps: Any
) -> None:
    runs: list[str] = []

    def build(storage: Storage) -> CompiledGraph:
        inner = questions(runs=runs, checkpointer=keeps)
        return chain(storage, ("outer", as_node(None, inner, runs)), ("end", logs("end", runs)))

    async with open_storage(url) as storage:
        graph = build(storage)
        await graph.ainvoke({"log": []}, config)
        at_first = await inner_of(graph, config, "outer", "inner")
        await graph.ainvoke(Command(resume=1), config)
        if ended:
            await graph.ainvoke(Command(resume=2), config)
    async with open_storage(url) as storage:
        graph = build(storage)
        runs.clear()
        there = at_first.config
        if edited:
            there = await graph.aupdate_state(there, {"log": ["forked"]})
        (question,) = (await graph.ainvoke(None, there))["__interrupt__"]
        assert (question.value, question.id != at_first.interrupts[0].id) == ("q", True)
        assert runs == ["q"]
        assert [row.id for row in await storage.interrupts()] == [question.id]
    async with open_storage(url) as storage:
        graph = build(storage)
        await graph.ainvoke(Command(resume="new"), config)
        result = await graph.ainvoke(Command(resume="newer"), config)
        middle = ["before", "before", "first", *(["forked"] if edited else []), "q='new'", "r='newer'", "last", "after"]
        assert result == {"log": [*middle, "end"]}
        assert runs == ["q", "q", "r", "r", "last", "after", "end"]
        recorded = await graph.aget_state(at_first.config)
        assert (recorded.values, recorded.next) == ({"log": ["before", "first"]}, ("q",))


async def test_L4_what_a_task_had_called_before_gives_again_what_it_gave(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    one, two = chain(None, ("x", logs("x", runs)), name="one"), questions(name="two", runs=runs)
    graph = chain(storage, ("n", calling(one, two, runs=runs)))
    await graph.ainvoke({"log": []}, config)
    at_first = await inner_of(graph, config, "n")
    await graph.ainvoke(Command(resume=1), config)
    await graph.ainvoke(Command(resume=2), config)
    runs.clear()
    assert set(ids(await graph.ainvoke(None, at_first.config))) == {"q"}
    assert runs == ["outer", "q"]
    await graph.ainvoke(Command(resume=3), config)
    assert (await graph.ainvoke(Command(resume=4), config))["log"] == ["x", "first", "q=3", "r=4", "last"]


async def test_L4_what_an_inner_checkpoint_does_not_take_is_refused(storage: Storage, config: Config) -> None:
    graph = as_node(storage, questions())
    await graph.ainvoke({"log": []}, config)
    at_first = await inner_of(graph, config, "inner")
    await graph.ainvoke(Command(resume=1), config)
    with pytest.raises(AnswerError, match="does not wait at that checkpoint"):
        await graph.ainvoke(Command(resume=2), at_first.config)
    with pytest.raises(LeftOut, match="leave checkpoint_ns out"):
        await graph.ainvoke({"log": []}, at_first.config)
    await graph.ainvoke(Command(resume=2), (await inner_of(graph, config, "inner")).config)
    newest = await anext(aiter(graph.aget_state_history(at_first.config)))
    with pytest.raises(NotWaiting, match="is the end"):
        await graph.ainvoke(None, newest.config)
    lost: Config = {"configurable": {"thread_id": "t1", "checkpoint_ns": "inner:0", "checkpoint_id": "0" * 32}}
    with pytest.raises(NotWaiting, match="no such checkpoint"):
        await graph.ainvoke(None, lost)


async def test_P10_of_a_pruned_thread_what_is_in_flight_can_still_be_gone_back_to(
    storage: Storage, config: Config
) -> None:
    graph = as_node(storage, questions())
    await graph.ainvoke({"log": []}, config)
    await graph.ainvoke(Command(resume=1), config)
    inner = await inner_of(graph, config, "inner")
    await storage.prune("t1", keep=1)
    assert (await inner_of(graph, config, "inner")).values == inner.values
    fork = await graph.aupdate_state(inner.config, {"log": ["edited"]})
    assert (await graph.ainvoke(Command(resume=2), fork))["log"][-4:] == ["edited", "r=2", "last", "after"]
    await storage.prune("t1", keep=1)
    with pytest.raises(NotWaiting, match="no such checkpoint"):
        await graph.ainvoke(None, inner.config)
