"""Row L14 of docs/behaviour.md: a graph that is bound to a config."""

from typing import Any

import pytest

from graphs import START, Command, StateGraph
from graphs.errors import GraphRecursionError
from graphs.runtime.types import Config
from storage import Storage
from tests.runtime.asking import Log, asks, ids

EMPTY: Any = {"log": []}


async def test_L14_a_bound_config_stands_under_that_of_each_call(storage: Storage) -> None:
    seen: list[Any] = []

    def node(state: Log, config: Config) -> None:
        seen.append(config)

    bound: Any = {"configurable": {"thread_id": "bound", "colour": "red"}, "metadata": {"a": 1}}
    graph = StateGraph(Log).add_node("n", node).add_edge(START, "n").compile(storage)
    both = graph.with_config(bound, tags=["x"])
    await both.ainvoke(EMPTY)
    await both.ainvoke(EMPTY, {"configurable": {"thread_id": "given"}, "metadata": {"b": 2}})
    assert [each["configurable"] for each in seen] == [
        {"thread_id": "bound", "colour": "red"},
        {"thread_id": "given", "colour": "red"},
    ]
    assert [each.get("metadata") for each in seen] == [{"a": 1}, {"a": 1, "b": 2}]
    assert [each.get("tags") for each in seen] == [["x"], ["x"]]
    assert graph.config == {}
    with pytest.raises(ValueError, match="thread_id"):
        await graph.ainvoke(EMPTY)


async def test_L14_a_bound_graph_is_answered_read_and_edited_without_more(storage: Storage, config: Config) -> None:
    graph = StateGraph(Log).add_node("n", asks("q")).add_edge(START, "n").compile(storage).with_config(config)
    question = ids(await graph.ainvoke(EMPTY))["q"]
    await graph.aanswer({}, {question: 1})
    assert (await graph.aget_state({})).next == ("n",)
    assert await graph.ainvoke(None) == {"log": ["q=1"]}
    edited: Any = await graph.aupdate_state({}, {"log": ["edited"]})
    assert edited["configurable"]["thread_id"] == "t1"
    assert (await graph.aget_state({})).values == {"log": ["q=1", "edited"]}
    older = [each async for each in graph.aget_state_history({}) if each.next == ("n",)]
    at = graph.with_config(older[0].config)
    assert (await at.aget_state({})).next == ("n",)
    assert [chunk async for chunk in graph.astream(EMPTY)][-1]["__interrupt__"][0].value == "q"
    assert await graph.ainvoke(Command(resume=2)) == {"log": ["q=1", "edited", "q=2"]}


async def test_L14_the_nearest_config_counts() -> None:
    loop = StateGraph(Log).add_node("n", lambda state: None).add_edge(START, "n").add_edge("n", "n").compile()
    with pytest.raises(GraphRecursionError, match="3 steps"):
        await loop.with_config(recursion_limit=3).ainvoke(EMPTY)
    with pytest.raises(GraphRecursionError, match="2 steps"):
        await loop.with_config({"recursion_limit": 5}).with_config(recursion_limit=2).ainvoke(EMPTY)
    with pytest.raises(GraphRecursionError, match="4 steps"):
        await loop.with_config(recursion_limit=3).ainvoke(EMPTY, {"recursion_limit": 4})
