"""The chunks of the modes `tasks`, `checkpoints`, `debug` and `messages`, and of graphs within a graph."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypedDict

import pytest

from graphs import START, Command, Runtime, Send, StateGraph
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage
from tests.runtime.asking import Log, asks, chain, fan, ids, logs
from tests.runtime.listening import all_of, questions, until_it_raises

ALL = ["values", "updates", "messages", "custom", "tasks", "checkpoints", "debug"]


async def test_L5_tasks_are_told_as_they_begin_and_as_they_end(storage: Storage, config: Config) -> None:
    async def fails(state: Log) -> None:
        raise ValueError("no")

    builder = StateGraph(Log).add_node("a", logs("a")).add_node("q", asks("q")).add_node("f", fails)
    builder.add_edge(START, "a").add_edge("a", "q").add_edge("q", "f")
    graph = builder.compile(storage)
    begun, ended, q, paused = await all_of(graph, {"log": ["in"]}, config, stream_mode="tasks")
    assert begun == {"id": begun["id"], "name": "a", "input": {"log": ["in"]}, "triggers": ("branch:to:a",)}
    assert ended == {"id": begun["id"], "name": "a", "error": None, "result": {"log": ["a"]}, "interrupts": []}
    assert (q["name"], q["input"]) == ("q", {"log": ["in", "a"]})
    (task,) = (await graph.aget_state(config)).tasks
    (question,) = task.interrupts
    assert (paused["id"], paused["name"], paused["error"], paused["result"]) == (task.id, "q", None, {})
    assert [(each["id"], each["value"]) for each in paused["interrupts"]] == [(question.id, "q")]

    told = await until_it_raises(graph.astream(Command(resume=1), config, stream_mode="tasks"))
    assert [(each["name"], "result" in each) for each in told] == [("q", False), ("q", True), ("f", False), ("f", True)]
    assert (told[-1]["error"], told[-1]["result"]) == ("ValueError: no", {})


async def test_L5_a_task_says_what_led_to_it(config: Config) -> None:
    def fan_out(state: Log) -> list[Any]:
        return [Send("a", {"log": ["sent"]}), "b"]

    builder = StateGraph(Log).add_node("a", logs("a")).add_node("b", logs("b")).add_node("c", logs("c"))
    builder.add_conditional_edges(START, fan_out, ["a", "b"]).add_edge(["a", "b"], "c")
    chunks = await all_of(builder.compile(), {"log": []}, config, stream_mode="tasks")
    begun = {chunk["name"]: (chunk["triggers"], chunk["input"]) for chunk in chunks if "input" in chunk}
    assert begun["a"] == (("__pregel_push",), {"log": ["sent"]})
    assert begun["b"] == (("branch:to:b",), {"log": []})
    assert begun["c"][0] == ("join:a+b:c",)


async def test_L5_a_task_is_told_with_what_the_caller_said_of_the_run() -> None:
    graph = chain(None, ("a", logs("a")))
    said: Config = {"metadata": {"user": "ana"}, "tags": ["t"]}
    begun, _ = await all_of(graph, {"log": []}, said, stream_mode="tasks")
    assert begun["metadata"] == {"user": "ana", "tags": ["t"]}


async def test_L5_each_checkpoint_is_told_as_the_state_is(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")), ("b", logs("b")))
    chunks = await all_of(graph, {"log": []}, config, stream_mode="checkpoints")
    history = [snapshot async for snapshot in graph.aget_state_history(config)]
    assert [each["config"] for each in chunks] == [snapshot.config for snapshot in reversed(history)]
    assert [each["parent_config"] for each in chunks] == [snapshot.parent_config for snapshot in reversed(history)]
    assert [each["metadata"] for each in chunks] == [snapshot.metadata for snapshot in reversed(history)]
    assert [each["values"] for each in chunks] == [{"log": []}, {"log": ["a"]}, {"log": ["a", "b"]}]
    assert [each["next"] for each in chunks] == [["a"], ["b"], []]
    assert [[task["name"] for task in each["tasks"]] for each in chunks] == [["a"], ["b"], []]


async def test_L5_the_checkpoint_that_a_run_goes_on_from_says_how_its_tasks_stand(
    storage: Storage, config: Config
) -> None:
    def fails(state: Log) -> None:
        raise ValueError("no")

    graph = fan(storage, ("done", logs("done")), ("q", asks("q")), ("f", fails))
    with pytest.raises(ValueError, match="no"):
        await graph.ainvoke({"log": []}, config)
    stream = graph.astream(None, config, stream_mode="checkpoints")
    checkpoint = await anext(stream)
    await stream.aclose()
    done, q, f = checkpoint["tasks"]
    assert (done["result"], done["interrupts"]) == ({"log": ["done"]}, ())
    assert [question["value"] for question in q["interrupts"]] == ["q"]
    assert "result" not in q
    assert f["error"] == "ValueError: no"
    assert "interrupts" not in f


async def test_L5_without_a_checkpointer_there_are_no_checkpoints() -> None:
    assert await all_of(chain(None, ("a", logs("a"))), {"log": []}, {}, stream_mode="checkpoints") == []


async def test_L5_debug_is_tasks_and_checkpoints_with_step_and_time(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")))
    chunks = await all_of(graph, {"log": []}, config, stream_mode=["tasks", "checkpoints", "debug"])
    debug = [chunk for mode, chunk in chunks if mode == "debug"]
    assert [each["payload"] for each in debug] == [chunk for mode, chunk in chunks if mode != "debug"]
    assert [(each["step"], each["type"]) for each in debug] == [
        (0, "checkpoint"),
        (1, "task"),
        (1, "task_result"),
        (1, "checkpoint"),
    ]
    assert all(datetime.fromisoformat(each["timestamp"]).tzinfo is not None for each in debug)


async def test_L5_messages_come_with_where_they_are_from(storage: Storage, config: Config) -> None:
    async def talk(state: Log, runtime: Runtime[None]) -> None:
        runtime.message_writer({"role": "assistant", "id": "m", "content": "hel"})
        runtime.message_writer({"role": "assistant", "id": "m", "content": "lo"})

    graph = chain(storage, ("a", logs("a")), ("talk", talk))
    said: Config = {**config, "metadata": {"user": "ana"}, "tags": ["t"]}
    chunks = await all_of(graph, {"log": []}, said, stream_mode="messages")
    assert "".join(message["content"] for message, _ in chunks) == "hello"
    where = {"langgraph_node": "talk", "langgraph_step": 2, "thread_id": "t1", "user": "ana", "tags": ["t"]}
    assert [metadata for _, metadata in chunks] == [where, where]


async def test_L5_a_question_among_messages_is_one_without_text(storage: Storage, config: Config) -> None:
    ((message, metadata),) = await all_of(chain(storage, ("q", asks("q"))), {"log": []}, config, stream_mode="messages")
    assert (message["role"], message["content"]) == ("assistant", "")
    assert [question.value for question in message["__interrupt__"]] == ["q"]
    assert metadata["langgraph_node"] == "q"
    config = {"configurable": {"thread_id": "t2"}}
    chunks = await all_of(chain(storage, ("q", asks("q"))), {"log": []}, config, stream_mode=["messages", "updates"])
    assert [mode for mode, _ in chunks] == ["updates"]  # where it is seen anyway it is no message


def nested(storage: Storage | None, node: Callable[..., Any] | None = None) -> CompiledGraph:
    return chain(storage, ("sub", chain(None, ("x", node or logs("x")))), ("y", logs("y")))


async def test_L5_with_subgraphs_each_chunk_says_which_graph_it_is_from(storage: Storage, config: Config) -> None:
    chunks = await all_of(nested(storage), {"log": []}, config, stream_mode=["updates", "tasks"], subgraphs=True)
    sub = next(chunk["id"] for where, mode, chunk in chunks if mode == "tasks" and chunk["name"] == "sub")
    inner = (f"sub:{sub}",)
    assert [(where, mode, chunk.get("name", chunk)) for where, mode, chunk in chunks] == [
        ((), "tasks", "sub"),
        (inner, "tasks", "x"),
        (inner, "updates", {"x": {"log": ["x"]}}),
        (inner, "tasks", "x"),
        ((), "updates", {"sub": {"log": ["x"]}}),
        ((), "tasks", "sub"),
        ((), "tasks", "y"),
        ((), "updates", {"y": {"log": ["y"]}}),
        ((), "tasks", "y"),
    ]


async def test_L5_with_subgraphs_and_one_mode_a_chunk_is_a_pair() -> None:
    chunks = await all_of(nested(None), {"log": []}, {}, stream_mode="values", subgraphs=True)
    assert [(len(where), chunk) for where, chunk in chunks] == [
        (0, {"log": []}),
        (1, {"log": []}),
        (1, {"log": ["x"]}),
        (0, {"log": ["x"]}),
        (0, {"log": ["x", "y"]}),
    ]


async def test_L5_without_subgraphs_only_what_nodes_write_comes_from_within(storage: Storage, config: Config) -> None:
    async def talk(state: Log, runtime: Runtime[None]) -> dict[str, Any]:
        runtime.stream_writer("note")
        runtime.message_writer({"content": "hi"})
        return {"log": ["x"]}

    chunks = await all_of(nested(storage, talk), {"log": []}, config, stream_mode=ALL)
    assert [chunk for mode, chunk in chunks if mode == "custom"] == ["note"]
    assert [chunk[0] for mode, chunk in chunks if mode == "messages"] == [{"content": "hi"}]
    told = [chunk.get("name") for mode, chunk in chunks if mode == "tasks"]
    assert told == ["sub", "sub", "y", "y"]
    assert [chunk for mode, chunk in chunks if mode == "updates"] == [{"sub": {"log": ["x"]}}, {"y": {"log": ["y"]}}]
    assert len([chunk for mode, chunk in chunks if mode == "checkpoints"]) == 3


async def test_L5_a_graph_in_a_graph_in_a_graph_is_told_by_the_whole_way(storage: Storage, config: Config) -> None:
    async def talk(state: Log, runtime: Runtime[None]) -> None:
        runtime.stream_writer("deep")

    graph = chain(storage, ("a", chain(None, ("b", chain(None, ("c", talk))))))
    ((where, chunk),) = await all_of(graph, {"log": []}, config, stream_mode="custom", subgraphs=True)
    assert ([part.split(":")[0] for part in where], chunk) == (["a", "b"], "deep")


async def test_L5_a_question_within_is_told_by_its_graph_and_by_each_that_called_it(
    storage: Storage, config: Config
) -> None:
    graph = nested(storage, asks("q"))
    chunks = await all_of(graph, {"log": []}, config, stream_mode="updates", subgraphs=True)
    assert [([part.split(":")[0] for part in where], questions(chunk)) for where, chunk in chunks] == [
        (["sub"], ["q"]),
        ([], ["q"]),
    ]
    inner, outer = (chunk["__interrupt__"] for _, chunk in chunks)
    assert inner == outer


async def test_L5_several_graphs_called_in_one_node_are_told_apart() -> None:
    inner = chain(None, ("x", logs("x")))

    async def calls(state: Log) -> None:
        await inner.ainvoke({"log": []})
        await inner.ainvoke({"log": []})

    chunks = await all_of(chain(None, ("n", calls)), {"log": []}, {}, stream_mode="updates", subgraphs=True)
    first, second, last = (where for where, _ in chunks)
    assert (second, last) == ((*first, "1"), ())


async def test_L5_a_node_may_stream_the_graph_that_it_calls(storage: Storage, config: Config) -> None:
    inner = chain(None, ("x", logs("x")), ("y", logs("y")))
    heard: list[Any] = []

    async def calls(state: Log) -> dict[str, Any]:
        heard.extend([chunk async for chunk in inner.astream({"log": []}, stream_mode=["updates", "values"])])
        return {"log": [len(heard)]}

    graph = chain(storage, ("n", calls))
    chunks = await all_of(graph, {"log": []}, config, subgraphs=True)
    assert heard == [
        ("values", {"log": []}),
        ("updates", {"x": {"log": ["x"]}}),
        ("values", {"log": ["x"]}),
        ("updates", {"y": {"log": ["y"]}}),
        ("values", {"log": ["x", "y"]}),
    ]
    assert [(len(where), chunk) for where, chunk in chunks] == [
        (1, {"x": {"log": ["x"]}}),
        (1, {"y": {"log": ["y"]}}),
        (0, {"n": {"log": [5]}}),
    ]


async def test_L5_a_question_in_a_graph_that_a_node_streams_pauses_the_node(storage: Storage, config: Config) -> None:
    inner = chain(None, ("q", asks("q")))

    async def calls(state: Log) -> dict[str, Any]:
        return {"log": [chunk async for chunk in inner.astream({"log": []}) if "q" in chunk]}

    graph = chain(storage, ("n", calls))
    assert set(ids(await graph.ainvoke({"log": []}, config))) == {"q"}
    assert await graph.ainvoke(Command(resume=1), config) == {"log": [{"q": {"log": ["q=1"]}}]}


async def test_L5_an_error_handler_is_told_by_its_own_name(storage: Storage, config: Config) -> None:
    def fails(state: Log) -> None:
        raise ValueError("no")

    def mend(state: Log) -> dict[str, Any]:
        return {"log": ["mended"]}

    graph = StateGraph(Log).add_node("n", fails, error_handler=mend).add_edge(START, "n").compile(storage)
    begun, failed, handler, (mode, update), mended = await all_of(
        graph, {"log": []}, config, stream_mode=["tasks", "updates"]
    )
    assert (begun[1]["name"], failed[1]["name"], failed[1]["error"]) == ("n", "n", "ValueError: no")
    assert (mode, update) == ("updates", {handler[1]["name"]: {"log": ["mended"]}})
    assert (handler[1]["input"], mended[1]["name"]) == ({"log": []}, handler[1]["name"])
    assert mended[1]["result"] == {"log": ["mended"]}
    assert handler[1]["name"] != "n"


async def test_L5_an_empty_state_is_no_chunk_of_values(storage: Storage, config: Config) -> None:
    class Plain(TypedDict, total=False):
        n: int

    graph = StateGraph(Plain).add_node("a", lambda state: {"n": 1}).add_edge(START, "a").compile(storage)
    assert await all_of(graph, {}, config, stream_mode="values") == [{"n": 1}]
