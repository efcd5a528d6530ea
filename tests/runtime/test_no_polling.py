"""Row L13 of docs/behaviour.md: what a run without a checkpointer costs while it waits for its own tasks, counted."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from graphs import START, StateGraph
from graphs.runtime.types import Config
from storage import Storage
from tests.runtime.asking import Log, asks, fan
from tests.support.waiting import until


class Loop:
    """Counts the turns of the running event loop and the tasks that are made in it."""

    def __init__(self) -> None:
        self._loop: Any = asyncio.get_running_loop()
        self.turns = self.tasks = 0

    def __enter__(self) -> "Loop":
        self._run_once: Callable[[], None] = self._loop._run_once
        self._loop._run_once = self._turn
        self._loop.set_task_factory(self._make)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop._run_once = self._run_once
        self._loop.set_task_factory(None)

    def _turn(self) -> None:
        self.turns += 1
        self._run_once()

    def _make(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        self.tasks += 1
        return asyncio.Task(coroutine, loop=loop, **options)


async def raises(state: Log) -> None:
    raise RuntimeError("broken")


def after(seconds: float) -> Callable[[Log], Any]:
    async def node(state: Log) -> None:
        await asyncio.sleep(seconds)

    return node


@pytest.mark.parametrize("durable", [False, True], ids=["nothing stored", "stored"])
async def test_L13_a_task_that_failed_waits_for_its_sibling_and_for_nothing_else(
    storage: Storage, config: Config, durable: bool
) -> None:
    builder = StateGraph(Log).add_node("bad", raises).add_node("slow", after(0.3))
    graph = builder.add_edge(START, "bad").add_edge(START, "slow").compile(storage if durable else None)
    with Loop() as loop, pytest.raises(RuntimeError, match="broken"):
        await graph.ainvoke({"log": []}, config)
    assert loop.tasks < 12
    assert loop.turns < 120


async def test_L13_a_run_that_waits_does_nothing(config: Config) -> None:
    graph = StateGraph(Log).add_node("slow", after(0.3)).add_edge(START, "slow").compile()
    with Loop() as loop:
        await graph.ainvoke({"log": []}, config)
    assert loop.tasks < 6
    assert loop.turns < 30


async def test_L13_nested_and_side_by_side_it_is_the_same(config: Config) -> None:
    inner = StateGraph(Log).add_node("bad", raises).add_node("slow", after(0.3))
    inner = inner.add_edge(START, "bad").add_edge(START, "slow").compile(name="inner")
    outer = StateGraph(Log).add_node("inner", inner).add_node("slower", after(0.4))
    graph = outer.add_edge(START, "inner").add_edge(START, "slower").compile()
    with Loop() as loop, pytest.raises(RuntimeError, match="broken"):
        await graph.ainvoke({"log": []}, config)
    assert loop.tasks < 16
    assert loop.turns < 150


def test_L13_this_test_would_see_a_busy_loop() -> None:
    async def busy() -> int:
        with Loop() as loop:
            for _ in range(500):
                await asyncio.create_task(asyncio.sleep(0))
        assert loop.tasks == 500
        return loop.turns

    assert asyncio.run(busy()) >= 500


async def test_L13_where_listening_for_answers_fails_nobody_is_cut_off_and_nothing_spins(
    storage: Storage, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    go_on = asyncio.Event()

    async def slow(state: Log) -> dict[str, Any]:
        await go_on.wait()
        return {"log": ["slow"]}

    read = storage.read

    async def fails_to_listen(job: Any) -> Any:
        if "news" in job.__qualname__:
            raise sqlite3.OperationalError("disk I/O error")
        return await read(job)

    storage.read = fails_to_listen  # type: ignore[method-assign]
    graph = fan(storage, ("q", asks("q")), ("slow", slow))
    with Loop() as loop:
        running = asyncio.create_task(graph.ainvoke({"log": []}, config))
        await until(lambda: "cannot see now whether it is answered" in caplog.text, "the listening to fail")
        await graph.aanswer(config, {(await storage.interrupts())[0].id: "yes"})
        go_on.set()
        assert sorted((await running)["log"]) == ["q='yes'", "slow"]
    assert loop.tasks < 12
    assert caplog.text.count("cannot see now") == 1
