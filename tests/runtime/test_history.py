"""Rows L10 and L8 of docs/behaviour.md: what the history keeps of each step, going back to it, edits in bulk."""

import json
import operator
from decimal import Decimal
from typing import Annotated, Any, TypedDict

import pytest
from pydantic import BaseModel

from graphs import END, START, Command, Send, StateGraph, StateUpdate, add_messages, interrupt
from graphs.errors import AnswerError, InvalidUpdateError, LeftOut, NotWaiting
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config, PendingTask, StateSnapshot
from storage import Connection, Storage, open_storage
from tests.runtime.asking import Log, asks, chain, fan, ids, logs


async def history(graph: CompiledGraph, config: Config, **options: Any) -> list[StateSnapshot]:
    return [snapshot async for snapshot in graph.aget_state_history(config, **options)]


async def at(graph: CompiledGraph, config: Config, *due: str) -> StateSnapshot:
    """The oldest checkpoint at which these nodes are due."""
    return [snapshot for snapshot in await history(graph, config) if snapshot.next == due][-1]


def by_name(snapshot: StateSnapshot) -> dict[str, PendingTask]:
    return {task.name: task for task in snapshot.tasks}


async def test_L10_each_snapshot_shows_what_became_of_its_tasks(url: str, config: Config) -> None:
    def build(storage: Storage) -> CompiledGraph:
        return chain(storage, ("a", logs("a")), ("q", asks("q")), ("z", logs("z")))

    async with open_storage(url) as storage:
        graph = build(storage)
        asked = ids(await graph.ainvoke({"log": []}, config))["q"]
        await graph.ainvoke(Command(resume="yes"), config)
        before = await history(graph, config)
    async with open_storage(url) as storage:
        snapshots = await history(build(storage), config)
        assert snapshots == before
        assert [(s.next, s.values["log"]) for s in snapshots] == [
            ((), ["a", "q='yes'", "z"]),
            (("z",), ["a", "q='yes'"]),
            (("q",), ["a"]),
            (("a",), []),
        ]
        results = [[(task.name, task.result) for task in snapshot.tasks] for snapshot in snapshots]
        assert results == [[], [("z", {"log": ["z"]})], [("q", {"log": ["q='yes'"]})], [("a", {"log": ["a"]})]]
        (task,) = snapshots[2].tasks
        assert [(each.id, each.value, each.answered) for each in task.interrupts] == [(asked, "q", True)]
        assert snapshots[2].interrupts == task.interrupts
        assert (task.path, task.error) == (("__pregel_pull", "q"), None)
        assert await build(storage).aget_state(snapshots[2].config) == snapshots[2]


async def test_L10_now_is_live_and_its_checkpoint_as_recorded(storage: Storage, config: Config) -> None:
    graph = fan(storage, ("q", asks("q")), ("c", logs("c")))
    await graph.ainvoke({"log": []}, config)
    live = await graph.aget_state(config)
    recorded = await graph.aget_state(live.config)
    assert (live.values, live.next) == ({"log": ["c"]}, ("q",))
    assert (recorded.values, recorded.next) == ({"log": []}, ("q", "c"))
    assert {name: task.result for name, task in by_name(recorded).items()} == {"q": None, "c": {"log": ["c"]}}
    assert [question.answered for question in recorded.interrupts] == [False]
    assert (await history(graph, config))[0] == recorded


async def test_L10_all_questions_of_a_task_are_shown_whatever_became_of_them(storage: Storage, config: Config) -> None:
    def node(state: Log) -> dict[str, Any]:
        return {"log": [interrupt("one"), interrupt("two")]}

    graph = fan(storage, ("both", node), ("other", asks("other")))
    asked = ids(await graph.ainvoke({"log": []}, config))
    await graph.ainvoke(Command(resume={asked["one"]: 1}), config)
    await graph.aupdate_state(config, None, as_node=END)
    recorded = (await history(graph, config))[-1]
    shown = [(question.value, question.answered) for question in recorded.interrupts]
    assert sorted(shown) == [("one", True), ("other", False), ("two", False)]


async def test_L10_of_a_question_that_was_replaced_the_newer_one_is_shown(storage: Storage, config: Config) -> None:
    amounts = iter([100, 200, 200])
    graph = chain(storage, ("pay", lambda state: {"log": [interrupt({"pay": next(amounts)})]}))
    (old,) = (await graph.ainvoke({"log": []}, config))["__interrupt__"]
    (new,) = (await graph.ainvoke(Command(resume=True), config))["__interrupt__"]
    await graph.ainvoke(Command(resume=True), config)
    (question,) = (await history(graph, config))[-1].interrupts
    assert (question.id, question.replaces, question.answered) == (new.id, old.id, True)


@pytest.mark.parametrize("sibling", [False, True], ids=["alone", "beside another"])
async def test_L10_an_error_stays_on_record_where_a_later_attempt_succeeded(
    url: str, config: Config, sibling: bool
) -> None:
    down = [True]

    def shaky(state: Log) -> dict[str, Any]:
        if down[0]:
            raise ConnectionError("the line is down")
        return {"log": [interrupt("go?")]}

    def build(storage: Storage) -> CompiledGraph:
        return fan(storage, ("shaky", shaky), *([("c", logs("c"))] if sibling else []))

    async with open_storage(url) as storage:
        with pytest.raises(ConnectionError):
            await build(storage).ainvoke({"log": []}, config)
        assert by_name(await build(storage).aget_state(config))["shaky"].error == "ConnectionError: the line is down"
    down[0] = False
    async with open_storage(url) as storage:
        await build(storage).ainvoke(None, config)
        assert by_name(await build(storage).aget_state(config))["shaky"].error is None  # now it waits
    async with open_storage(url) as storage:
        await build(storage).ainvoke(Command(resume="yes"), config)
        task = by_name((await history(build(storage), config))[-1])["shaky"]
        assert (task.result, task.error) == ({"log": ["yes"]}, "ConnectionError: the line is down")


@pytest.mark.parametrize("by", ["an edit", "an input"])
async def test_L10_what_failed_and_was_ended_keeps_its_error(storage: Storage, config: Config, by: str) -> None:
    down = [True]

    def shaky(state: Log) -> dict[str, Any]:
        if down[0]:
            raise ConnectionError("the line is down")
        return {"log": ["shaky"]}

    graph = fan(storage, ("shaky", shaky), ("c", logs("c")))
    with pytest.raises(ConnectionError):
        await graph.ainvoke({"log": []}, config)
    failed = (await graph.aget_state(config)).config
    down[0] = False
    if by == "an edit":
        await graph.aupdate_state(config, {"log": ["by hand"]}, as_node="shaky")
    else:
        await graph.ainvoke({"log": ["anew"]}, config)
    tasks = by_name(await graph.aget_state(failed))
    assert tasks["shaky"].error == "ConnectionError: the line is down"
    assert tasks["shaky"].result == ({"log": ["by hand"]} if by == "an edit" else None)
    assert tasks["c"].result == {"log": ["c"]}


class Money(BaseModel):
    amount: Decimal


class Wide(TypedDict, total=False):
    text: str
    money: Money
    total: Annotated[int, operator.add]
    items: Annotated[list[Any], operator.add]
    known: Annotated[set[str], operator.or_]
    messages: Annotated[list[dict[str, Any]], add_messages]
    whole: list[int]


BIG = "a long text " * 200

WRITES: list[dict[str, Any]] = [
    {},
    {"text": BIG},
    {"text": BIG, "money": Money(amount=Decimal("1.10")), "total": 2},
    {"items": [BIG, {"id": None}]},
    {"items": []},
    {"known": {"b", "c"}},
    {"messages": [{"role": "assistant", "content": BIG, "id": "m1"}]},
    {"whole": [1, 2, 3, 4]},
    {"whole": [1, 2]},
]


@pytest.mark.parametrize("update", WRITES)
async def test_L10_a_result_is_what_the_node_wrote(url: str, config: Config, update: dict[str, Any]) -> None:
    def build(storage: Storage) -> CompiledGraph:
        builder = StateGraph(Wide).add_node("n", lambda state: update).add_edge(START, "n")
        return builder.compile(storage)

    given = {"items": [0], "total": 1, "known": {"a"}, "whole": [1, 2], "messages": [{"role": "user", "content": "Hi"}]}
    async with open_storage(url) as storage:
        await build(storage).ainvoke(given, config)
    async with open_storage(url) as storage:
        (task,) = (await history(build(storage), config))[1].tasks
        assert task.result == update


async def test_L10_a_message_that_was_given_its_id_is_shown_with_it(storage: Storage, config: Config) -> None:
    builder = StateGraph(Wide)
    for name in "ab":
        builder.add_node(name, lambda state, name=name: {"messages": [{"role": "tool", "content": name + BIG}]})
        builder.add_edge(START, name)
    graph = builder.compile(storage)
    result = await graph.ainvoke({"messages": {"role": "user", "content": "Hi"}}, config)
    tasks = by_name((await history(graph, config))[-1])
    assert [tasks[name].result for name in "ab"] == [{"messages": [each]} for each in result["messages"][1:]]


async def test_L10_several_writes_of_one_task_to_one_key(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("n", lambda state: [{"log": [1]}, Command(update={"log": [2, 3]})]))
    await graph.ainvoke({"log": [0]}, config)
    (task,) = (await history(graph, config))[-1].tasks
    assert task.result == {"log": {"$writes": [[1], [2, 3]]}}


async def test_L10_sent_tasks_are_told_apart(storage: Storage, config: Config) -> None:
    builder = StateGraph(Log).add_node("plan", logs("plan")).add_node("work", lambda state: {"log": [state["n"]]})
    builder.add_edge(START, "plan")
    builder.add_conditional_edges("plan", lambda state: [Send("work", {"n": n}) for n in range(3)], ["work"])
    graph = builder.compile(storage)
    await graph.ainvoke({"log": []}, config)
    tasks = (await at(graph, config, "work", "work", "work")).tasks
    assert [task.result for task in tasks] == [{"log": [0]}, {"log": [1]}, {"log": [2]}]
    assert [task.path for task in tasks] == [("__pregel_push", 0), ("__pregel_push", 1), ("__pregel_push", 2)]


def kept(db: Connection) -> list[Any]:
    found = [row["results"] for row in db.execute("select results from checkpoints order by seq")]
    return [None if text is None else json.loads(text) for text in found]


async def test_L10_a_result_that_the_state_has_is_not_stored_twice(storage: Storage, config: Config) -> None:
    builder = StateGraph(Wide).add_node("a", lambda state: {"messages": {"role": "assistant", "content": BIG}})
    builder.add_node("b", lambda state: {**state, "text": BIG, "items": [BIG], "messages": [], "total": 0})
    graph = builder.add_edge(START, "a").add_edge("a", "b").compile(storage)
    await graph.ainvoke({"messages": {"role": "user", "content": "Hi"}, "whole": [1]}, config)
    assert max(len(json.dumps(each)) for each in await storage.read(kept)) < 200


async def test_L10_with_durability_exit_what_is_stored_is_linked(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")), ("q", asks("q")), ("y", logs("y")), ("z", logs("z")))
    await graph.ainvoke({"log": []}, config, durability="exit")
    await graph.ainvoke(Command(resume=1), config, durability="exit")
    newest, waited = await history(graph, config)
    assert (newest.parent_config, waited.parent_config) == (waited.config, None)
    assert [(task.name, task.result) for task in waited.tasks] == [("q", {"log": ["q=1"]})]


async def test_L10_a_file_of_before_shows_questions_and_no_results(storage: Storage, config: Config) -> None:
    """As an older version left it."""
    graph = chain(storage, ("q", asks("q")))
    asked = ids(await graph.ainvoke({"log": []}, config))["q"]
    await graph.ainvoke(Command(resume=1), config)
    await storage.write(lambda db: db.execute("update checkpoints set results = null"))
    (task,) = (await history(graph, config))[-1].tasks
    assert ([question.id for question in task.interrupts], task.result, task.error) == ([asked], None, None)


async def test_P10_prune_and_delete_take_the_results_along(storage: Storage, config: Config) -> None:
    graph = chain(storage, *((name, logs(name)) for name in "abc"))
    await graph.ainvoke({"log": []}, config)
    whole = await history(graph, config)
    await storage.prune("t1", keep=2)
    assert [(s.next, [t.result for t in s.tasks]) for s in await history(graph, config)] == [
        (s.next, [t.result for t in s.tasks]) for s in whole[:2]
    ]
    await storage.delete_thread("t1")
    assert await storage.read(kept) == []


async def test_L10_the_checkpoint_of_a_question_is_found_and_forked(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    graph = chain(storage, ("a", logs("a", runs)), ("q", asks("q", runs)), ("z", logs("z", runs)))
    await graph.ainvoke({"log": []}, config)
    await graph.ainvoke(Command(resume="one"), config)
    found = next(snapshot for snapshot in await history(graph, config) if any(t.interrupts for t in snapshot.tasks))
    runs.clear()
    fork = await graph.aupdate_state(found.config, {"log": ["forked"]})
    assert [each.value for each in (await graph.ainvoke(None, fork))["__interrupt__"]] == ["q"]
    assert (await graph.ainvoke(Command(resume="two"), fork))["log"] == ["a", "forked", "q='two'", "z"]
    assert runs == ["q", "q", "z"]


async def test_L10_between_two_questions_the_first_answer_stays(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("name", asks("name")), ("age", asks("age")), ("end", logs("end")))
    await graph.ainvoke({"log": []}, config)
    await graph.ainvoke(Command(resume="Ana"), config)
    await graph.ainvoke(Command(resume=30), config)
    between = await at(graph, config, "age")
    fork = await graph.aupdate_state(between.config, {"log": ["changed"]})
    assert set(ids(await graph.ainvoke(None, fork))) == {"age"}
    assert (await graph.ainvoke(Command(resume=31), fork))["log"] == ["name='Ana'", "changed", "age=31", "end"]
    before = await at(graph, config, "name")
    assert set(ids(await graph.ainvoke(None, before.config))) == {"name"}


async def test_L10_a_replay_is_answered_by_the_config_that_it_began_with(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("q", asks("q")), ("r", asks("r")), ("z", logs("z")))
    first = ids(await graph.ainvoke({"log": []}, config))["q"]
    await graph.ainvoke(Command(resume=1), config)
    old = await at(graph, config, "q")
    second = ids(await graph.ainvoke(None, old.config))["q"]
    assert first != second
    asked = ids(await graph.ainvoke(Command(resume=2), old.config))
    # What waits now is not what that checkpoint asks: by its id there is no doubt.
    with pytest.raises(AnswerError, match="leave checkpoint_id out"):
        await graph.ainvoke(Command(resume=3), old.config)
    with pytest.raises(AnswerError, match="leave checkpoint_id out"):
        await graph.ainvoke(Command(resume={asked["r"]: 3}, update={"log": ["x"]}), old.config)
    result = await graph.ainvoke(Command(resume={asked["r"]: 3}), old.config)
    assert result == {"log": ["q=2", "r=3", "z"]}


async def test_L10_an_answer_goes_to_no_question_of_another_branch(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("q", asks("q")), ("r", asks("r")))
    await graph.ainvoke({"log": []}, config)
    start = (await history(graph, config))[0]
    left = ids(await graph.ainvoke(Command(resume=1), config))["r"]
    other = await at(graph, config, "r")
    now = ids(await graph.ainvoke(None, start.config))["q"]
    for answer in (2, {left: 2}, {now: 2}):
        with pytest.raises(AnswerError):
            await graph.ainvoke(Command(resume=answer), other.config)
    assert ids(await graph.ainvoke(None, config)) == {"q": now}
    unknown: Config = {"configurable": {"thread_id": "nobody", "checkpoint_id": "0" * 32}}
    with pytest.raises(NotWaiting):
        await graph.ainvoke(Command(resume=2), unknown)


async def test_L10_a_copy_has_the_same_work_done_once_more(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")), ("q", asks("q")))
    first = ids(await graph.ainvoke({"log": []}, config))["q"]
    await graph.ainvoke(Command(resume=1), config)
    copy = await graph.aupdate_state((await at(graph, config, "q")).config, None, as_node="__copy__")
    state = await graph.aget_state(config)
    assert (state.config, state.values, state.next) == (copy, {"log": ["a"]}, ("q",))
    assert (state.metadata or {})["source"] == "fork"
    assert ids(await graph.ainvoke(None, copy))["q"] != first
    assert await graph.ainvoke(Command(resume=2), copy) == {"log": ["a", "q=2"]}
    with pytest.raises(InvalidUpdateError, match="a list of StateUpdate"):
        await graph.aupdate_state(config, {"log": []}, as_node="__copy__")


async def test_L10_a_copy_may_be_given_what_its_tasks_came_to(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")), ("q", asks("q")), ("z", logs("z")))
    await graph.ainvoke({"log": []}, config)
    await graph.ainvoke(Command(resume=1), config)
    old = await at(graph, config, "q")
    fork = await graph.aupdate_state(old.config, [StateUpdate({"log": ["by hand"]}, "q")], as_node="__copy__")
    assert await graph.ainvoke(None, fork) == {"log": ["a", "by hand", "z"]}
    _, edited, copy, *_ = await history(graph, config)
    assert (edited.config, copy.next, by_name(copy)["q"].result) == (fork, ("q",), {"log": ["by hand"]})


async def test_L10_bulk_edits_are_a_checkpoint_for_each_superstep(url: str, config: Config) -> None:
    def build(storage: Storage) -> CompiledGraph:
        builder = StateGraph(Log)
        for name in ("a", "b", "c", "end"):
            builder.add_node(name, logs(name))
        builder.add_edge(START, "a").add_edge("a", "b").add_edge("a", "c").add_edge(["b", "c"], "end")
        return builder.compile(storage)

    async with open_storage(url) as storage:
        done = await build(storage).abulk_update_state(
            config,
            [
                [StateUpdate({"log": ["given"]}, START)],
                [StateUpdate({"log": ["A"]}, "a")],
                [StateUpdate({"log": ["B"]}, "b"), StateUpdate({"log": ["C"]}, "c")],
            ],
        )
    async with open_storage(url) as storage:
        graph = build(storage)
        snapshots = await history(graph, config)
        assert snapshots[0].config == done
        assert [(s.next, s.values["log"]) for s in snapshots] == [
            (("end",), ["given", "A", "B", "C"]),
            (("b", "c"), ["given", "A"]),
            (("a",), ["given"]),
        ]
        assert {t.name: t.result for t in snapshots[1].tasks} == {"b": {"log": ["B"]}, "c": {"log": ["C"]}}
        assert await graph.ainvoke(None, config) == {"log": ["given", "A", "B", "C", "end"]}


async def test_L10_bulk_edits_lead_where_a_command_says_and_stand_for_sent_tasks(
    storage: Storage, config: Config
) -> None:
    builder = StateGraph(Log).add_node("plan", logs("plan"), destinations=("work",)).add_node("work", asks("work"))
    graph = builder.add_edge(START, "plan").compile(storage)
    sends = Command(goto=[Send("work", {"n": n}) for n in range(3)], update={"log": ["planned"]})
    await graph.abulk_update_state(
        config,
        [
            [StateUpdate({"log": []}, START)],
            [StateUpdate(sends, "plan")],
            [StateUpdate({"log": [1]}, "work"), StateUpdate({"log": [2]}, "work")],
        ],
    )
    state = await graph.aget_state(config)
    assert (state.next, state.values) == (("work",), {"log": ["planned", 1, 2]})
    (left,) = state.tasks
    with pytest.raises(InvalidUpdateError, match="no task"):
        await graph.aupdate_state(config, {"log": [3]}, "work", task_id="0" * 32)
    await graph.aupdate_state(config, {"log": [3]}, "work", task_id=left.id)
    assert (await graph.aget_state(config)).next == ()


async def test_L10_one_of_several_sent_tasks_is_edited_by_its_id(storage: Storage, config: Config) -> None:
    builder = StateGraph(Log).add_node("work", asks("work"))
    builder.add_conditional_edges(START, lambda state: [Send("work", {"n": n}) for n in range(2)], ["work"])
    graph = builder.compile(storage)
    await graph.ainvoke({"log": []}, config)
    first, second = (await graph.aget_state(config)).tasks
    await graph.aupdate_state(config, {"log": ["by hand"]}, as_node="work", task_id=second.id)
    assert [task.id for task in (await graph.aget_state(config)).tasks] == [first.id]
    assert await graph.ainvoke(Command(resume=1), config) == {"log": ["by hand", "work=1"]}


async def test_L10_bulk_edits_are_refused_as_a_whole(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")), ("q", asks("q")))
    asked = ids(await graph.ainvoke({"log": []}, config))
    before = await history(graph, config)
    good = [StateUpdate({"log": ["edited"]}, "a")]
    bad: list[tuple[list[list[StateUpdate]], type[Exception]]] = [
        ([], ValueError),
        ([good, []], InvalidUpdateError),
        ([good, [StateUpdate({"tone": 1}, "q")]], InvalidUpdateError),
        ([good, [StateUpdate({"log": []}, "nobody")]], InvalidUpdateError),
        ([good, [*good, StateUpdate({"log": []})]], InvalidUpdateError),
        ([good, [*good, StateUpdate(None, END)]], InvalidUpdateError),
        ([good, [StateUpdate({"log": [object()]}, "q")]], InvalidUpdateError),
        ([good, [StateUpdate({"log": []}, "__input__")]], LeftOut),
    ]
    for supersteps, error in bad:
        with pytest.raises(error):
            await graph.abulk_update_state(config, supersteps)
    assert await history(graph, config) == before
    assert ids(await graph.ainvoke(None, config)) == asked


async def test_L10_bulk_edits_of_an_older_checkpoint_fork_it(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")), ("b", logs("b")), ("c", logs("c")))
    await graph.ainvoke({"log": []}, config)
    before = await history(graph, config)
    old = await at(graph, config, "b")
    fork = await graph.abulk_update_state(
        old.config, [[StateUpdate({"log": ["x"]}, "a")], [StateUpdate({"log": ["y"]}, "b")]]
    )
    assert await graph.ainvoke(None, fork) == {"log": ["a", "x", "y", "c"]}
    assert (await history(graph, config))[-len(before) :] == before


async def test_L10_a_fork_in_the_place_of_a_task_leaves_what_that_task_wrote(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")), ("b", logs("b")), ("c", logs("c")))
    await graph.ainvoke({"log": []}, config)
    before = await history(graph, config)
    fork = await graph.aupdate_state((await at(graph, config, "b")).config, {"log": ["by hand"]}, as_node="b")
    assert await graph.ainvoke(None, fork) == {"log": ["a", "by hand", "c"]}
    assert (await history(graph, config))[-len(before) :] == before


async def test_L10_what_the_config_says_for_the_record_is_in_the_metadata(url: str, config: Config) -> None:
    said: Config = {
        "configurable": {"thread_id": "t1", "user_id": "u7", "nothing": None, "__own": 1},  # type: ignore[typeddict-unknown-key]
        "metadata": {
            "attempt": 2,
            "ratio": 0.5,
            "source": "mine",
            "ran": "mine",
            "deep": {"a": 1},
            "bad": float("nan"),
        },
    }
    async with open_storage(url) as storage:
        graph = chain(storage, ("a", logs("a")), ("q", asks("q")), ("z", logs("z")))
        await graph.ainvoke({"log": []}, said)
        other: Config = {"configurable": {"thread_id": "t1"}, "metadata": {"attempt": 3}}
        await graph.ainvoke(Command(resume=1), other)
        await graph.aupdate_state({**config, "metadata": {"editor": "lea"}}, {"log": ["edited"]})
    async with open_storage(url) as storage:
        graph = chain(storage, ("a", logs("a")), ("q", asks("q")), ("z", logs("z")))
        newest, *_, first = await history(graph, config)
        assert first.metadata == {
            "source": "input",
            "step": 0,
            "user_id": "u7",
            "attempt": 2,
            "ratio": 0.5,
            "by": None,
            "ran": [],
        }
        assert (newest.metadata or {})["editor"] == "lea"
        assert "attempt" not in (newest.metadata or {})
        assert [s.next for s in await history(graph, config, filter={"user_id": "u7"})] == [("q",), ("a",)]
        assert [s.next for s in await history(graph, config, filter={"attempt": 3})] == [(), ("z",)]


async def test_L8_a_command_at_a_static_stop_goes_on_past_it(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    steps = [(name, logs(name, runs)) for name in "abc"]
    graph = chain(storage, *steps, interrupt_before=["b", "c"])
    await graph.ainvoke({"log": []}, config)
    result = await graph.ainvoke(Command(update={"log": ["edited"]}), config)
    assert (result, runs) == ({"log": ["a", "edited", "b"]}, ["a", "b"])
    result = await graph.ainvoke(Command(goto="a"), config)
    assert sorted(runs) == ["a", "a", "b", "c"]
    assert (await graph.aget_state(config)).next == ("b",)
    assert (await graph.aget_state(config)).breakpoints[0].value["before"] == ["b"]


async def test_L8_beside_a_question_a_command_passes_no_stop(storage: Storage, config: Config) -> None:
    inner = chain(None, ("x", logs("x")), ("y", logs("y")), interrupt_before=["y"], name="inner")
    graph = fan(storage, ("inner", inner), ("q", asks("q")))
    await graph.ainvoke({"log": []}, config)
    before = await graph.aget_state(config)
    await graph.ainvoke(Command(update={"log": ["edited"]}), config)
    after = await graph.aget_state(config)
    assert (after.interrupts, after.breakpoints) == (before.interrupts, before.breakpoints)
