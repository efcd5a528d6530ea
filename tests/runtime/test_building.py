"""Rows G2, L1 and L14 of docs/behaviour.md: how a graph is declared."""

import functools
from typing import Annotated, Any, Literal, TypedDict

import pytest

from graphs import END, START, Command, Runtime, Send, StateGraph, add_messages
from graphs.errors import InvalidGraph, InvalidUpdateError
from graphs.runtime.types import Config
from storage import Storage
from tests.runtime.asking import Log, logs

EMPTY: Any = {"log": []}


class Worker:
    def __call__(self, state: Log) -> dict[str, Any]:
        return {"log": ["called"]}

    async def method(self, state: Log) -> dict[str, Any]:
        return {"log": ["method"]}


class Made(dict[str, Any]):
    def __init__(self, state: Log) -> None:
        super().__init__(log=["made"])


def times(number: int, state: Log) -> dict[str, Any]:
    return {"log": [number]}


@pytest.mark.parametrize(
    ("node", "name", "logged"),
    [
        (lambda state: {"log": ["lambda"]}, "<lambda>", "lambda"),
        (Worker(), "Worker", "called"),
        (Worker().method, "method", "method"),
        (Made, "Made", "made"),
        (functools.partial(times, 3), "partial", 3),
    ],
)
async def test_G2_a_node_is_named_by_what_it_is(node: Any, name: str, logged: Any) -> None:
    graph = StateGraph(Log).add_node(node).add_edge(START, name).compile()
    assert list(graph.nodes) == [name]
    assert await graph.ainvoke(EMPTY) == {"log": [logged]}
    named = StateGraph(Log).add_node("other", node).add_edge(START, "other").compile()
    assert await named.ainvoke(EMPTY) == {"log": [logged]}


@pytest.mark.parametrize(
    ("name", "node", "said"),
    [
        ("n", 3, "node 'n' is no function, but 3"),
        ("n", None, "node 'n' has no function"),
        (START, logs("n"), "'__start__' cannot be a node's name"),
        (END, logs("n"), "'__end__' cannot be a node's name"),
        ("a/b", logs("n"), "'a/b' cannot be a node's name"),
        ("__error_handler__n", logs("n"), "'__error_handler__n' cannot be a node's name"),
        ("__default_error_handler__", logs("n"), "'__default_error_handler__' cannot be a node's name"),
    ],
)
def test_G2_what_cannot_be_a_node_is_refused(name: str, node: Any, said: str) -> None:
    with pytest.raises(InvalidGraph, match=said):
        StateGraph(Log).add_node(name, node)


async def test_G2_everything_may_be_said_by_name() -> None:
    builder = StateGraph(state_schema=Log)
    builder.add_node(node="a", action=logs("a")).add_node("b", action=logs("b")).add_node(node="c", action=logs("c"))
    builder.set_conditional_entry_point(path=lambda state: "first", path_map={"first": "a"})
    builder.add_edge(start_key="a", end_key="b")
    builder.add_conditional_edges(source="b", path=lambda state: "c", path_map=["c", END])
    builder.set_finish_point(key="c")
    graph = builder.validate().compile(checkpointer=None, name="named", debug=False)
    assert graph.name == "named"
    assert await graph.ainvoke(EMPTY) == {"log": ["a", "b", "c"]}


async def test_G2_a_sequence_of_functions_and_pairs() -> None:
    builder = StateGraph(Log).add_sequence([("first", logs("1")), Worker(), ("last", logs("3"))])
    assert await builder.add_edge(START, "first").compile().ainvoke(EMPTY) == {"log": ["1", "called", "3"]}
    with pytest.raises(InvalidGraph, match="a sequence has at least one node"):
        StateGraph(Log).add_sequence([])
    with pytest.raises(InvalidGraph, match="there are two nodes named 'n'"):
        StateGraph(Log).add_sequence([("n", logs("1")), ("n", logs("2"))])


@pytest.mark.parametrize(("source", "target"), [(END, "n"), ("n", START), ([END, "n"], "n")])
def test_G2_nothing_leads_from_the_end_or_to_the_start(source: Any, target: str) -> None:
    with pytest.raises(InvalidGraph, match="no edge leads from"):
        StateGraph(Log).add_node("n", logs("n")).add_edge(source, target)


@pytest.mark.parametrize("durable", [True, False])
async def test_G2_several_routers_after_one_node_all_count(storage: Storage, config: Config, durable: bool) -> None:
    def declared(state: Log) -> Literal["b", "__end__"]:
        return "b"

    async def several(state: Log) -> list[Any]:
        return [END, "c", Send("d", {"private": 1})]

    builder = StateGraph(Log)
    for name in "abc":
        builder.add_node(name, logs(name))
    builder.add_node("d", lambda state: {"log": [state]}).add_edge(START, "a")
    builder.add_conditional_edges("a", declared).add_conditional_edges("a", several, ["c", "d", END])
    result = await builder.compile(storage if durable else None).ainvoke(EMPTY, config)
    assert result == {"log": ["a", "b", "c", {"private": 1}]}


@pytest.mark.parametrize(
    ("returned", "path_map", "said"),
    [
        (None, None, "returned None; it may return a node's name, END, a Send or a list of those"),
        (["n", 3], None, "returned 3; it may return a node's name"),
        (None, ["n"], r"returned None; it may return \['n'\]"),
        ("other", {"yes": "n"}, r"returned 'other'; it may return \['yes'\]"),
    ],
)
async def test_G2_a_router_that_says_nothing_of_use_is_told_so(returned: Any, path_map: Any, said: str) -> None:
    builder = StateGraph(Log).add_node("n", logs("n")).add_edge(START, "n")
    builder.add_conditional_edges("n", lambda state: returned, path_map)
    with pytest.raises(InvalidUpdateError, match=f"the router after 'n' {said}"):
        await builder.compile().ainvoke(EMPTY)


async def test_G2_a_router_may_map_what_is_no_text() -> None:
    builder = StateGraph(Log).add_node("yes", logs("yes")).add_node("no", logs("no")).add_node("none", logs("none"))
    said = iter([True, None, False])
    builder.add_conditional_edges(START, lambda state: next(said), {True: "yes", False: "no", None: "none"})
    graph = builder.compile()
    assert [(await graph.ainvoke(EMPTY))["log"] for _ in range(3)] == [["yes"], ["none"], ["no"]]


async def test_G3_a_command_without_names_may_lead_anywhere() -> None:
    def node(state: Log) -> Command[Any]:
        return Command(goto="b")

    class Goes:
        def __call__(self, state: Log) -> Any:
            return Command(goto="b")

    for each in (node, Goes(), functools.partial(lambda extra, state: Command(goto="b"), 1)):
        builder = StateGraph(Log).add_node("a", each).add_node("b", logs("b")).add_edge(START, "a")
        assert await builder.compile().ainvoke(EMPTY) == {"log": ["b"]}


async def test_L11_messages_are_dicts_whatever_the_key_is_declared_as(storage: Storage, config: Config) -> None:
    class Talk(TypedDict):
        messages: Annotated[list[str], add_messages]

    builder = StateGraph(Talk).add_node("n", lambda state: {"messages": ("assistant", "hi")}).add_edge(START, "n")
    result = await builder.compile(storage).ainvoke({"messages": "hello"}, config)
    assert [(each["role"], each["content"]) for each in result["messages"]] == [("user", "hello"), ("assistant", "hi")]


def test_L7_a_test_of_a_node_may_make_a_runtime() -> None:
    runtime = Runtime(context={"a": 1})
    runtime.stream_writer("nobody hears")
    assert (runtime.context, runtime.thread_id) == ({"a": 1}, None)
