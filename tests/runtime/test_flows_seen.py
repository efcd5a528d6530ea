"""Row L6 of docs/behaviour.md: a flow as its callers see it. Nothing of its inner shape is in values, streams and
states.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Iterator
from typing import Any, TypedDict

import pytest

from graphs import START, Command, RetryPolicy, StateGraph, entrypoint, interrupt, task
from graphs.errors import InvalidGraph, LeftOut, NotWaiting, ThreadWaiting
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage, open_storage
from tests.runtime.asking import Log, chain, ids


@task
async def plus_one(n: int) -> int:
    return n + 1


def asking(storage: Storage) -> CompiledGraph:
    @entrypoint(storage)
    async def flow(n: int) -> dict[str, Any]:
        return {"n": await plus_one(n), "answer": interrupt("q")}

    return flow


async def test_L6_a_chunk_per_task_and_one_for_the_flow(storage: Storage, config: Config) -> None:
    flow = asking(storage)
    first = [chunk async for chunk in flow.astream(1, config)]
    (question,) = first[1]["__interrupt__"]
    assert first == [{"plus_one": 2}, {"__interrupt__": (question,)}]
    assert question.value == "q"
    assert [chunk async for chunk in flow.astream(Command(resume="a"), config)] == [{"flow": {"n": 2, "answer": "a"}}]


async def test_L6_the_values_are_what_was_returned(storage: Storage, config: Config) -> None:
    flow = asking(storage)
    first = [chunk async for chunk in flow.astream(1, config, stream_mode="values")]
    assert [[*chunk] for chunk in first] == [["__interrupt__"]]
    resumed = [chunk async for chunk in flow.astream(Command(resume="a"), config, stream_mode="values")]
    assert resumed == [{"n": 2, "answer": "a"}]
    again = [chunk async for chunk in flow.astream(5, config, stream_mode="values")]
    assert [[*chunk] for chunk in again] == [["__interrupt__"]]  # beside nothing of the last run


async def test_L6_a_result_and_what_waits(storage: Storage, config: Config) -> None:
    flow = asking(storage)
    result = await flow.ainvoke(1, config)
    assert list(result) == ["__interrupt__"]
    assert await flow.ainvoke(Command(resume="a"), config) == {"n": 2, "answer": "a"}
    assert list(await flow.ainvoke(1, config)) == ["__interrupt__"]
    with pytest.raises(ThreadWaiting):
        await flow.ainvoke(1, config)


async def test_L6_the_state_is_the_last_value(storage: Storage, config: Config) -> None:
    flow = asking(storage)
    assert (await flow.aget_state(config)).values == {}
    asked = ids(await flow.ainvoke(1, config))
    waiting = await flow.aget_state(config)
    assert (waiting.values, waiting.next) == (None, ("flow",))
    assert {each.value: each.id for each in waiting.interrupts} == asked
    await flow.aanswer(config, {asked["q"]: "a"})
    assert await flow.ainvoke(None, config) == {"n": 2, "answer": "a"}
    assert (await flow.aget_state(config)).values == {"n": 2, "answer": "a"}
    history = [snapshot async for snapshot in flow.aget_state_history(config)]
    assert [(snapshot.values, snapshot.next) for snapshot in history] == [
        ({"n": 2, "answer": "a"}, ()),
        (None, ("flow",)),
    ]
    assert [(each.name, each.result) for each in history[1].tasks] == [("flow", {"n": 2, "answer": "a"})]


async def test_L6_an_edit_is_what_previous_will_be(storage: Storage, config: Config) -> None:
    @entrypoint(storage)
    async def flow(n: int, *, previous: int | None) -> entrypoint.final[int, int]:
        return entrypoint.final(value=previous or 0, save=(previous or 0) + n)

    await flow.aupdate_state(config, 10)  # of a thread that is new
    assert (await flow.aget_state(config)).values == 10
    assert await flow.ainvoke(1, config) == 10
    assert await flow.ainvoke(2, config) == 11
    await flow.aupdate_state(config, 100)
    assert (await flow.aget_state(config)).values == 100
    assert await flow.ainvoke(3, config) == 100
    assert await flow.ainvoke(4, config) == 103
    with pytest.raises(NotWaiting):
        await flow.ainvoke(None, config)


async def test_L6_an_edit_while_it_waits_stands_for_the_run(storage: Storage, config: Config) -> None:
    flow = asking(storage)
    asked = ids(await flow.ainvoke(1, config))
    await flow.aupdate_state(config, {"n": 0, "answer": "edited"})
    state = await flow.aget_state(config)
    assert (state.values, state.next, state.interrupts) == ({"n": 0, "answer": "edited"}, (), ())
    with pytest.raises(Exception, match="cancelled"):
        await flow.aanswer(config, {asked["q"]: "late"})


async def test_L6_an_older_checkpoint_is_replayed(storage: Storage, config: Config) -> None:
    runs: list[int] = []

    @task
    async def note(n: int) -> int:
        runs.append(n)
        return n

    @entrypoint(storage)
    async def flow(n: int, previous: Any) -> list[Any]:
        return [await note(n), previous]

    await flow.ainvoke(1, config)
    await flow.ainvoke(2, config)
    history = [snapshot async for snapshot in flow.aget_state_history(config)]
    before_first = next(each for each in history[::-1] if each.next)
    assert await flow.ainvoke(None, before_first.config) == [1, None]
    assert runs == [1, 2, 1]


async def test_L6_it_stops_before_it_runs(storage: Storage, config: Config) -> None:
    @entrypoint(storage)
    async def flow(n: int) -> int:
        return await plus_one(n)

    await flow.ainvoke(1, config, interrupt_before=["flow"])
    assert (await flow.aget_state(config)).next == ("flow",)
    assert await flow.ainvoke(None, config) == 2


def test_L6_a_flow_has_the_blocking_twins(config: Config) -> None:
    with open_storage("sqlite://") as storage:

        @task
        def plus(n: int) -> int:
            return n + 1

        @entrypoint(checkpointer=storage)
        def flow(n: int, *, previous: Any = None) -> dict[str, Any]:
            return {"n": plus(n).result(), "answer": interrupt("q"), "previous": previous}

        assert list(flow.invoke(1, config)) == ["__interrupt__"]
        assert list(flow.stream(Command(resume="a"), config)) == [{"flow": {"n": 2, "answer": "a", "previous": None}}]
        flow.update_state(config, "edited")
        assert flow.get_state(config).values == "edited"
        flow.invoke(2, config)
        assert flow.invoke(Command(resume="b"), config) == {"n": 3, "answer": "b", "previous": "edited"}
        assert len(list(flow.get_state_history(config))) == 5


async def test_L6_a_flow_called_in_a_flow(storage: Storage, config: Config) -> None:
    runs: list[str] = []

    @task
    def step(name: str) -> str:
        runs.append(name)
        return name

    @entrypoint()
    def child(name: str) -> Any:
        return [step(name).result(), interrupt(name)]

    @task
    def calls(name: str) -> Any:
        return child.invoke(name)

    @entrypoint(storage)
    async def flow(_: str) -> list[Any]:
        return [await child.ainvoke("a"), await calls("b")]

    assert list(ids(await flow.ainvoke("x", config))) == ["a"]
    assert list(ids(await flow.ainvoke(Command(resume=1), config))) == ["b"]
    assert await flow.ainvoke(Command(resume=2), config) == [["a", 1], ["b", 2]]
    assert runs == ["a", "b"]


async def test_L6_a_flow_is_a_node_and_a_graph_is_called_in_one(storage: Storage, config: Config) -> None:
    class State(TypedDict):
        n: int
        other: str

    @entrypoint()
    async def adds(state: State) -> dict[str, Any]:
        return {"n": await plus_one(state["n"])}

    graph = StateGraph(State).add_node("adds", adds).add_edge(START, "adds").compile(storage)
    assert await graph.ainvoke({"n": 1, "other": "o"}, config) == {"n": 2, "other": "o"}

    inner = chain(None, ("n", lambda state: {"log": ["inner"]}))

    @entrypoint(storage)
    def flow(_: str) -> Log:
        return inner.invoke({"log": []})  # pyright: ignore[reportReturnType]

    assert await flow.ainvoke("x", {"configurable": {"thread_id": "t2"}}) == {"log": ["inner"]}


async def test_L6_the_same_flow_runs_in_many_threads_at_once(storage: Storage) -> None:
    @entrypoint(storage)
    async def flow(n: int, previous: Any) -> list[Any]:
        return [await plus_one(n), previous]

    configs: list[Config] = [{"configurable": {"thread_id": f"t{n}"}} for n in range(5)]
    for _ in range(2):
        results = await asyncio.gather(*(flow.ainvoke(n, each) for n, each in enumerate(configs)))
    assert results == [[n + 1, [n + 1, None]] for n in range(5)]


async def test_L6_a_flow_is_tried_again(storage: Storage, config: Config) -> None:
    runs: list[str] = []

    @task
    async def step() -> str:
        runs.append("step")
        return "step"

    @entrypoint(storage, retry_policy=RetryPolicy(max_attempts=2, initial_interval=0, retry_on=LookupError))
    async def flow(_: str) -> str:
        await step()
        runs.append("flow")
        if runs.count("flow") == 1:
            raise LookupError("once")
        return "done"

    assert await flow.ainvoke("x", config) == "done"
    assert runs == ["step", "flow", "flow"]  # what had finished is served


async def test_L6_what_it_may_take_beside_its_input(storage: Storage, config: Config) -> None:
    @entrypoint(storage)
    def flow(name: str, *, config: Any, runtime: Any, previous: Any) -> list[Any]:
        runtime.stream_writer("working")
        return [name, config["configurable"]["thread_id"], runtime.context, previous]

    chunks = [chunk async for chunk in flow.astream("x", config, context="c", stream_mode=["custom", "updates"])]
    assert chunks == [("custom", "working"), ("updates", {"flow": ["x", "t1", "c", None]})]

    @entrypoint()
    def first(config: dict[str, int]) -> int:
        return config["n"]

    assert await first.ainvoke({"n": 1}) == 1  # the first is the input, whatever its name


async def test_L6_partials_and_objects_are_flows_too(config: Config) -> None:
    def add(a: int, b: int) -> int:
        return a + b

    class Doubles:
        async def __call__(self, n: int) -> int:
            return 2 * n

    added, doubled = entrypoint()(functools.partial(add, 1)), entrypoint()(Doubles())
    assert (added.name, await added.ainvoke(2)) == ("add", 3)
    assert (doubled.name, await doubled.ainvoke(2)) == ("Doubles", 4)


def test_L6_what_is_no_flow_is_refused_in_one_sentence() -> None:
    def generates(_: str) -> Iterator[str]:
        yield "a"

    async def generates_later(_: str) -> AsyncIterator[str]:
        yield "a"

    for fn in (generates, generates_later):
        with pytest.raises(LeftOut, match=f"^'{fn.__name__}' is a generator: [^.]*$"):
            entrypoint()(fn)
        with pytest.raises(NotImplementedError):
            entrypoint()(fn)
    with pytest.raises(InvalidGraph, match="an entrypoint has one parameter"):
        entrypoint()(lambda: None)
    with pytest.raises(LeftOut, match=r"\(store=\) is left out"):
        entrypoint()(lambda given, store: None)  # pyright: ignore[reportUnknownLambdaType]
    for option in ("store", "cache", "cache_policy"):
        with pytest.raises(LeftOut, match=rf"entrypoint\({option}=\) is left out"):
            entrypoint(**{option: object()})  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="greater than 0"):
        entrypoint(timeout=0)
    with pytest.raises(TypeError, match="a checkpointer is a storage, not str"):
        entrypoint("sqlite://")(lambda given: None)  # pyright: ignore[reportArgumentType, reportUnknownLambdaType]


def test_L6_its_schemas_are_those_of_what_it_declares() -> None:
    class Context(TypedDict):
        model: str

    @entrypoint(context_schema=Context)
    def flow(numbers: list[int], previous: Any) -> entrypoint.final[str, int]:
        return entrypoint.final(value="", save=1)

    assert flow.get_input_jsonschema() == {"type": "array", "items": {"type": "integer"}}
    assert flow.get_output_jsonschema() == {"type": "string"}
    assert (flow.get_context_jsonschema() or {})["required"] == ["model"]
    assert "flow" in flow.get_graph().draw_mermaid()
