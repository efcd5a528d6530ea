"""Section G of docs/behaviour.md: building a graph, running it, streaming it."""

import asyncio
import dataclasses
import operator
import re
from collections.abc import Sequence
from contextlib import aclosing
from typing import Annotated, Any, Literal, TypedDict

import pytest
from pydantic import BaseModel, Field

from graphs import END, START, Command, RetryPolicy, Runtime, Send, StateGraph, add_messages, interrupt
from graphs.errors import GraphRecursionError, InvalidGraph, InvalidUpdateError
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage
from tests.runtime.asking import Log, asks, chain, fan, ids, logs
from tests.support.waiting import until


class Dict(TypedDict):
    n: int


@dataclasses.dataclass
class Data:
    n: int = 0


class Model(BaseModel):
    n: int = Field(default=0, ge=0)


@pytest.mark.parametrize("state", [Dict, Data, Model])
@pytest.mark.parametrize("durable", [True, False])
async def test_G1_a_state_is_a_typed_dict_a_dataclass_or_a_model(
    storage: Storage, config: Config, state: type, durable: bool
) -> None:
    seen: list[Any] = []

    def node(state: Any) -> dict[str, Any]:
        seen.append(state)
        return {"n": (state["n"] if isinstance(state, dict) else state.n) + 1}

    graph = StateGraph(state).add_node("n", node).add_edge(START, "n").compile(storage if durable else None)
    assert await graph.ainvoke({"n": 1}, config) == {"n": 2}
    assert isinstance(seen[0], dict if state is Dict else state)


async def test_G1_an_instance_is_an_input_and_an_update(storage: Storage, config: Config) -> None:
    graph = StateGraph(Data).add_node("n", lambda state: Data(state.n + 1)).add_edge(START, "n").compile(storage)
    assert await graph.ainvoke(Data(1), config) == {"n": 2}


@pytest.mark.parametrize(("state", "given"), [(Model, {"n": "many"}), (Model, {"n": -1}), (Dict, {"n": "many"})])
async def test_G1_input_is_validated_and_nothing_begins(
    storage: Storage, config: Config, state: type, given: Any
) -> None:
    graph = StateGraph(state).add_node("n", lambda state: None).add_edge(START, "n").compile(storage)
    with pytest.raises(InvalidUpdateError, match="n"):
        await graph.ainvoke(given, config)
    assert (await graph.aget_state(config)).metadata is None


async def test_G1_messages_merge_and_are_removed_by_id(storage: Storage, config: Config) -> None:
    class Chat(TypedDict):
        messages: Annotated[list[dict[str, Any]], add_messages]

    async def edit(state: Chat) -> dict[str, Any]:
        first, second = state["messages"]
        return {
            "messages": [
                {"role": "user", "content": "better", "id": first["id"]},
                {"role": "remove", "id": second["id"]},
                ("assistant", "hello"),
            ]
        }

    graph = StateGraph(Chat).add_node("edit", edit).add_edge(START, "edit").compile(storage)
    given = {"messages": [{"role": "user", "content": "good", "id": "1"}, {"role": "user", "content": "x"}]}
    messages = (await graph.ainvoke(given, config))["messages"]
    assert [(m["role"], m["content"]) for m in messages] == [("user", "better"), ("assistant", "hello")]
    assert len({m["id"] for m in messages}) == 2
    assert (await graph.aget_state(config)).values["messages"] == messages


async def test_G2_a_list_of_sources_joins(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    builder = StateGraph(Log)
    for name in ("quick", "slow1", "slow2", "both"):
        builder.add_node(name, logs(name, runs))
    builder.add_edge(START, "quick").add_edge(START, "slow1").add_edge("slow1", "slow2")
    builder.add_edge(["quick", "slow2"], "both").add_edge("both", END)
    assert (await builder.compile(storage).ainvoke({"log": []}, config))["log"][-1] == "both"
    assert runs.count("both") == 1


async def test_G2_nodes_and_routers_are_async_or_plain_and_choose_by_edge_map_or_command(
    storage: Storage, config: Config
) -> None:
    async def first(state: Log) -> Command[Literal["second"]]:
        return Command(update={"log": ["first"]}, goto="second")

    def second(state: Log) -> dict[str, Any]:
        return {"log": ["second"]}

    async def mapped(state: Log) -> bool:
        return len(state["log"]) > 1

    def named(state: Log) -> Literal["third", "__end__"]:
        return "third" if len(state["log"]) < 4 else END

    builder = StateGraph(Log).add_node(first).add_node(second).add_node("third", logs("third")).add_edge(START, "first")
    builder.add_conditional_edges("second", mapped, {True: "third", False: END})
    builder.add_conditional_edges("third", named)
    assert await builder.compile(storage).ainvoke({"log": []}, config) == {"log": ["first", "second", "third", "third"]}


async def test_G2_each_send_is_a_task_of_its_own_with_its_own_input(storage: Storage, config: Config) -> None:
    def work(private: dict[str, Any]) -> dict[str, Any]:
        return {"log": [interrupt(private["n"])] if private["n"] == 1 else [private["n"]]}

    builder = StateGraph(Log).add_node("plan", lambda state: None).add_node("work", work).add_edge(START, "plan")
    builder.add_conditional_edges("plan", lambda state: [Send("work", {"n": n}) for n in range(3)], ["work"])
    graph = builder.compile(storage)
    assert (await graph.ainvoke({"log": []}, config))["log"] == [0, 2]
    assert (await graph.aget_state(config)).next == ("work",)
    assert await graph.ainvoke(Command(resume="one"), config) == {"log": [0, "one", 2]}


async def test_G2_the_entry_and_the_finish_point_are_edges_from_start_and_to_end() -> None:
    builder = StateGraph(Log).add_node("a", logs("a")).add_node("b", logs("b")).add_edge("a", "b")
    graph = builder.set_entry_point("a").set_finish_point("b").compile()
    assert await graph.ainvoke({"log": []}) == {"log": ["a", "b"]}


async def test_G2_a_plain_function_does_not_block_the_others(storage: Storage, config: Config) -> None:
    import threading

    met = threading.Barrier(2, timeout=10)

    def node(state: Log) -> dict[str, Any]:
        met.wait()
        return {"log": ["met"]}

    graph = fan(storage, ("a", node), ("b", node))
    assert await graph.ainvoke({"log": []}, config) == {"log": ["met", "met"]}


def broken(what: str) -> StateGraph:
    builder = StateGraph(Log).add_node("a", logs("a"))
    match what:
        case "unknown target":
            return builder.add_edge(START, "a").add_edge("a", "nowhere")
        case "unknown source":
            return builder.add_edge(START, "a").add_edge("nowhere", "a")
        case "unknown route":
            return builder.add_edge(START, "a").add_conditional_edges("a", lambda state: END, ["nowhere", END])
        case "unknown join":
            return builder.add_edge(START, "a").add_edge(["a", "nowhere"], "a")
        case "no entry":
            return builder
        case "unreachable":
            return builder.add_edge(START, "a").add_node("island", logs("b"))
    raise AssertionError(what)


@pytest.mark.parametrize(
    ("what", "named"),
    [
        ("unknown target", "'nowhere'"),
        ("unknown source", "'nowhere'"),
        ("unknown route", "'nowhere'"),
        ("unknown join", "'nowhere'"),
        ("no entry", "START"),
        ("unreachable", "'island'"),
    ],
)
def test_G3_a_graph_that_cannot_run_does_not_compile(what: str, named: str) -> None:
    with pytest.raises(InvalidGraph, match=named):
        broken(what).compile()


def test_G3_a_name_is_given_once() -> None:
    builder = StateGraph(Log).add_node("a", logs("a"))
    with pytest.raises(InvalidGraph, match="two nodes named 'a'"):
        builder.add_node("a", logs("a"))
    with pytest.raises(InvalidGraph, match="cannot be a node's name"):
        builder.add_node(START, logs("a"))


async def test_G4_two_writes_to_a_key_without_a_reducer_name_the_key_and_both_nodes(
    storage: Storage, config: Config
) -> None:
    builder = StateGraph(Dict).add_node("one", lambda state: {"n": 1}).add_node("two", lambda state: {"n": 2})
    graph = builder.add_edge(START, "one").add_edge(START, "two").compile(storage)
    with pytest.raises(InvalidUpdateError) as refused:
        await graph.ainvoke({"n": 0}, config)
    assert all(name in str(refused.value) for name in ("'n'", "'one'", "'two'"))
    assert (await graph.aget_state(config)).metadata != {}


async def test_G4_an_unknown_key_is_the_same_error(storage: Storage, config: Config) -> None:
    graph = StateGraph(Dict).add_node("one", lambda state: {"m": 1}).add_edge(START, "one").compile(storage)
    with pytest.raises(InvalidUpdateError, match=r"'one'.*'m'"):
        await graph.ainvoke({"n": 0}, config)
    with pytest.raises(InvalidUpdateError, match="'m'"):
        await graph.ainvoke({"m": 0}, {"configurable": {"thread_id": "t2"}})


async def test_G5_a_node_is_retried_as_its_policy_says(storage: Storage, config: Config) -> None:
    attempts: list[str] = []

    def shaky(state: Log) -> dict[str, Any]:
        attempts.append("shaky")
        if len(attempts) < 3:
            raise ConnectionError("down")
        return {"log": ["up"]}

    def broken(state: Log) -> dict[str, Any]:
        attempts.append("broken")
        raise ValueError("wrong for good")

    policy = RetryPolicy(max_attempts=3, initial_interval=0.001, jitter=False, retry_on=ConnectionError)
    builder = StateGraph(Log).add_node("a", shaky, retry_policy=policy).add_node("b", broken, retry_policy=policy)
    graph = builder.add_edge(START, "a").add_edge("a", "b").compile(storage)
    with pytest.raises(ValueError, match="for good"):
        await graph.ainvoke({"log": []}, config)
    assert attempts == ["shaky"] * 3 + ["broken"]


async def test_G5_a_node_that_takes_too_long_fails(storage: Storage, config: Config) -> None:
    async def forever(state: Log) -> None:
        await asyncio.Event().wait()

    graph = StateGraph(Log).add_node("a", forever, timeout=0.01).add_edge(START, "a").compile(storage)
    with pytest.raises(TimeoutError):
        await graph.ainvoke({"log": []}, config)
    error = (await graph.aget_state(config)).tasks[0].error
    assert error is not None
    assert re.fullmatch(r"NodeTimeoutError: 'a' was still at work after 0\.\d+ s; its timeout is 0\.01 s", error)


def looping(storage: Storage) -> CompiledGraph:
    """Five steps; the third asks."""

    def node(state: Log) -> dict[str, Any]:
        n = len(state["log"])
        return {"log": [interrupt("go on?") if n == 2 else n]}

    builder = StateGraph(Log).add_node("a", node).add_edge(START, "a")
    builder.add_conditional_edges("a", lambda state: END if len(state["log"]) % 5 == 0 else "a", ["a", END])
    return builder.compile(storage)


async def test_G5_the_limit_counts_the_steps_of_one_input_across_its_resumes(storage: Storage, config: Config) -> None:
    graph, limited = looping(storage), config | {"recursion_limit": 4}
    await graph.ainvoke({"log": []}, limited)
    with pytest.raises(GraphRecursionError, match="after 4 steps"):
        await graph.ainvoke(Command(resume="yes"), limited)
    assert (await graph.aget_state(config)).next == ("a",)
    assert await graph.ainvoke(None, config | {"recursion_limit": 5}) == {"log": [0, 1, "yes", 3, 4]}


async def test_an_answer_that_somebody_wrote_into_the_file_is_found_by_whoever_asked(
    storage: Storage, config: Config
) -> None:
    graph = looping(storage)
    await graph.ainvoke({"log": []}, config)
    forged = """update interrupts set status = 'answered', answer = '"yes"', answered_by = 'U0', answered_at = 1.0"""
    await storage.write(lambda db: db.execute(forged))
    assert await graph.ainvoke(None, config) == {"log": [0, 1, "yes", 3, 4]}


async def test_G5_a_new_input_counts_anew(storage: Storage, config: Config) -> None:
    graph, limited = chain(storage, *((name, logs(name)) for name in "abc")), config | {"recursion_limit": 3}
    for _ in range(3):
        await graph.ainvoke({"log": []}, limited)


async def test_G5_without_a_limit_a_thousand_steps_are_allowed() -> None:
    builder = StateGraph(Dict).add_node("a", lambda state: {"n": state["n"] + 1})
    builder.add_edge(START, "a").add_edge("a", "a")
    with pytest.raises(GraphRecursionError, match="1000 steps"):
        await builder.compile().ainvoke({"n": 0})


def talking(storage: Storage) -> CompiledGraph:
    async def talk(state: Log, runtime: Runtime[None]) -> dict[str, Any]:
        runtime.stream_writer("working")
        runtime.message_writer({"content": "hel"})
        return {"log": ["talk"]}

    return chain(storage, ("talk", talk), ("q", asks("q")))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("values", [{"log": []}, {"log": ["talk"]}]),
        ("updates", [{"talk": {"log": ["talk"]}}]),
        ("messages", [({"content": "hel"}, {"langgraph_node": "talk", "langgraph_step": 1, "thread_id": "t1"})]),
        ("custom", ["working"]),
    ],
)
async def test_G6_each_mode_gives_its_chunks_and_the_questions(
    storage: Storage, config: Config, mode: str, expected: list[Any]
) -> None:
    graph = talking(storage)
    *chunks, last = [chunk async for chunk in graph.astream({"log": []}, config, stream_mode=mode)]
    assert chunks == expected
    told = last[0] if mode == "messages" else last
    assert [question.value for question in told["__interrupt__"]] == ["q"]


async def test_G6_a_list_of_modes_names_the_mode_of_each_chunk(storage: Storage, config: Config) -> None:
    modes: Sequence[str] = ["updates", "custom"]
    chunks = [chunk async for chunk in talking(storage).astream({"log": []}, config, stream_mode=modes)]
    assert chunks[:2] == [("custom", "working"), ("updates", {"talk": {"log": ["talk"]}})]
    assert [mode for mode, chunk in chunks[2:] if "__interrupt__" in chunk] == ["updates", "custom"]


async def test_G6_an_unknown_mode_is_an_error(storage: Storage, config: Config) -> None:
    with pytest.raises(ValueError, match="'events' is no stream mode"):
        await anext(talking(storage).astream({"log": []}, config, stream_mode="events"))


async def test_G6_what_a_node_raises_comes_out_of_the_stream(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")), ("b", lambda state: {"log": [1 // 0]}))
    stream = graph.astream({"log": []}, config)
    assert await anext(stream) == {"a": {"log": ["a"]}}
    with pytest.raises(ZeroDivisionError):
        await anext(stream)


async def test_G6_stopping_the_consumer_cancels_the_run_and_the_thread_can_go_on(
    storage: Storage, config: Config
) -> None:
    began, ended, gate = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(state: Log) -> dict[str, Any]:
        began.set()
        try:
            await gate.wait()
        finally:
            ended.set()
        return {"log": ["slow"]}

    graph = chain(storage, ("a", logs("a")), ("slow", slow))
    async with aclosing(graph.astream({"log": []}, config)) as chunks:
        async for _ in chunks:
            await began.wait()
            break
    assert ended.is_set()
    assert (await graph.aget_state(config)).next == ("slow",)
    gate.set()
    assert await graph.ainvoke(None, config) == {"log": ["a", "slow"]}


async def test_G6_a_cancelled_run_gives_its_thread_back(storage: Storage, config: Config) -> None:
    began = asyncio.Event()

    async def slow(state: Log) -> dict[str, Any]:
        if not began.is_set():
            began.set()
            await asyncio.Event().wait()
        return {"log": ["slow"]}

    graph = chain(storage, ("slow", slow))
    run = asyncio.create_task(graph.ainvoke({"log": []}, config))
    await began.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert await graph.ainvoke(None, config) == {"log": ["slow"]}


async def test_G6_chunks_come_while_the_run_goes_on(storage: Storage, config: Config) -> None:
    gate = asyncio.Event()

    async def slow(state: Log) -> dict[str, Any]:
        await gate.wait()
        return {"log": ["slow"]}

    graph = chain(storage, ("a", logs("a")), ("slow", slow))
    seen: list[Any] = []
    async for chunk in graph.astream({"log": []}, config):
        seen.append(chunk)
        gate.set()
    assert seen == [{"a": {"log": ["a"]}}, {"slow": {"log": ["slow"]}}]


async def test_G7_a_node_asks_its_run_for_context_thread_and_caller(storage: Storage, config: Config) -> None:
    seen: list[Any] = []

    def node(state: Log, runtime: Runtime[dict[str, str]], config: Config) -> dict[str, Any]:
        seen.append((runtime.context, runtime.thread_id, runtime.by, config))
        return {"log": [interrupt("q")]}

    graph = StateGraph(Log, context_schema=dict).add_node("n", node).add_edge(START, "n").compile(storage)
    await graph.ainvoke({"log": []}, config, context={"tone": "kind"}, by="U1")
    await graph.ainvoke(Command(resume=1), config, context={"tone": "plain"}, by="U2")
    assert seen == [({"tone": "kind"}, "t1", "U1", config), ({"tone": "plain"}, "t1", "U1", config)]


async def test_G7_a_router_is_handed_its_runtime_too(storage: Storage, config: Config) -> None:
    def route(state: Log, runtime: Runtime[str]) -> str:
        return runtime.context

    builder = StateGraph(Log).add_node("a", logs("a")).add_node("b", logs("b")).add_edge(START, "a")
    graph = builder.add_conditional_edges("a", route, ["b", END]).compile(storage)
    assert (await graph.ainvoke({"log": []}, config, context="b"))["log"] == ["a", "b"]


def test_G8_a_graph_is_drawn_as_mermaid() -> None:
    async def choose(state: Log) -> Command[Literal["b", "__end__"]]:
        return Command(goto="b")

    builder = StateGraph(Log).add_node("choose", choose).add_node("b", logs("b")).add_node("c", logs("c"))
    builder.add_edge(START, "choose").add_edge(START, "c").add_edge(["b", "c"], END)
    assert builder.compile().get_graph().draw_mermaid() == (
        "flowchart TD\n"
        '    n0["(start)"]\n'
        '    n1["choose"]\n'
        '    n2["b"]\n'
        '    n3["c"]\n'
        '    n4["(end)"]\n'
        "    n0 --> n1\n"
        "    n0 --> n3\n"
        "    n2 --> n4\n"
        "    n3 --> n4\n"
        "    n1 -.-> n2\n"
        "    n1 -.-> n4"
    )


async def test_G6_the_questions_of_two_tasks_are_both_in_the_stream(storage: Storage, config: Config) -> None:
    graph = fan(storage, ("a", asks("a")), ("b", asks("b")))
    chunks = [chunk async for chunk in graph.astream({"log": []}, config)]
    assert sorted(question.value for chunk in chunks for question in chunk["__interrupt__"]) == ["a", "b"]
    assert ids(await graph.ainvoke(None, config)).keys() == {"a", "b"}


async def test_G1_a_reducer_merges_what_tasks_of_one_step_wrote(storage: Storage, config: Config) -> None:
    class Counted(TypedDict):
        total: Annotated[int, operator.add]

    builder = StateGraph(Counted)
    for n in range(4):
        builder.add_node(f"n{n}", lambda state, n=n: {"total": n}).add_edge(START, f"n{n}")
    assert await builder.compile(storage).ainvoke({"total": 10}, config) == {"total": 16}


async def test_G6_a_consumer_that_breaks_leaves_no_run_behind(storage: Storage, config: Config) -> None:
    ended = asyncio.Event()

    async def slow(state: Log) -> dict[str, Any]:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return {}

    async def consume() -> None:
        async for _ in chain(storage, ("a", logs("a")), ("slow", slow)).astream({"log": []}, config):
            await asyncio.sleep(0)
            break

    await consume()

    async def released() -> bool:
        def owner(db: Any) -> Any:
            cursor = db.execute("select owner from threads")
            return (cursor.fetchone())[0]

        return await storage.read(owner) is None

    await until(released, "the thread to be given back")
