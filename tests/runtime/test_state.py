"""Section S of docs/behaviour.md: reading a thread, editing it, going back in time."""

import dataclasses
import operator
from datetime import UTC, datetime
from typing import Annotated, Any, TypedDict

import pytest
from pydantic import BaseModel

from graphs import END, START, Command, Send, StateGraph, interrupt
from graphs.errors import InvalidUpdateError, NotWaiting
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config, StateSnapshot
from storage import Storage, interrupts, open_storage
from tests.runtime.asking import Log, asks, chain, fan, ids, logs


async def history(graph: CompiledGraph, config: Config, **options: Any) -> list[StateSnapshot]:
    return [snapshot async for snapshot in graph.aget_state_history(config, **options)]


async def status_of(storage: Storage, interrupt_id: str) -> str:
    row = await storage.read(lambda db: interrupts.get(db, interrupt_id))
    assert row is not None
    return row.status


async def test_S1_a_snapshot_says_where_a_thread_is(url: str, config: Config) -> None:
    moment = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    async with open_storage(url, clock=lambda: moment) as storage:
        graph = chain(storage, ("a", logs("a")), ("q", asks("q")))
        asked = ids(await graph.ainvoke({"log": []}, config, by="U1"))
        state = await graph.aget_state(config)
        assert state.values == {"log": ["a"]}
        assert state.next == ("q",)
        assert state.created_at == moment
        assert state.metadata == {"source": "loop", "step": 1, "by": "U1", "ran": ["a"]}
        assert state.config.get("configurable", {}).get("thread_id") == "t1"
        assert [(task.name, [question.id for question in task.interrupts]) for task in state.tasks] == [
            ("q", [asked["q"]])
        ]
        assert [question.id for question in state.interrupts] == [asked["q"]]
        assert state.parent_config
        parent = await graph.aget_state(state.parent_config)
        assert (parent.next, parent.metadata and parent.metadata["source"]) == (("a",), "input")


async def test_S1_live_it_lists_unfinished_tasks_only_and_shows_what_the_others_wrote(
    storage: Storage, config: Config
) -> None:
    graph = fan(storage, ("q", asks("q")), ("c", logs("c")))
    await graph.ainvoke({"log": []}, config)
    state = await graph.aget_state(config)
    assert (state.values, state.next) == ({"log": ["c"]}, ("q",))
    assert {task.name: task.result for task in state.tasks} == {"q": None, "c": {"log": ["c"]}}


async def test_S1_a_failed_task_shows_its_error(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", lambda state: {"log": [1 // 0]}))
    with pytest.raises(ZeroDivisionError):
        await graph.ainvoke({"log": []}, config)
    (task,) = (await graph.aget_state(config)).tasks
    assert task.error is not None
    assert "ZeroDivisionError" in task.error


async def test_S1_an_unknown_thread_or_checkpoint_is_an_empty_snapshot(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")))
    state = await graph.aget_state(config)
    assert (state.values, state.next, state.config, state.metadata) == ({}, (), config, None)
    assert await history(graph, config) == []
    await graph.ainvoke({"log": []}, config)
    lost: Config = {"configurable": {"thread_id": "t1", "checkpoint_id": "0" * 32}}
    assert (await graph.aget_state(lost)).values == {}


@dataclasses.dataclass
class Draft:
    text: str = ""
    notes: Annotated[list[str], operator.add] = dataclasses.field(default_factory=list)


class Order(BaseModel):
    item: str
    amount: int = 1
    draft: Draft | None = None


@pytest.mark.parametrize(
    ("state", "given", "update", "expected"),
    [
        (Draft, {"text": "one"}, {"notes": ["n"]}, {"text": "one", "notes": ["n"]}),
        (Order, {"item": "lamp"}, {"draft": Draft("d")}, {"item": "lamp", "amount": 1, "draft": Draft("d", [])}),
    ],
)
async def test_S1_values_of_a_dataclass_or_model_are_its_fields(
    url: str, config: Config, state: type, given: Any, update: Any, expected: Any
) -> None:
    def build(storage: Storage) -> CompiledGraph:
        return StateGraph(state).add_node("n", lambda state: update).add_edge(START, "n").compile(storage)

    async with open_storage(url) as storage:
        assert await build(storage).ainvoke(given, config) == expected
    async with open_storage(url) as storage:
        assert (await build(storage).aget_state(config)).values == expected


async def test_S2_history_is_newest_first_with_limit_before_and_filter(storage: Storage, config: Config) -> None:
    graph = chain(storage, *((name, logs(name)) for name in "abc"))
    await graph.ainvoke({"log": []}, config)
    steps = await history(graph, config)
    assert [snapshot.next for snapshot in steps] == [(), ("c",), ("b",), ("a",)]
    assert steps[0].values == {"log": ["a", "b", "c"]}
    assert await history(graph, config, limit=2) == steps[:2]
    assert await history(graph, config, limit=0) == []
    assert await history(graph, config, before=steps[1].config) == steps[2:]
    assert await history(graph, config, filter={"source": "input"}) == steps[3:]
    assert await history(graph, config, filter={"step": 2}) == [steps[1]]


async def test_S2_a_long_history_comes_whole(storage: Storage, config: Config) -> None:
    builder = StateGraph(Log).add_node("a", logs("a")).add_edge(START, "a")
    builder.add_conditional_edges("a", lambda state: END if len(state["log"]) == 45 else "a", ["a", END])
    graph = builder.compile(storage)
    await graph.ainvoke({"log": []}, config)
    assert [len(snapshot.values["log"]) for snapshot in await history(graph, config)] == list(range(45, -1, -1))


async def test_S2_it_can_be_read_inside_other_reads(storage: Storage, config: Config) -> None:
    graph = chain(storage, *((name, logs(name)) for name in "abcdef"))
    await graph.ainvoke({"log": []}, config)
    count = 0
    async for snapshot in graph.aget_state_history(config):
        async for older in graph.aget_state_history(config, before=snapshot.config):
            count += 1
            assert (await graph.aget_state(older.config)).values == older.values
    assert count == 6 + 5 + 4 + 3 + 2 + 1


async def test_S2_it_can_be_read_while_the_thread_is_written(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")))
    await graph.ainvoke({"log": []}, config)
    async for _ in graph.aget_state_history(config):
        await graph.ainvoke({"log": []}, config)
    assert len(await history(graph, config)) == 2 + 2 * 2


async def test_S3_an_edit_is_as_if_the_node_had_returned_it(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    builder = StateGraph(Log)
    for name in ("a", "left", "right"):
        builder.add_node(name, logs(name, runs))
    builder.add_edge(START, "a")
    builder.add_conditional_edges("a", lambda state: "right" if "go right" in state["log"] else "left")
    graph = builder.compile(storage, interrupt_after=["a"])
    await graph.ainvoke({"log": []}, config)
    assert (await graph.aget_state(config)).next == ("left",)
    await graph.aupdate_state(config, {"log": ["go right"]}, as_node="a")
    state = await graph.aget_state(config)
    assert (state.next, state.metadata and state.metadata["source"]) == (("right",), "update")
    assert await graph.ainvoke(None, config) == {"log": ["a", "go right", "right"]}
    assert runs == ["a", "right"]


async def test_S3_an_edit_of_an_unknown_thread_begins_it(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")))
    await graph.aupdate_state(config, {"log": ["given"]})
    assert (await graph.aget_state(config)).next == ("a",)
    assert await graph.ainvoke(None, config) == {"log": ["given", "a"]}


async def test_S3_as_the_node_that_waits_it_takes_its_place_and_cancels_its_question(
    storage: Storage, config: Config
) -> None:
    runs: list[str] = []
    graph = chain(storage, ("q", asks("q", runs)), ("then", logs("then", runs)))
    first = ids(await graph.ainvoke({"log": []}, config))["q"]
    await graph.aupdate_state(config, {"log": ["by hand"]}, as_node="q")
    assert await status_of(storage, first) == "cancelled"
    assert await graph.ainvoke(None, config) == {"log": ["by hand", "then"]}
    assert runs == ["q", "then"]


async def test_S3_without_a_node_the_question_that_waits_goes_on_waiting(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")), ("q", asks("q")))
    asked = ids(await graph.ainvoke({"log": []}, config))
    await graph.aupdate_state(config, {"log": ["edited"]})
    assert ids(await graph.ainvoke(None, config)) == asked
    assert (await graph.ainvoke(Command(resume=1), config))["log"] == ["a", "edited", "q=1"]


async def test_S3_siblings_that_finished_keep_their_writes_and_are_not_run_again(
    storage: Storage, config: Config
) -> None:
    runs: list[str] = []
    graph = fan(storage, ("q", asks("q", runs)), ("c", logs("c", runs)), then=logs("then", runs))
    await graph.ainvoke({"log": []}, config)
    await graph.aupdate_state(config, {"log": ["edited"]})
    assert (await graph.aget_state(config)).values == {"log": ["edited", "c"]}
    assert (await graph.ainvoke(Command(resume=1), config))["log"] == ["edited", "q=1", "c", "then"]
    assert sorted(runs) == ["c", "q", "q", "then"]


async def test_S3_beside_a_finished_sibling_the_join_fires(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    graph = fan(storage, ("q", asks("q", runs)), ("c", logs("c", runs)), then=logs("then", runs))
    await graph.ainvoke({"log": []}, config)
    await graph.aupdate_state(config, {"log": ["by hand"]}, as_node="q")
    assert (await graph.aget_state(config)).next == ("then",)
    assert await graph.ainvoke(None, config) == {"log": ["by hand", "c", "then"]}
    assert runs.count("c") == 1


async def test_S3_as_a_finished_sibling_the_one_that_waits_goes_on_waiting(storage: Storage, config: Config) -> None:
    graph = fan(storage, ("q", asks("q")), ("c", logs("c")), then=logs("then"))
    asked = ids(await graph.ainvoke({"log": []}, config))
    await graph.aupdate_state(config, {"log": ["more"]}, as_node="c")
    assert ids(await graph.ainvoke(None, config)) == asked
    assert (await graph.ainvoke(Command(resume=1), config))["log"] == ["c", "more", "q=1", "then"]


async def test_S3_of_three_the_others_wait_and_the_join_fires_at_the_end(storage: Storage, config: Config) -> None:
    graph = fan(storage, ("a", asks("a")), ("b", asks("b")), ("c", logs("c")), then=logs("then"))
    await graph.ainvoke({"log": []}, config)
    await graph.aupdate_state(config, {"log": ["by hand"]}, as_node="a")
    assert (await graph.aget_state(config)).next == ("b",)
    result = await graph.ainvoke(Command(resume=2), config)
    assert result["log"] == ["by hand", "c", "b=2", "then"]


async def test_S3_an_edit_as_one_of_several_leaves_what_the_others_led_to(storage: Storage, config: Config) -> None:
    builder = StateGraph(Log)
    for name in ("a", "z", "after_a", "after_z", "both"):
        builder.add_node(name, logs(name))
    builder.add_edge(START, "a").add_edge(START, "z").add_edge("a", "after_a").add_edge("z", "after_z")
    builder.add_edge(["a", "z"], "both")
    graph = builder.compile(storage, interrupt_after=["a"])
    await graph.ainvoke({"log": []}, config)
    with pytest.raises(InvalidUpdateError, match="several nodes ran last"):
        await graph.aupdate_state(config, {"log": ["which?"]})
    await graph.aupdate_state(config, {"log": ["edited"]}, as_node="a")
    assert set((await graph.aget_state(config)).next) == {"after_a", "after_z", "both"}
    result = await graph.ainvoke(None, config)
    assert result["log"][:3] == ["a", "z", "edited"]
    assert sorted(result["log"][3:]) == ["after_a", "after_z", "both"]


async def test_S3_a_join_that_filled_over_several_steps_stays_due(storage: Storage, config: Config) -> None:
    builder = StateGraph(Log)
    for name in ("quick", "slow1", "slow2", "both"):
        builder.add_node(name, logs(name))
    builder.add_edge(START, "quick").add_edge(START, "slow1").add_edge("slow1", "slow2")
    builder.add_edge(["quick", "slow2"], "both")
    graph = builder.compile(storage, interrupt_before=["both"])
    await graph.ainvoke({"log": []}, config)
    await graph.aupdate_state(config, {"log": ["edited"]})
    assert (await graph.aget_state(config)).next == ("both",)
    assert (await graph.ainvoke(None, config))["log"] == ["quick", "slow1", "slow2", "edited", "both"]


async def test_S3_what_is_ambiguous_or_unknown_is_an_error_and_changes_nothing(
    storage: Storage, config: Config
) -> None:
    builder = StateGraph(Log).add_node("plan", logs("plan")).add_node("work", asks("work"))
    builder.add_edge(START, "plan")
    builder.add_conditional_edges("plan", lambda state: [Send("work", {"n": n}) for n in range(2)], ["work"])
    graph = builder.compile(storage)
    await graph.ainvoke({"log": []}, config)
    before = await graph.aget_state(config)
    with pytest.raises(InvalidUpdateError, match="due 2 times"):
        await graph.aupdate_state(config, {"log": []}, as_node="work")
    with pytest.raises(InvalidUpdateError, match="'nobody' is no node"):
        await graph.aupdate_state(config, {"log": []}, as_node="nobody")
    with pytest.raises(InvalidUpdateError, match="'tone'"):
        await graph.aupdate_state(config, {"tone": 1})
    lost: Config = {"configurable": {"thread_id": "t1", "checkpoint_id": "0" * 32}}
    with pytest.raises(NotWaiting, match="no checkpoint"):
        await graph.aupdate_state(lost, {"log": []})
    assert await graph.aget_state(config) == before


async def test_S3_none_as_end_cancels_what_waits(storage: Storage, config: Config) -> None:
    graph = fan(storage, ("a", asks("a")), ("b", asks("b")), ("c", logs("c")), then=logs("then"))
    asked = ids(await graph.ainvoke({"log": []}, config))
    await graph.aupdate_state(config, None, as_node=END)
    assert [await status_of(storage, interrupt_id) for interrupt_id in asked.values()] == ["cancelled"] * 2
    state = await graph.aget_state(config)
    assert (state.next, state.interrupts, state.values) == ((), (), {"log": ["c"]})
    with pytest.raises(NotWaiting):
        await graph.ainvoke(None, config)
    assert ids(await graph.ainvoke({"log": []}, config)).keys() == {"a", "b"}


async def test_S3_an_answer_stored_for_a_task_that_an_edit_ends_does_not_hold_the_thread(
    storage: Storage, config: Config
) -> None:
    graph = chain(storage, ("a", asks("a")), ("b", asks("b")))
    first = ids(await graph.ainvoke({"log": []}, config))["a"]
    await graph.aanswer(config, {first: 1})
    await graph.aupdate_state(config, {"log": ["by hand"]}, as_node="a")
    assert await status_of(storage, first) == "cancelled"
    assert list(ids(await graph.ainvoke(None, config))) == ["b"]


async def test_S4_a_replay_runs_what_comes_after_and_asks_again_under_new_ids(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    graph = chain(storage, ("a", logs("a", runs)), ("q", asks("q", runs)), ("z", logs("z", runs)))
    first = ids(await graph.ainvoke({"log": []}, config))["q"]
    await graph.ainvoke(Command(resume="one"), config)
    old = next(snapshot for snapshot in await history(graph, config) if snapshot.next == ("q",))
    runs.clear()
    second = ids(await graph.ainvoke(None, old.config))["q"]
    assert second != first
    assert await graph.ainvoke(Command(resume="two"), config) == {"log": ["a", "q='two'", "z"]}
    assert runs == ["q", "q", "z"]


async def test_S4_a_replay_cancels_what_waits_now(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")), ("q", asks("q")))
    first = ids(await graph.ainvoke({"log": []}, config))["q"]
    start = (await history(graph, config))[-1]
    second = ids(await graph.ainvoke(None, start.config))["q"]
    assert await status_of(storage, first) == "cancelled"
    assert [row.id for row in await storage.interrupts()] == [second]


async def test_S4_an_old_checkpoint_takes_no_answer_and_its_end_nothing(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("q", asks("q")), ("r", asks("r")))
    await graph.ainvoke({"log": []}, config)
    old = await graph.aget_state(config)
    await graph.ainvoke(Command(resume=1), config)
    with pytest.raises(Exception, match="leave checkpoint_id out"):
        await graph.ainvoke(Command(resume=2), old.config)
    await graph.ainvoke(Command(resume=2), config)
    end = (await graph.aget_state(config)).config
    await graph.ainvoke({"log": []}, config)
    with pytest.raises(NotWaiting, match="end of a run"):
        await graph.ainvoke(None, end)


async def test_S4_a_fork_by_an_edit_leaves_the_old_branch_as_it_was(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    graph = chain(storage, ("a", logs("a", runs)), ("b", logs("b", runs)), ("c", logs("c", runs)))
    await graph.ainvoke({"log": []}, config)
    before = await history(graph, config)
    old = next(snapshot for snapshot in before if snapshot.next == ("b",))
    fork = await graph.aupdate_state(old.config, {"log": ["forked"]})
    state = await graph.aget_state(config)
    assert (state.config, state.parent_config) == (fork, old.config)
    assert (state.values, state.next) == ({"log": ["a", "forked"]}, ("b",))
    assert await graph.ainvoke(None, fork) == {"log": ["a", "forked", "b", "c"]}
    assert runs == ["a", "b", "c", "b", "c"]
    assert (await history(graph, config))[-len(before) :] == before


async def test_S4_a_fork_beside_a_finished_sibling_leaves_what_it_had_written(storage: Storage, config: Config) -> None:
    builder = StateGraph(Log).add_node("a", logs("a")).add_node("q", asks("q")).add_node("c", logs("c"))
    graph = builder.add_edge(START, "a").add_edge("a", "q").add_edge("a", "c").compile(storage)
    await graph.ainvoke({"log": []}, config)
    old, start = await history(graph, config, limit=2)
    assert (old.values, old.next) == ({"log": ["a"]}, ("q", "c"))
    assert {task.name: task.result for task in old.tasks} == {"q": None, "c": {"log": ["c"]}}
    await graph.aupdate_state(start.config, {"log": ["more"]})
    await graph.ainvoke(None, config)
    await graph.ainvoke(None, start.config)
    again = await graph.aget_state(old.config)
    assert (again.values, again.next, again.tasks) == (old.values, old.next, old.tasks)


async def test_S4_new_input_may_start_from_an_old_checkpoint(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")))
    await graph.ainvoke({"log": ["1"]}, config)
    old = await graph.aget_state(config)
    await graph.ainvoke({"log": ["2"]}, config)
    assert await graph.ainvoke({"log": ["3"]}, old.config) == {"log": ["1", "a", "3", "a"]}


async def test_S4_a_fork_carries_on_the_values_it_did_not_change(storage: Storage, config: Config) -> None:
    class State(TypedDict):
        x: int
        y: int
        seen: Annotated[list[Any], operator.add]

    def node(state: State) -> dict[str, Any]:
        return {"seen": [(state["x"], state["y"], interrupt("q"))]}

    graph = StateGraph(State).add_node("n", node).add_edge(START, "n").compile(storage)
    await graph.ainvoke({"x": 1, "y": 1}, config)
    start = (await graph.aget_state(config)).config
    await graph.ainvoke(Command(resume="a"), config)
    await graph.aupdate_state(start, {"y": 2})
    await graph.ainvoke(None, config)
    assert (await graph.ainvoke(Command(resume="b"), config))["seen"] == [[1, 2, "b"]]
