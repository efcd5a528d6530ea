"""What code of a graph may ask of the run that it is in: config, writer and runtime, as calls and as parameters."""

from __future__ import annotations

import asyncio
import functools
import threading
from typing import TYPE_CHECKING, Any, Optional

import pytest

from graphs import (
    END,
    START,
    Config,
    Runtime,
    Send,
    StateGraph,
    StreamWriter,
    entrypoint,
    get_config,
    get_runtime,
    get_stream_writer,
    once,
    task,
)
from graphs.errors import OutsideOfRun
from graphs.runtime import context, injected
from tests.runtime.asking import Log, chain, logs

if TYPE_CHECKING:
    from storage import Storage

    OnlyForCheckers = dict[str, str]
    RunnableConfig = dict[str, Any]


async def heard(graph: Any, given: Any = None, config: Any = None) -> list[Any]:
    """What comes in `custom`."""
    return [chunk async for chunk in graph.astream(given or {"log": []}, config, stream_mode="custom")]


# calls


async def test_L5_a_writer_is_there_in_nodes_routers_and_what_they_call(storage: Storage, config: Config) -> None:
    def helper(text: str) -> None:
        get_stream_writer()(text)

    async def awaited(state: Log) -> None:
        helper("node")
        await asyncio.gather(*(asyncio.to_thread(helper, "thread") for _ in range(2)))
        await once("effect", helper, "effect")

    def plain(state: Log) -> None:
        helper(f"plain {threading.current_thread() is threading.main_thread()}")

    def route(state: Log) -> str:
        helper("router")
        return END

    def at_start(state: Log) -> str:
        helper("start")
        return "awaited"

    builder = StateGraph(Log).add_node("awaited", awaited).add_node("plain", plain)
    builder.add_conditional_edges(START, at_start, ["awaited"]).add_edge("awaited", "plain")
    graph = builder.add_conditional_edges("plain", route, [END]).compile(storage)
    assert await heard(graph, None, config) == [
        "start",
        "node",
        "thread",
        "thread",
        "effect",
        "plain False",
        "router",
    ]


async def test_L5_a_writer_is_there_in_tasks_of_a_flow(storage: Storage, config: Config) -> None:
    @task
    async def awaited(n: int) -> int:
        get_stream_writer()(f"awaited {n}")
        return n

    @task
    def plain(n: int) -> int:
        get_stream_writer()(f"plain {n}")
        return n

    @entrypoint(storage)
    async def flow(n: int) -> int:
        get_stream_writer()("flow")
        return await awaited(n) + await plain(n)

    assert await heard(flow, 1, config) == ["flow", "awaited 1", "plain 1"]


async def test_L5_the_writer_of_a_graph_within_is_its_own(storage: Storage, config: Config) -> None:
    async def node(state: Log) -> None:
        get_stream_writer()("x")

    async def route(state: Log) -> str:
        get_stream_writer()("start")
        return "x"

    inner = StateGraph(Log).add_node("x", node).add_conditional_edges(START, route, ["x"]).compile()

    async def calls(state: Log) -> None:
        await inner.ainvoke({"log": []})
        get_stream_writer()("outer")

    graph = chain(storage, ("n", calls))
    stream = graph.astream({"log": []}, config, stream_mode="custom", subgraphs=True)
    assert [(len(where), chunk) async for where, chunk in stream] == [(1, "start"), (1, "x"), (0, "outer")]


async def test_L5_the_config_is_the_callers_with_unknown_keys_metadata_and_tags(storage: Storage) -> None:
    seen: list[Any] = []

    async def awaited(state: Log) -> None:
        seen.append(get_config())

    def plain(state: Log) -> None:
        seen.append(get_config())

    given: Any = {
        "configurable": {"thread_id": 7, "user": "ana"},
        "metadata": {"m": 1},
        "tags": ["t"],
        "recursion_limit": 50,
        "run_name": "mine",
    }
    await chain(storage, ("a", awaited), ("b", plain)).ainvoke({"log": []}, given)
    assert seen == [given, given]


async def test_L5_the_config_of_a_graph_within_names_the_thread(storage: Storage, config: Config) -> None:
    seen: list[Any] = []

    def node(state: Log, config: dict[str, Any]) -> None:
        seen.append(config["configurable"]["thread_id"])

    await chain(storage, ("n", chain(None, ("x", node)))).ainvoke({"log": []}, config)
    assert seen == ["t1"]


async def test_L5_a_node_may_change_the_config_that_it_is_given() -> None:
    given: Config = {"configurable": {"user": "ana"}}  # pyright: ignore[reportAssignmentType] - a key of one's own

    def node(state: Log, config: dict[str, Any]) -> None:
        config["configurable"]["user"] = "bo"
        assert get_config() == {"configurable": {"user": "ana"}}

    await chain(None, ("a", node)).ainvoke({"log": []}, given)
    assert given == {"configurable": {"user": "ana"}}


async def test_L5_a_config_without_configurable_has_one_in_the_node() -> None:
    seen: list[Any] = []
    await chain(None, ("a", lambda state: seen.append(get_config()))).ainvoke({"log": []})
    assert seen == [{"configurable": {}}]


async def test_L5_the_runtime_is_there_too(storage: Storage, config: Config) -> None:
    seen: list[Any] = []

    def node(state: Log) -> None:
        runtime = get_runtime(dict)
        seen.append((runtime.context, runtime.thread_id, runtime.by))

    await chain(storage, ("a", node)).ainvoke({"log": []}, config, context={"tone": "kind"}, by="U1")
    assert seen == [({"tone": "kind"}, "t1", "U1")]


@pytest.mark.parametrize("call", [get_config, get_stream_writer, get_runtime])
async def test_L5_outside_a_run_it_is_an_error_that_says_where_to_call_it(call: Any) -> None:
    graph = chain(None, ("a", logs("a")))
    await graph.ainvoke({"log": []})  # and leaves nothing of it behind
    with pytest.raises(OutsideOfRun, match=rf"{call.__name__}\(\) was called outside a run: call it in a node"):
        call()
    with pytest.raises(RuntimeError):
        call()


async def test_L5_a_router_at_start_leaves_nothing_of_its_run_behind() -> None:
    builder = StateGraph(Log).add_node("a", logs("a")).add_conditional_edges(START, lambda state: "a", ["a"])
    await builder.compile().ainvoke({"log": []})
    assert context.here.get() is None


# parameters


def told(writer: Any, config: Any, runtime: Any) -> None:
    """Write what tells whether each is what it is to be."""
    writer((sorted(config["configurable"]), type(runtime).__name__))


async def by_name(state: Log, config: Any, writer: Any, runtime: Any) -> None:
    told(writer, config, runtime)


async def by_annotation(state: Log, c: Config, w: StreamWriter, r: Runtime[Any]) -> None:
    told(w, c, r)


async def keyword_only(state: Log, *, c: Config | None = None, w: StreamWriter, r: Optional[Runtime] = None) -> None:  # noqa: UP045
    told(w, c, r)


async def unevaluated(state: Log, c: RunnableConfig, w: StreamWriter, r: Runtime[OnlyForCheckers]) -> None:
    told(w, c, r)


class Node:
    async def method(self, state: Log, writer: StreamWriter, c: Config, r: Runtime[Any]) -> None:
        told(writer, c, r)

    def __call__(self, state: Log, writer: StreamWriter, c: Config, r: Runtime[Any]) -> None:
        told(writer, c, r)


def with_more(more: int, state: Log, w: StreamWriter, config: Config, r: Runtime[Any]) -> None:
    told(w, config, r)


@pytest.mark.parametrize(
    "node",
    [
        by_name,
        by_annotation,
        keyword_only,
        unevaluated,
        Node().method,
        Node(),
        functools.partial(with_more, 1),
        functools.partial(functools.partial(with_more, 1)),
        lambda state, config, runtime, writer: told(writer, config, runtime),
    ],
)
async def test_L5_a_node_is_given_what_it_takes_whatever_its_shape(node: Any) -> None:
    graph = StateGraph(Log).add_node("n", node).add_edge(START, "n").compile()
    assert await heard(graph, None, {"configurable": {"user": "ana"}}) == [(["user"], "Runtime")]


async def test_L5_a_router_is_given_what_it_takes() -> None:
    def route(state: Log, *, w: StreamWriter, c: Config, runtime: Runtime[Any]) -> list[Send]:
        told(w, c, runtime)
        return []

    builder = StateGraph(Log).add_node("a", logs("a")).add_edge(START, "a").add_conditional_edges("a", route, [END])
    assert await heard(builder.compile(), None, {"configurable": {"user": "ana"}}) == [(["user"], "Runtime")]


def takes(fn: Any) -> dict[str, str]:
    return dict(injected.extras_of(fn))


def test_L5_the_first_parameter_is_the_state_whatever_its_name() -> None:
    assert takes(lambda config: None) == {}
    assert takes(lambda runtime, config: None) == {"config": "config"}


def test_L5_what_somebody_has_given_already_stays() -> None:
    def node(state: Log, writer: StreamWriter, config: Config) -> None:
        """Writes."""

    assert takes(functools.partial(node, writer=print)) == {"config": "config"}


def test_L5_a_parameter_of_another_type_with_a_default_is_the_nodes_own() -> None:
    def node(state: Log, config: int = 3, writer: str = "", *, runtime: float = 1.0, **rest: Any) -> None:
        """Has values of its own."""

    assert takes(node) == {}
    assert takes(print) == {}


async def test_L5_a_writer_that_nobody_listens_to_does_nothing() -> None:
    def node(state: Log, writer: StreamWriter) -> None:
        writer("unheard")
        get_stream_writer()("unheard")

    graph = StateGraph(Log).add_node("n", node).add_edge(START, "n").compile()
    assert await graph.ainvoke({"log": []}) == {"log": []}


async def test_L5_what_a_node_says_in_calling_a_graph_stands_over_the_config_of_the_run(
    storage: Storage, config: Config
) -> None:
    seen: list[Any] = []

    def deep(state: Log) -> None:
        seen.append(get_config())

    inner = chain(None, ("deep", deep))

    async def calls(state: Log) -> None:
        own: Any = {"configurable": {"model": "small"}, "metadata": {"b": 2}, "tags": ["inner"]}
        await inner.ainvoke({"log": []}, own)
        await inner.ainvoke({"log": []})

    given: Any = {**config, "metadata": {"a": 1}, "tags": ["outer"]}
    await chain(storage, ("n", calls)).ainvoke({"log": []}, given)
    assert seen == [
        {
            "configurable": {"thread_id": "t1", "model": "small"},
            "metadata": {"a": 1, "b": 2},
            "tags": ["outer", "inner"],
        },
        given,
    ]
