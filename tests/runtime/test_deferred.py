"""Row L9 of docs/behaviour.md: a deferred node runs when nothing else is due."""

import operator
from collections.abc import Sequence
from typing import Annotated, Any, TypedDict

import pytest

from graphs import END, START, Command, Send, StateGraph, interrupt
from graphs.errors import InvalidGraph
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage, open_storage


class State(TypedDict):
    log: Annotated[list[str], operator.add]


def builder(plain: str, deferred: str, *edges: str) -> StateGraph:
    """Nodes by single letters that log themselves, and edges as "ab"; "-a" is one from START."""
    graph = StateGraph(State)
    for name in plain + deferred:
        graph.add_node(name, lambda state, name=name: {"log": [name]}, defer=name in deferred)
    for source, target in edges:
        graph.add_edge(START if source == "-" else source, target)
    return graph


async def steps(graph: CompiledGraph, given: Any, config: Config | None = None) -> list[str]:
    """The nodes that ran, a text for each step."""
    found: list[str] = []
    logged = 0
    async for chunk in graph.astream(given, config, stream_mode="values"):
        if "__interrupt__" not in chunk and "__breakpoint__" not in chunk:
            found.append("".join(chunk["log"][logged:]))
            logged = len(chunk["log"])
    return found[1:]


EMPTY = {"log": []}


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        (builder("abc", "z", "-a", "ab", "bc", "az", "cz"), ["a", "b", "c", "z"]),  # branches of two lengths
        (builder("abcd", "yz", "-a", "ab", "ay", "bc", "cz", "az", "yd"), ["a", "b", "c", "yz", "d"]),  # together
        (builder("ab", "yz", "-a", "ay", "ab", "yz", "bz"), ["a", "b", "yz", "z"]),  # one leads to another
        (builder("ab", "z", "-z", "-a", "ab"), ["a", "b", "z"]),  # led to by START
        (builder("", "z", "-z"), ["z"]),  # nothing to wait for
        (builder("abc", "z", "-a", "az", "ab", "bc", "zc"), ["a", "b", "c", "z", "c"]),  # what it leads to runs again
    ],
)
@pytest.mark.parametrize("durable", [True, False])
async def test_L9_a_deferred_node_runs_once_when_nothing_else_is_due(
    storage: Storage, config: Config, graph: StateGraph, expected: Sequence[str], durable: bool
) -> None:
    assert await steps(graph.compile(storage if durable else None), EMPTY, config) == expected


async def test_L9_a_join_into_a_deferred_node_waits_for_its_sources_and_for_all_else() -> None:
    graph = builder("abcd", "z", "-a", "-b", "bc", "cd").add_edge(["a", "b"], "z")
    assert await steps(graph.compile(), EMPTY) == ["ab", "c", "d", "z"]


async def test_L9_an_incomplete_join_does_not_release_it() -> None:
    graph = builder("ab", "z", "-a").add_edge(["a", "b"], "z")
    graph.add_conditional_edges("a", lambda state: END, ["b", END])
    assert await steps(graph.compile(), EMPTY) == ["a"]


async def test_L9_what_is_sent_to_a_deferred_node_is_not_deferred() -> None:
    graph = builder("ab", "z", "-a", "ab")
    graph.add_conditional_edges("a", lambda state: [Send("z", {"log": ["private"]})], ["z"])
    assert await steps(graph.compile(), EMPTY) == ["a", "bz"]


async def test_L9_a_deferred_node_in_a_loop_runs_at_the_end_of_each_round() -> None:
    graph = builder("ab", "z", "-a", "ab", "az", "bz")
    graph.add_conditional_edges("z", lambda state: "a" if len(state["log"]) < 6 else END, ["a", END])
    assert await steps(graph.compile(), EMPTY) == ["a", "b", "z"] * 2


async def test_L9_a_deferred_node_that_leads_to_itself() -> None:
    graph = builder("a", "z", "-a", "az")
    graph.add_conditional_edges("z", lambda state: "z" if len(state["log"]) < 4 else END, ["z", END])
    assert await steps(graph.compile(), EMPTY) == ["a", "z", "z", "z"]


async def test_L9_what_is_deferred_is_stored_and_not_yet_next(url: str, config: Config) -> None:
    graph = builder("abc", "z", "-a", "az", "ab", "bc")
    async with open_storage(url) as storage:
        stopping = graph.compile(storage, interrupt_before=["b"])
        assert await steps(stopping, EMPTY, config) == ["a"]
        assert (await stopping.aget_state(config)).next == ("b",)
    async with open_storage(url) as storage:
        later = graph.compile(storage)
        assert (await later.ainvoke(None, config))["log"] == list("abcz")
        assert (await later.aget_state(config)).next == ()


async def test_L9_a_deferred_node_waits_for_the_answer_to_a_sibling(storage: Storage, config: Config) -> None:
    graph = builder("a", "z", "-a", "az")
    graph.add_node("q", lambda state: {"log": [interrupt("?")]}).add_edge("a", "q")
    compiled = graph.compile(storage)
    assert "__interrupt__" in await compiled.ainvoke(EMPTY, config)
    assert (await compiled.aget_state(config)).next == ("q",)
    assert (await compiled.ainvoke(Command(resume="yes"), config))["log"] == ["a", "yes", "z"]


async def waiting(storage: Storage, config: Config) -> CompiledGraph:
    """`a` led to the deferred `z` and to `p` and `q`, which wait."""
    graph = builder("a", "z", "-a", "az")
    for name in "pq":
        graph.add_node(name, lambda state, name=name: {"log": [interrupt(name)]}).add_edge("a", name)
    compiled = graph.compile(storage)
    await compiled.ainvoke(EMPTY, config)
    return compiled


async def test_L9_an_edit_in_the_place_of_one_sibling_releases_nothing_while_another_waits(
    storage: Storage, config: Config
) -> None:
    graph = await waiting(storage, config)
    await graph.aupdate_state(config, {"log": ["edited"]}, as_node="p")
    assert (await graph.aget_state(config)).next == ("q",)
    await graph.aupdate_state(config, {"log": ["too"]}, as_node="q")
    assert (await graph.aget_state(config)).next == ("z",)
    assert (await graph.ainvoke(None, config))["log"] == ["a", "edited", "too", "z"]


async def test_L9_an_edit_of_what_led_to_it_keeps_it_deferred(storage: Storage, config: Config) -> None:
    graph = await waiting(storage, config)
    await graph.aupdate_state(config, {"log": ["more"]}, as_node="a")
    assert set((await graph.aget_state(config)).next) == {"p", "q"}
    questions = (await graph.aget_state(config)).interrupts
    result = await graph.ainvoke(Command(resume={question.id: question.value for question in questions}), config)
    assert result["log"] == ["a", "more", "p", "q", "z"]


async def test_L9_an_edit_that_leads_on_takes_back_a_deferred_node_that_was_due(storage: Storage, config: Config):
    graph = builder("ab", "z", "-a", "az")
    graph.add_conditional_edges("a", lambda state: "b" if "more" in state["log"] else END, ["b", END])
    compiled = graph.compile(storage, interrupt_before=["z"])
    await compiled.ainvoke(EMPTY, config)
    assert (await compiled.aget_state(config)).next == ("z",)
    await compiled.aupdate_state(config, {"log": ["more"]}, as_node="a")
    assert (await compiled.aget_state(config)).next == ("b",)
    assert (await compiled.ainvoke(None, config, interrupt_before=[]))["log"] == ["a", "more", "b", "z"]


async def test_L9_going_to_a_deferred_node_from_outside_waits_for_what_is_due(storage: Storage, config: Config) -> None:
    graph = builder("a", "z", "-a")
    graph.add_node("q", lambda state: {"log": [interrupt("?")]}, destinations=["z"]).add_edge("a", "q")
    compiled = graph.compile(storage)
    await compiled.ainvoke(EMPTY, config)
    assert "__interrupt__" in await compiled.ainvoke(Command(goto="z"), config)
    assert (await compiled.aget_state(config)).next == ("q",)
    assert (await compiled.ainvoke(Command(resume="yes"), config))["log"] == ["a", "yes", "z"]


def test_L9_an_edge_from_no_node_is_refused() -> None:
    with pytest.raises(InvalidGraph, match="no edge leads from"):
        builder("a", "", "-a").add_edge([], "a")
