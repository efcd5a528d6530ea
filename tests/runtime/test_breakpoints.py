"""Section B of docs/behaviour.md: static interrupts at the border of a step."""

from typing import Any

import pytest

from graphs import END, START, Command, StateGraph
from graphs.errors import AlreadyAnswered, ThreadWaiting
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage, open_storage
from tests.runtime.asking import Log, asks, chain, fan, ids, logs


def three(storage: Storage | None, runs: list[str] | None = None, **options: Any) -> CompiledGraph:
    return chain(storage, *((name, logs(name, runs)) for name in "abc"), **options)


@pytest.mark.parametrize("where", ["interrupt_before", "interrupt_after"])
async def test_B1_an_unknown_name_is_an_error_at_compile_time_and_per_call(
    storage: Storage, config: Config, where: str
) -> None:
    with pytest.raises(ValueError, match="'d' is no node"):
        three(storage, **{where: ["d"]})
    with pytest.raises(ValueError, match="a list of nodes"):
        three(storage, **{where: "b"})  # pyright: ignore[reportArgumentType]
    graph = three(storage)
    with pytest.raises(ValueError, match="'d' is no node"):
        await graph.ainvoke({"log": []}, config, **{where: ["d"]})
    assert (await graph.aget_state(config)).metadata is None


async def test_B1_per_call_names_take_the_place_of_those_at_compile_time(storage: Storage) -> None:
    graph = three(storage, interrupt_before=["b"])

    async def after(thread: str, **options: Any) -> tuple[str, ...]:
        config: Config = {"configurable": {"thread_id": thread}}
        await graph.ainvoke({"log": []}, config, **options)
        return (await graph.aget_state(config)).next

    assert await after("1") == ("b",)
    assert await after("2", interrupt_before=[]) == ()
    assert await after("3", interrupt_before=["c"]) == ("c",)
    assert await after("4", interrupt_before=[], interrupt_after=["a"]) == ("b",)
    assert await after("5", interrupt_before="*") == ("a",)


@pytest.mark.parametrize(("options", "at"), [({"interrupt_before": ["b"]}, "b"), ({"interrupt_after": ["b"]}, "c")])
async def test_B2_the_thread_stops_at_the_border_and_none_goes_on(
    url: str, config: Config, options: dict[str, Any], at: str
) -> None:
    async with open_storage(url) as storage:
        graph = three(storage, **options)
        result = await graph.ainvoke({"log": []}, config)
        assert "__interrupt__" not in result
        assert (await graph.aget_state(config)).next == (at,)
    async with open_storage(url) as storage:
        graph = three(storage, **options)
        assert await graph.ainvoke(None, config) == {"log": ["a", "b", "c"]}


@pytest.mark.parametrize(("where", "seen"), [("interrupt_before", "abc"), ("interrupt_after", "bc")])
async def test_B2_a_star_steps_through_one_by_one(storage: Storage, config: Config, where: str, seen: str) -> None:
    runs: list[str] = []
    graph = three(storage, runs, **{where: "*"})
    given: Any = {"log": []}
    stops: list[str] = []
    while True:
        result = await graph.ainvoke(given, config)
        given = None
        upcoming = (await graph.aget_state(config)).next
        if not upcoming:
            break
        stops += upcoming
        assert len(runs) == len(result["log"])
    assert "".join(stops) == seen
    assert result == {"log": ["a", "b", "c"]}


async def test_B2_the_state_can_be_edited_at_a_stop(storage: Storage, config: Config) -> None:
    graph = three(storage, interrupt_before=["b"])
    await graph.ainvoke({"log": []}, config)
    await graph.aupdate_state(config, {"log": ["edited"]})
    assert (await graph.aget_state(config)).next == ("b",)
    assert await graph.ainvoke(None, config) == {"log": ["a", "edited", "b", "c"]}


async def test_B3_a_stop_stops_once(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    graph = chain(storage, ("a", logs("a", runs)), ("b", asks("b", runs)), interrupt_before=["b"])
    await graph.ainvoke({"log": []}, config)
    assert runs == ["a"]
    assert list(ids(await graph.ainvoke(None, config))) == ["b"]
    assert (await graph.ainvoke(Command(resume=1), config))["log"] == ["a", "b=1"]
    assert runs == ["a", "b", "b"]


async def test_B3_a_loop_stops_each_time_it_comes_by(storage: Storage, config: Config) -> None:
    builder = StateGraph(Log).add_node("a", logs("a")).add_edge(START, "a")
    builder.add_conditional_edges("a", lambda state: END if len(state["log"]) == 3 else "a", ["a", END])
    graph = builder.compile(storage, interrupt_before=["a"])
    await graph.ainvoke({"log": []}, config)
    for n in range(3):
        assert (await graph.aget_state(config)).next == ("a",)
        assert len((await graph.ainvoke(None, config))["log"]) == n + 1
    assert (await graph.aget_state(config)).next == ()


async def test_B3_an_edit_at_a_stop_keeps_the_stop_and_does_not_make_a_second(storage: Storage, config: Config) -> None:
    graph = three(storage, interrupt_before=["b"])
    await graph.ainvoke({"log": []}, config)
    (stop,) = await storage.interrupts(kind="breakpoint")
    await graph.aupdate_state(config, {"log": ["edited"]})
    assert [row.id for row in await storage.interrupts(kind="breakpoint")] == [stop.id]
    await graph.aanswer(config, {stop.id: None})
    assert (await graph.ainvoke(None, config))["log"] == ["a", "edited", "b", "c"]
    assert await storage.interrupts() == []


async def test_B3_an_edit_that_takes_the_nodes_place_moves_the_stop_on(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    graph = three(storage, runs, interrupt_before=["b"])
    await graph.ainvoke({"log": []}, config)
    (stop,) = await storage.interrupts(kind="breakpoint")
    await graph.aupdate_state(config, {"log": ["by hand"]}, as_node="b")
    (moved,) = await storage.interrupts(kind="breakpoint")
    assert moved.replaces == stop.id
    with pytest.raises(AlreadyAnswered, match="cancelled"):
        await graph.aanswer(config, {stop.id: None})
    assert (await graph.aget_state(config)).breakpoints[0].id == moved.id
    assert (await graph.ainvoke(None, config))["log"] == ["a", "by hand", "c"]
    assert runs == ["a", "c"]


async def test_B3_without_a_checkpointer_it_is_an_error_that_names_one(config: Config) -> None:
    for graph, options in ((three(None, interrupt_after=["a"]), {}), (three(None), {"interrupt_before": "*"})):
        with pytest.raises(ValueError, match="checkpointer"):
            await graph.ainvoke({"log": []}, config, **options)

    async def node(state: Log) -> dict[str, Any]:
        return await three(None, interrupt_before=["b"]).ainvoke({"log": []})

    outer = chain(None, ("outer", node))
    with pytest.raises(ValueError, match="checkpointer"):
        await outer.ainvoke({"log": []})


async def test_B3_in_a_graph_called_by_a_node_it_stops_the_thread_once(storage: Storage, config: Config) -> None:
    inner = three(None, interrupt_before=["b"])
    graph = chain(storage, ("outer", inner))
    await graph.ainvoke({"log": []}, config)
    state = await graph.aget_state(config)
    assert [stop.value["before"] for stop in state.breakpoints] == [["b"]]
    assert await graph.ainvoke(None, config) == {"log": ["a", "b", "c"]}


@pytest.mark.parametrize("mode", ["values", "updates", "messages", "custom", "tasks", "checkpoints", "debug"])
async def test_B4_every_stream_says_where_it_stopped(storage: Storage, config: Config, mode: str) -> None:
    graph = three(storage, interrupt_before=["c"], interrupt_after=["b"])
    chunks = [chunk async for chunk in graph.astream({"log": []}, config, stream_mode=mode)]
    (stop,) = await storage.interrupts(kind="breakpoint")
    told = {"id": stop.id, "before": ["c"], "after": ["b"]}
    if mode == "messages":
        assert chunks[-1][0] == {"role": "assistant", "content": "", "__breakpoint__": told}
    elif mode in ("checkpoints", "debug"):
        checkpoint = chunks[-1] if mode == "checkpoints" else chunks[-1]["payload"]
        assert (checkpoint["next"], checkpoint["breakpoints"]) == (["c"], [told])
        assert checkpoint["config"] == (await graph.aget_state(config)).config
    else:
        assert chunks[-1] == {"__breakpoint__": told}


async def test_B4_the_state_lists_it(storage: Storage, config: Config) -> None:
    graph = three(storage, interrupt_before=["b"])
    await graph.ainvoke({"log": []}, config)
    state = await graph.aget_state(config)
    (stop,) = state.breakpoints
    assert stop.value == {"before": ["b"], "after": []}
    assert state.interrupts == ()
    await graph.ainvoke(None, config)
    assert (await graph.aget_state(config)).breakpoints == ()


async def test_B5_continue_answers_the_stops_id_so_two_clicks_pass_one_stop(storage: Storage, config: Config) -> None:
    graph = three(storage, interrupt_before="*")
    await graph.ainvoke({"log": []}, config)
    (stop,) = await storage.interrupts(kind="breakpoint")
    await graph.aanswer(config, {stop.id: None}, by="U1")
    with pytest.raises(AlreadyAnswered, match="'U1'"):
        await graph.aanswer(config, {stop.id: None}, by="U2")
    await graph.ainvoke(None, config)
    assert (await graph.aget_state(config)).next == ("b",)
    (second,) = await storage.interrupts(kind="breakpoint")
    await graph.ainvoke(Command(resume={second.id: None}), config)
    assert (await graph.aget_state(config)).next == ("c",)
    with pytest.raises(AlreadyAnswered):
        await graph.ainvoke(Command(resume={second.id: None}), config)
    assert (await graph.aget_state(config)).next == ("c",)


async def test_B5_a_bare_answer_does_not_pass_a_stop(storage: Storage, config: Config) -> None:
    graph = three(storage, interrupt_before=["b"])
    await graph.ainvoke({"log": []}, config)
    with pytest.raises(Exception, match="waits for no answer"):
        await graph.ainvoke(Command(resume=True), config)
    assert (await graph.aget_state(config)).next == ("b",)


async def test_B5_new_input_at_a_stop_is_refused_or_cancels_it(storage: Storage, config: Config) -> None:
    graph = three(storage, interrupt_before=["b"])
    await graph.ainvoke({"log": []}, config)
    (stop,) = await storage.interrupts(kind="breakpoint")
    with pytest.raises(ThreadWaiting):
        await graph.ainvoke({"log": []}, config)
    await graph.ainvoke({"log": ["new"]}, config, on_waiting="cancel")
    (second,) = await storage.interrupts(kind="breakpoint")
    assert second.id != stop.id
    assert (await graph.ainvoke(None, config))["log"] == ["a", "new", "a", "b", "c"]


async def test_B5_none_runs_only_what_failed_and_returns_the_same_questions(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    down = [True]

    def shaky(state: Log) -> dict[str, Any]:
        runs.append("shaky")
        if down[0]:
            raise ConnectionError("down")
        return {"log": ["shaky"]}

    graph = fan(storage, ("q", asks("q", runs)), ("shaky", shaky), ("c", logs("c", runs)))
    with pytest.raises(ConnectionError):
        await graph.ainvoke({"log": []}, config)
    (question,) = (await graph.aget_state(config)).interrupts
    down[0] = False
    result = await graph.ainvoke(None, config)
    assert ids(result) == {"q": question.id}
    assert sorted(runs) == ["c", "q", "shaky", "shaky"]
    assert ids(await graph.ainvoke(None, config)) == ids(result)
    assert len(runs) == 4


async def test_B5_going_on_with_one_answer_does_not_pass_another_stop(storage: Storage, config: Config) -> None:
    """Two graphs called side by side stand at a stop each; Continue on one leaves the other."""

    def inner(name: str) -> CompiledGraph:
        steps = (("first", logs(f"{name}1")), ("second", logs(f"{name}2")))
        return chain(None, *steps, interrupt_before=["second"], name=name)

    graph = fan(storage, ("x", inner("x")), ("y", inner("y")))
    await graph.ainvoke({"log": []}, config)
    one, two = (await graph.aget_state(config)).breakpoints
    await graph.aanswer(config, {one.id: None})
    await graph.ainvoke(None, config)
    assert [stop.id for stop in (await graph.aget_state(config)).breakpoints] == [two.id]
    assert sorted((await graph.ainvoke(None, config))["log"]) == ["x1", "x2", "y1", "y2"]
