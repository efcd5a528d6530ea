"""Row L8 of docs/behaviour.md: `Command(graph=Command.PARENT)` from a node of a graph called inside another."""

import asyncio
import operator
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, Literal, TypedDict

import pytest
from pydantic import BaseModel

from graphs import END, START, Command, RetryPolicy, Send, StateGraph, interrupt, once
from graphs.errors import GraphChanged, InterruptMisused, InvalidGraph, InvalidUpdateError
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.functional import entrypoint, task
from graphs.runtime.types import Config
from storage import Storage, open_storage
from tests.runtime.asking import Log, asks, chain, cut_off, ids, logs

Node = Callable[..., Any]


class Outer(TypedDict, total=False):
    """A state of which the inner graphs know one key."""

    log: Annotated[list[Any], operator.add]
    name: str


def commands(update: Any = None, goto: Any = (), runs: list[str] | None = None) -> Node:
    def node(state: Log) -> Any:
        if runs is not None:
            runs.append("commands")
        return Command(graph=Command.PARENT, update=update, goto=goto)

    return node


def calling(inner: CompiledGraph, runs: list[str] | None = None) -> Node:
    """A node that calls a graph, and says that it had its result."""

    async def node(state: Outer) -> dict[str, Any]:
        await inner.ainvoke({"log": []})
        if runs is not None:
            runs.append("after the call")
        return {"log": ["not said"]}

    return node


def calling_def(inner: CompiledGraph, runs: list[str] | None = None) -> Node:
    """The same by a plain function, which leaves the waiting to whoever called it."""

    def node(state: Outer) -> Any:
        return calling(inner, runs)(state)

    return node


def as_node(inner: CompiledGraph, runs: list[str] | None = None) -> Node:
    return inner


def outer(storage: Storage | None, caller: Node, *others: str, edge: str | None = None) -> CompiledGraph:
    """`caller` and other nodes, which nothing leads to except what the caller's graph commands."""
    builder = StateGraph(Outer).add_node("caller", caller).add_edge(START, "caller")
    for name in others:
        builder.add_node(name, logs(name))
    if edge is not None:
        builder.add_edge("caller", edge)
    return builder.compile(storage)


ways = pytest.mark.parametrize("way", [as_node, calling, calling_def], ids=["node", "called", "called by a def"])


@ways
@pytest.mark.parametrize("durable", [False, True], ids=["nothing stored", "stored"])
@pytest.mark.parametrize("memory", [None, True, False])
async def test_L8_update_and_goto_are_those_of_the_callers_node(
    storage: Storage, config: Config, way: Any, durable: bool, memory: bool | None
):
    runs: list[str] = []
    last = commands({"log": ["up"], "name": "given"}, "there")
    inner = chain(None, ("n", logs("inner")), ("last", last)) if memory is None else None
    builder = StateGraph(Log).add_node("n", logs("inner")).add_node("last", last).add_node("never", logs("never"))
    builder.add_edge(START, "n").add_edge("n", "last").add_edge("last", "never")
    inner = builder.compile(memory)
    graph = outer(storage if durable else None, way(inner, runs), "there", "edge", edge="edge")
    result = await graph.ainvoke({"log": ["in"]}, config)
    assert (result["log"], result["name"]) == (["in", "up", "edge", "there"], "given")
    assert runs == []


async def test_L8_it_leads_to_the_graph_that_called_and_to_none_further_out(storage: Storage, config: Config):
    innermost = chain(None, ("n", commands({"log": ["innermost"]}, "second")), name="innermost")
    middle = (
        StateGraph(Log).add_node("first", innermost).add_node("second", logs("second")).add_edge(START, "first")
    ).compile()
    builder = StateGraph(Log).add_node("caller", middle, destinations=["second"]).add_edge(START, "caller")
    builder.add_node("second", logs("not this one")).add_node("third", logs("third")).add_edge("caller", "third")
    graph = builder.compile(storage)
    assert (await graph.ainvoke({"log": []}, config))["log"] == ["innermost", "second", "third"]


async def test_L8_a_chain_of_commands_goes_outwards_step_by_step(storage: Storage, config: Config):
    innermost = chain(None, ("n", commands({"log": ["innermost"]}, "second")), name="innermost")
    middle = StateGraph(Log).add_node("first", innermost).add_edge(START, "first")
    middle.add_node("second", commands({"log": ["middle"]}, "there"))
    graph = outer(storage, middle.compile(), "there")
    assert (await graph.ainvoke({"log": []}, config))["log"] == ["middle", "there"]


async def test_L8_the_handlers_of_the_caller_do_not_see_it(storage: Storage, config: Config):
    inner = chain(None, ("n", commands({"log": ["up"]})))
    seen: list[str] = []

    async def node(state: Outer) -> dict[str, Any]:
        try:
            await inner.ainvoke({"log": []})
        except Exception as error:  # noqa: BLE001
            seen.append(repr(error))
        finally:
            seen.append("finally")
        return {"log": ["swallowed"]}

    builder = StateGraph(Outer).add_node("n", node, retry_policy=RetryPolicy(max_attempts=3)).add_edge(START, "n")
    assert (await builder.compile(storage).ainvoke({"log": []}, config))["log"] == ["up"]
    assert seen == ["finally"]


async def test_L8_one_that_is_swallowed_is_an_error_that_says_which(storage: Storage, config: Config):
    inner = chain(None, ("n", commands({"log": ["up"]})), name="helper")

    async def node(state: Outer) -> dict[str, Any]:
        with suppress(BaseException):
            await inner.ainvoke({"log": []})
        return {"log": ["swallowed"]}

    with pytest.raises(InterruptMisused, match=r"node 'caller' swallowed the command .* graph 'helper'"):
        await outer(storage, node).ainvoke({"log": []}, config)


@pytest.mark.parametrize("by", ["the node", "an effect"])
async def test_L8_a_command_waits_for_a_graph_beside_it_that_asks(storage: Storage, config: Config, by: str):
    commanded = asyncio.Event()

    async def late(state: Log) -> Any:
        await commanded.wait()
        return {"log": [interrupt("q")]}

    asker = chain(None, ("q", late), name="asker")
    commander = chain(None, ("n", commands({"log": ["up"]}, "there")), name="commander")

    async def node(state: Outer) -> dict[str, Any]:
        call = commander.ainvoke({"log": []}) if by == "the node" else once("call", commander.ainvoke, {"log": []})
        try:
            await asyncio.gather(call, asker.ainvoke({"log": []}))
        finally:
            commanded.set()
        return {"log": ["not said"]}

    graph = outer(storage, node, "there")
    asked = ids(await graph.ainvoke({"log": []}, config))
    assert set(asked) == {"q"}
    assert (await graph.ainvoke(Command(resume=1), config))["log"] == ["up", "there"]


async def test_L8_a_question_beside_it_in_the_inner_step_is_answered_first(url: str, config: Config):
    runs: list[str] = []

    def graph(storage: Storage) -> CompiledGraph:
        inner = StateGraph(Log).add_node("n", commands({"log": ["up"]}, "there", runs)).add_edge(START, "n")
        inner.add_node("q", asks("q", runs)).add_edge(START, "q")
        return outer(storage, inner.compile(), "there")

    async with open_storage(url) as storage:
        assert set(ids(await graph(storage).ainvoke({"log": []}, config))) == {"q"}
    async with open_storage(url) as storage:
        assert (await graph(storage).ainvoke(Command(resume=1), config))["log"] == ["up", "there"]
    assert sorted(runs) == ["commands", "q", "q"]


@ways
async def test_L8_it_counts_after_a_restart_when_a_sibling_of_the_caller_asked(url: str, config: Config, way: Any):
    runs: list[str] = []

    def graph(storage: Storage) -> CompiledGraph:
        inner = chain(None, ("n", commands({"log": ["up"]}, Send("there", {"log": ["sent"]}), runs)))
        builder = StateGraph(Outer).add_node("caller", way(inner)).add_edge(START, "caller")
        builder.add_node("q", asks("q", runs)).add_edge(START, "q")
        builder.add_node("there", lambda state: {"log": [*state["log"], "there"]})
        return builder.compile(storage)

    async with open_storage(url) as storage:
        assert set(ids(await graph(storage).ainvoke({"log": []}, config))) == {"q"}
    async with open_storage(url) as storage:
        result = await graph(storage).ainvoke(Command(resume=1), config)
    assert result["log"] == ["up", "q=1", "sent", "there"]
    assert sorted(runs) == ["commands", "q", "q"]


async def test_L8_it_counts_after_a_crash_in_the_middle_of_the_callers_node(url: str, config: Config):
    runs: list[str] = []
    begun = asyncio.Event()

    def graph(storage: Storage) -> CompiledGraph:
        inner = chain(None, ("n", commands({"log": ["up"]}, "there", runs)))

        async def node(state: Outer) -> dict[str, Any]:
            try:
                await inner.ainvoke({"log": []})
            finally:
                if not begun.is_set():
                    begun.set()
                    await asyncio.Event().wait()
            return {"log": ["not said"]}

        return outer(storage, node, "there")

    async def first_process() -> None:
        async with open_storage(url) as storage:
            await graph(storage).ainvoke({"log": []}, config)

    await cut_off(first_process(), begun)
    async with open_storage(url) as storage:
        assert (await graph(storage).ainvoke(None, config))["log"] == ["up", "there"]
    assert runs == ["commands"]


async def test_L8_a_failed_sibling_is_run_again_and_the_one_that_commanded_is_not(storage: Storage, config: Config):
    runs: list[str] = []
    failing = [True]

    def flaky(state: Log) -> dict[str, Any]:
        if failing.pop() if failing else False:
            raise LookupError("once")
        return {"log": ["flaky"]}

    inner = StateGraph(Log).add_node("n", commands({"log": ["up"]}, "there", runs)).add_edge(START, "n")
    inner.add_node("flaky", flaky).add_edge(START, "flaky")
    graph = outer(storage, inner.compile(), "there")
    with pytest.raises(LookupError):
        await graph.ainvoke({"log": []}, config)
    assert (await graph.ainvoke(None, config))["log"] == ["up", "there"]
    assert runs == ["commands"]


async def test_L8_in_an_effect_and_in_a_task_of_a_flow(storage: Storage, config: Config):
    inner = chain(None, ("n", commands({"log": ["up"]}, "there")))

    async def node(state: Outer) -> dict[str, Any]:
        await once("call", inner.ainvoke, {"log": []})
        return {"log": ["not said"]}

    assert (await outer(storage, node, "there").ainvoke({"log": []}, config))["log"] == ["up", "there"]

    @task
    async def step() -> None:
        await inner.ainvoke({"log": []})

    async def tasks(state: Outer) -> dict[str, Any]:
        await step()
        return {"log": ["not said"]}

    other: Config = {"configurable": {"thread_id": "t2"}}
    assert (await outer(storage, tasks, "there").ainvoke({"log": []}, other))["log"] == ["up", "there"]


async def test_L8_values_are_checked_and_typed_as_the_callers_state_says(storage: Storage, config: Config):
    class Person(BaseModel):
        name: str

    class Typed(TypedDict, total=False):
        person: Person

    inner = chain(None, ("n", commands({"person": {"name": "Ada"}}, "there")))
    seen: list[Any] = []
    builder = StateGraph(Typed).add_node("caller", calling(inner)).add_edge(START, "caller")
    builder.add_node("there", lambda state: seen.append(state["person"]))
    await builder.compile(storage).ainvoke({}, config)
    assert seen == [Person(name="Ada")]


@pytest.mark.parametrize("durable", [False, True], ids=["nothing stored", "stored"])
async def test_L8_a_key_that_the_caller_lacks_is_an_error_where_the_command_was_given(
    storage: Storage, config: Config, durable: bool
):
    inner = chain(None, ("commander", commands({"unknown": 1})))
    graph = outer(storage if durable else None, calling(inner))
    with pytest.raises(InvalidUpdateError, match=r"the command of node 'commander' .* key 'unknown'"):
        await graph.ainvoke({"log": []}, config)


async def test_L8_two_keys_without_a_reducer_meet_as_ever(storage: Storage, config: Config):
    inner = StateGraph(Log).add_node("a", commands({"name": "a"})).add_node("b", commands({"name": "b"}))
    inner.add_edge(START, "a").add_edge(START, "b")
    with pytest.raises(InvalidUpdateError, match="both wrote 'name'"):
        await outer(storage, inner.compile()).ainvoke({"log": []}, config)


async def test_L8_several_in_one_step_count_in_the_order_of_their_nodes(storage: Storage, config: Config):
    inner = StateGraph(Log).add_node("a", commands({"log": ["a"]}, "x")).add_node("b", commands({"log": ["b"]}, "y"))
    inner.add_edge(START, "a").add_edge(START, "b")
    result = await outer(storage, inner.compile(), "x", "y").ainvoke({"log": []}, config)
    assert result["log"] == ["a", "b", "x", "y"]


async def test_L8_in_a_list_they_count_beside_what_the_node_writes_in_its_own_graph(storage: Storage, config: Config):
    seen: list[Any] = []

    def node(state: Log) -> Any:
        seen.append(list(state["log"]))
        return [
            {"log": ["own"]},
            Command(graph=Command.PARENT, update={"log": ["up"]}, goto="x"),
            Command(update={"log": ["mine"]}, goto="never"),
            Command(graph=Command.PARENT, update={"log": ["too"]}, goto="y"),
        ]

    inner = StateGraph(Log).add_node("n", node).add_node("never", logs("never")).add_edge(START, "n").compile(True)
    graph = outer(storage, calling(inner), "x", "y")
    assert (await graph.ainvoke({"log": []}, config))["log"] == ["up", "too", "x", "y"]
    await graph.ainvoke({"log": []}, config)
    assert seen == [[], ["own", "mine"]]


async def test_L8_a_goto_of_end_leads_nowhere_and_an_unknown_one_is_named(storage: Storage, config: Config):
    graph = outer(storage, chain(None, ("n", commands({"log": ["up"]}, END))), "edge", edge="edge")
    assert (await graph.ainvoke({"log": []}, config))["log"] == ["up", "edge"]
    with pytest.raises(GraphChanged, match="leads to 'nowhere', which is no node"):
        await outer(storage, chain(None, ("n", commands(None, "nowhere")))).ainvoke({"log": []}, config)


async def test_L8_routers_of_the_caller_see_what_it_wrote(storage: Storage, config: Config):
    inner = chain(None, ("n", commands({"log": ["up"]})))
    builder = StateGraph(Outer).add_node("caller", inner).add_node("there", logs("there")).add_edge(START, "caller")
    builder.add_conditional_edges("caller", lambda state: "there" if state["log"] == ["up"] else END, ["there", END])
    assert (await builder.compile(storage).ainvoke({"log": []}, config))["log"] == ["up", "there"]


async def test_W7_a_router_that_raises_keeps_where_its_node_commanded(storage: Storage, config: Config):
    failing = [True]

    def router(state: Log) -> str:
        if failing.pop() if failing else False:
            raise LookupError("once")
        return END

    def node(state: Log) -> Any:
        return Command(update={"log": ["n"]}, goto="there")

    builder = StateGraph(Log).add_node("n", node).add_node("there", logs("there")).add_edge(START, "n")
    graph = builder.add_conditional_edges("n", router, [END]).compile(storage)
    with pytest.raises(LookupError):
        await graph.ainvoke({"log": []}, config)
    assert await graph.ainvoke(None, config) == {"log": ["n", "there"]}


@pytest.mark.parametrize("durable", [False, True], ids=["nothing stored", "stored"])
async def test_L8_a_root_graph_has_no_caller(storage: Storage, config: Config, durable: bool):
    graph = chain(storage if durable else None, ("n", commands({"log": ["up"]})))
    with pytest.raises(InvalidUpdateError, match=r"node 'n' returned .* no other graph called"):
        await graph.ainvoke({"log": []}, config)


async def test_L8_a_caller_from_outside_has_no_graph_around_it_to_command(storage: Storage, config: Config):
    graph = chain(storage, ("q", asks("q")))
    await graph.ainvoke({"log": []}, config)
    with pytest.raises(InvalidUpdateError, match="no graph around"):
        await graph.ainvoke(Command(graph=Command.PARENT, resume=1), config)
    assert await graph.ainvoke(Command(resume=1), config) == {"log": ["q=1"]}


async def test_L8_another_graph_than_the_caller_cannot_be_commanded(storage: Storage, config: Config):
    inner = chain(None, ("n", lambda state: Command(graph="somewhere", update={"log": ["x"]})))
    with pytest.raises(InvalidUpdateError, match=r"graph='somewhere'.*Command\.PARENT"):
        await outer(storage, inner).ainvoke({"log": []}, config)


def declared(state: Log) -> Command[Literal["there"]]:
    return Command(graph=Command.PARENT, goto="there")


def mistyped(state: Log) -> Command[Literal["there"]]:
    return Command(goto="there")


async def test_L8_a_subgraph_may_declare_nodes_of_its_caller(storage: Storage, config: Config):
    graph = outer(storage, chain(None, ("n", declared)), "there")
    assert (await graph.ainvoke({"log": []}, config))["log"] == ["there"]
    assert "there" not in chain(None, ("n", declared)).get_graph().draw_mermaid()


def test_G3_a_declared_node_that_is_not_there_stays_an_error_where_no_caller_is_commanded():
    with pytest.raises(InvalidGraph, match="leads to 'there', which is no node"):
        chain(None, ("n", mistyped))


def test_G3_a_node_that_nothing_leads_to_stays_an_error_beside_graphs_that_command_nobody():
    with pytest.raises(InvalidGraph, match="nothing leads to node 'there'"):
        outer(None, chain(None, ("n", logs("n"))), "there")
    with pytest.raises(InvalidGraph, match="nothing leads to node 'there'"):
        outer(None, logs("n"), "there")
    with pytest.raises(InvalidGraph, match="nothing leads to node 'there'"):
        outer(None, chain(None, ("calls", calling(chain(None, ("n", commands()))))), "there")


async def test_L8_the_question_of_the_commanding_node_itself(storage: Storage, config: Config):
    def node(state: Log) -> Any:
        return Command(graph=Command.PARENT, update={"log": [interrupt("q")]}, goto="there")

    graph = outer(storage, chain(None, ("n", node)), "there")
    await graph.ainvoke({"log": []}, config)
    assert (await graph.ainvoke(Command(resume="yes"), config))["log"] == ["yes", "there"]


async def test_L8_from_a_graph_that_a_flow_calls(storage: Storage, config: Config):
    inner = chain(None, ("n", commands(None, "there")))

    @entrypoint(checkpointer=storage)
    async def flow(given: Any) -> Any:
        await inner.ainvoke({"log": []})

    with pytest.raises(GraphChanged, match="'there', which is no node"):
        await flow.ainvoke(1, config)
