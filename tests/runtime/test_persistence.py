"""Section P of docs/behaviour.md, within one process: what is saved when, and what is left of it."""

import asyncio
import gc
from collections.abc import Callable
from typing import Any, TypedDict

import pytest

from graphs import END, START, Command, StateGraph, interrupt
from graphs.errors import GraphChanged, NotWaiting
from graphs.runtime.runner import Runner
from graphs.runtime.tasks import TaskRun
from graphs.runtime.types import Config
from storage import Connection, Storage, open_storage
from tests.runtime.asking import Log, asks, chain, fan, ids, logs
from tests.support.rows import tables_of


async def history(storage: Storage, config: Config) -> list[Any]:
    """The log at every checkpoint on the disk, oldest first."""
    reader = chain(storage, ("reader", logs("reader")))
    return [snapshot.values["log"] async for snapshot in reader.aget_state_history(config)][::-1]


def looks(storage: Storage, config: Config, seen: list[Any], name: str) -> Any:
    """A node that looks at what is on the disk when it begins."""

    async def node(state: Log) -> dict[str, Any]:
        seen.append(await history(storage, config))
        return {"log": [name]}

    return node


async def test_P1_the_input_and_every_step_are_saved_before_the_next_begins(storage: Storage, config: Config):
    seen: list[Any] = []
    graph = chain(storage, *((name, looks(storage, config, seen, name)) for name in "ab"))
    await graph.ainvoke({"log": ["in"]}, config)
    assert seen == [[["in"]], [["in"], ["in", "a"]]]
    assert await history(storage, config) == [["in"], ["in", "a"], ["in", "a", "b"]]


async def test_P1_durability_exit_saves_when_the_run_returns(storage: Storage, config: Config):
    seen: list[Any] = []
    graph = chain(storage, *((name, looks(storage, config, seen, name)) for name in "ab"))
    await graph.ainvoke({"log": ["in"]}, config, durability="exit")
    assert seen == [[], []]
    assert await history(storage, config) == [["in", "a", "b"]]


async def test_P1_durability_exit_saves_when_the_run_pauses(storage: Storage, config: Config):
    seen: list[Any] = []
    graph = fan(
        storage, ("q", asks("q")), ("a", looks(storage, config, seen, "a")), ("b", looks(storage, config, seen, "b"))
    )
    await graph.ainvoke({"log": ["in"]}, config, durability="exit")
    assert (await graph.aget_state(config)).values == {"log": ["in", "a", "b"]}
    assert await graph.ainvoke(Command(resume=1), config, durability="exit") == {"log": ["in", "q=1", "a", "b"]}
    assert len(seen) == 2


async def test_P1_durability_exit_does_not_save_in_the_middle_of_a_step(storage: Storage, config: Config):
    go_on = asyncio.Event()

    async def slow(state: Log) -> dict[str, Any]:
        await asyncio.wait_for(go_on.wait(), 10)
        return {"log": ["slow"]}

    async def q(state: Log) -> dict[str, Any]:
        await asyncio.wait_for(go_on.wait(), 10)
        return {"log": [interrupt("q")]}

    graph = fan(storage, ("a", logs("a")), ("slow", slow), ("q", q))
    async for chunk in graph.astream({"log": []}, config, durability="exit"):
        if "a" in chunk:
            assert await storage.write(lambda db: count_tasks(db)) == 0  # in the queue behind what the run has written
            go_on.set()
    assert (await graph.aget_state(config)).values == {"log": ["a", "slow"]}
    assert await graph.ainvoke(Command(resume=1), config) == {"log": ["a", "slow", 1]}


def count_tasks(db: Connection) -> int:
    cursor = db.execute("select count(*) from tasks")
    return (cursor.fetchone() or (0,))[0]


async def test_P1_durability_exit_saves_when_the_run_raises_and_when_it_is_cancelled(storage: Storage):
    begun = asyncio.Event()

    def raises(state: Log) -> None:
        raise LookupError

    async def hangs(state: Log) -> None:
        begun.set()
        await asyncio.Event().wait()

    broken: Config = {"configurable": {"thread_id": "broken"}}
    with pytest.raises(LookupError):
        await chain(storage, ("a", logs("a")), ("n", raises)).ainvoke({"log": []}, broken, durability="exit")
    assert await history(storage, broken) == [["a"]]
    cancelled: Config = {"configurable": {"thread_id": "cancelled"}}
    graph = chain(storage, ("a", logs("a")), ("n", hangs))
    run = asyncio.create_task(graph.ainvoke({"log": []}, cancelled, durability="exit"))
    await begun.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert await history(storage, cancelled) == [["a"]]


async def test_P2_a_paused_thread_holds_no_memory_and_no_task(storage: Storage, config: Config):
    class Big:
        """What a node's frame would keep alive."""

    def node(state: Log) -> dict[str, Any]:
        kept = Big()
        return {"log": [interrupt("q"), str(kept)]}

    def held() -> set[int]:
        gc.collect()
        return {id(thing) for thing in gc.get_objects() if type(thing) in (Big, Runner, TaskRun)}

    tasks, memory = asyncio.all_tasks(), held()
    await chain(storage, ("n", node)).ainvoke({"log": []}, config)
    assert asyncio.all_tasks() == tasks
    async with asyncio.timeout(10):
        while not held() <= memory:  # noqa: ASYNC110 - a worker thread lets go of its last call a moment after that has ended
            await asyncio.sleep(0.01)
    assert len(storage.recent) <= 1, "where it waits may be kept, for a bounded number of threads"


async def test_P3_what_finished_beside_a_question_is_shown_and_never_run_again(storage: Storage, config: Config):
    runs: list[str] = []
    graph = fan(storage, ("q", asks("q", runs)), ("a", logs("a", runs)), then=logs("then", runs))
    result = await graph.ainvoke({"log": []}, config)
    assert result["log"] == ["a"]
    state = await graph.aget_state(config)
    assert (state.values, state.next) == ({"log": ["a"]}, ("q",))
    assert await graph.ainvoke(Command(resume=1), config) == {"log": ["q=1", "a", "then"]}
    assert sorted(runs) == ["a", "q", "q", "then"]


async def test_P3_what_finished_is_stored_at_once_while_its_sibling_still_runs(url: str, config: Config):
    runs: list[str] = []
    go_on = asyncio.Event()

    async def slow(state: Log) -> dict[str, Any]:
        await go_on.wait()
        return {"log": ["slow"]}

    async def first_process() -> None:
        async with open_storage(url) as storage:
            await fan(storage, ("a", logs("a", runs)), ("slow", slow)).ainvoke({"log": []}, config)

    process = asyncio.create_task(first_process())
    async with open_storage(url) as storage:
        graph = fan(storage, ("a", logs("a", runs)), ("slow", slow))
        mark = await storage.changes.mark()
        while (await graph.aget_state(config)).values != {"log": ["a"]}:
            assert await storage.changes.wait(mark, 10)
            mark = await storage.changes.mark()
        process.cancel()
        with pytest.raises(asyncio.CancelledError):
            await process
        go_on.set()
        assert await graph.ainvoke(None, config) == {"log": ["a", "slow"]}
    assert runs == ["a"]


@pytest.mark.parametrize(
    "config", [None, {}, {"configurable": {}}, {"configurable": {"user": "ana", "checkpoint_id": "x"}}]
)
async def test_P4_a_missing_thread_id_is_one_clear_error(storage: Storage, config: Any):
    graph = chain(storage, ("q", asks("q")))
    for call in (
        lambda: graph.ainvoke({"log": []}, config),
        lambda: graph.ainvoke(Command(resume=1), config),
        lambda: graph.aget_state(config or {}),
        lambda: graph.aupdate_state(config or {}, {}),
        lambda: graph.aanswer(config or {}, {"0" * 32: 1}),
    ):
        with pytest.raises(ValueError, match="thread_id"):
            await call()


async def test_P5_a_failure_is_stored_and_only_what_failed_runs_again(storage: Storage, config: Config):
    runs: list[str] = []
    failing = [True]

    def flaky(state: Log) -> dict[str, Any]:
        runs.append("flaky")
        if failing:
            raise LookupError("no such order")
        return {"log": ["flaky"]}

    graph = fan(storage, ("a", logs("a", runs)), ("flaky", flaky), then=logs("then", runs))
    with pytest.raises(LookupError):
        await graph.ainvoke({"log": []}, config)
    state = await graph.aget_state(config)
    assert [task.error for task in state.tasks] == [None, "LookupError: no such order"]
    assert state.next == ("flaky",)
    failing.clear()
    assert await graph.ainvoke(None, config) == {"log": ["a", "flaky", "then"]}
    assert sorted(runs[:2]) == ["a", "flaky"]  # one step
    assert runs[2:] == ["flaky", "then"]


async def test_P5_a_router_that_failed_is_run_again_without_its_node(storage: Storage, config: Config):
    runs: list[str] = []
    failing = [True]

    def router(state: Log) -> str:
        if failing:
            raise LookupError
        assert state["log"] == ["a"]
        return "b"

    builder = StateGraph(Log).add_node("a", logs("a", runs)).add_node("b", logs("b", runs)).add_edge(START, "a")
    graph = builder.add_conditional_edges("a", router, ["b", END]).compile(storage)
    with pytest.raises(LookupError):
        await graph.ainvoke({"log": []}, config)
    failing.clear()
    assert await graph.ainvoke(None, config) == {"log": ["a", "b"]}
    assert runs == ["a", "b"]


async def test_P9_a_node_that_is_gone_is_named_and_nothing_is_lost(storage: Storage, config: Config):
    runs: list[str] = []
    await chain(storage, ("old", asks("q", runs))).ainvoke({"log": []}, config)
    renamed = chain(storage, ("new", asks("q", runs)))
    calls: list[Callable[[], Any]] = [
        lambda: renamed.ainvoke(Command(resume=1), config),
        lambda: renamed.ainvoke(None, config),
    ]
    for call in calls:
        with pytest.raises(GraphChanged, match="thread 't1' waits in node 'old', which this graph does not have"):
            await call()
    assert runs == ["q"]
    assert await chain(storage, ("old", asks("q", runs))).ainvoke(Command(resume=1), config) == {"log": ["q=1"]}


async def test_P9_a_state_of_another_type_is_named(storage: Storage, config: Config):
    class Numbers(TypedDict):
        log: list[int]

    await chain(storage, ("a", asks("a"))).ainvoke({"log": ["text"]}, config)
    other = StateGraph(Numbers).add_node("a", lambda state: None).add_edge(START, "a").compile(storage)
    with pytest.raises(GraphChanged, match=r"of thread 't1' holds a value of 'log'"):
        await other.aget_state(config)


async def test_P10_delete_removes_everything_of_a_thread_and_nothing_of_another(
    storage: Storage, config: Config, database: str
):
    other: Config = {"configurable": {"thread_id": "t2"}}
    graph = fan(storage, ("q", asks("q")), ("a", logs("a")))
    for thread in (config, other):
        asked = ids(await graph.ainvoke({"log": []}, thread))
        await graph.aanswer(thread, {asked["q"]: 1})
    await storage.delete_thread("t1")
    await storage.delete_thread("nobody")

    def left(db: Connection) -> set[str]:
        tables = [table for table, columns in tables_of(db, database).items() if "thread_id" in columns]
        assert len(tables) > 8
        found: set[str] = set()
        for table in set(tables) - {"audit"}:
            cursor = db.execute(f"select count(*) from {table} where thread_id = 't1'")
            found |= {table} if (cursor.fetchone() or (0,))[0] else set()
        return found

    assert await storage.read(left) == set()
    assert (await graph.aget_state(config)).metadata is None
    with pytest.raises(NotWaiting):
        await graph.ainvoke(None, config)
    assert (await graph.ainvoke(None, other))["log"] == ["q=1", "a"]


async def test_P10_a_pruned_thread_keeps_its_newest_snapshots_and_what_waits(storage: Storage, config: Config):
    inner = chain(None, ("inner", asks("inner")))

    async def outer(state: Log) -> dict[str, Any]:
        return {"log": (await inner.ainvoke({"log": []}))["log"]}

    graph = chain(storage, *((name, logs(name)) for name in "abc"), ("outer", outer), ("q", asks("q")))
    await graph.ainvoke({"log": ["in"]}, config)
    await storage.prune("t1", keep=2)
    assert await history(storage, config) == [["in", "a", "b"], ["in", "a", "b", "c"]]
    await graph.ainvoke(Command(resume=1), config)
    await storage.prune("t1", keep=1)
    assert (await graph.ainvoke(Command(resume=2), config))["log"] == ["in", "a", "b", "c", "inner=1", "q=2"]


async def test_P1_durability_async_is_sync_and_another_word_is_refused(storage: Storage, config: Config):
    graph = chain(storage, ("a", logs("a")))
    assert await graph.ainvoke({"log": []}, config, durability="async") == {"log": ["a"]}
    assert (await graph.aget_state(config)).next == ()
    with pytest.raises(ValueError, match=r"durability is one of .*not 'never'"):
        await graph.ainvoke({"log": []}, config, durability="never")
    with pytest.raises(ValueError, match=r"on_waiting is one of .*not 'ask'"):
        await graph.ainvoke({"log": []}, config, on_waiting="ask")
