"""A node in which the process ends each time is not begun for ever: as often as it may be started, and then only when
somebody asks for it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from graphs import START, Command, StateGraph, once
from graphs.errors import CutShort
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage, threads
from storage.ids import ThreadId
from tests.runtime.asking import Log, asks, ids, logs
from tests.support.waiting import until

T1 = ThreadId("t1")


class Deadly:
    """A node in whose middle processes end: it hangs, and its run is left as by a process that died. `does` is what a
    run gets done before.
    """

    def __init__(self) -> None:
        self.begun = 0
        self.is_harmless = False
        self.runs: list[asyncio.Task[Any]] = []

    async def __call__(self, state: Log) -> dict[str, Any]:
        self.begun += 1
        if self.is_harmless:
            return {"log": ["alive"]}
        await self.does()
        await asyncio.Event().wait()
        return {}

    async def does(self) -> None:
        """Nothing."""

    async def dies(
        self,
        storage: Storage,
        graph: CompiledGraph,
        given: Any,
        config: Config,
        after: Callable[[], Awaitable[Any]] | None = None,
    ) -> None:
        """Begin a run, and let its process be gone in the middle of it, `after` there is such a thing."""
        before = self.begun
        self.runs.append(asyncio.create_task(graph.ainvoke(given, config)))
        await until(lambda: self.begun > before or self.runs[-1].done(), "the node to begin")
        assert not self.runs[-1].done(), self.runs[-1].exception()
        if after is not None:
            await until(after, "what comes before")
        await storage.write(lambda db: db.execute("update threads set owner = 'somebody who is gone'"))

    async def end(self) -> None:
        for run in self.runs:
            run.cancel()
        await asyncio.gather(*self.runs, return_exceptions=True)


@pytest.fixture
async def deadly() -> AsyncIterator[Deadly]:
    deadly = Deadly()
    yield deadly
    await deadly.end()


def graph_with(storage: Storage, deadly: Deadly, starts: int | None = 2, **beside: Any) -> CompiledGraph:
    builder = StateGraph(Log).add_node("deadly", deadly, starts=starts).add_edge(START, "deadly")
    for name, node in beside.items():
        builder.add_node(name, node).add_edge(START, name)
    return builder.compile(storage)


async def test_after_two_starts_cut_short_it_has_failed_and_is_begun_when_asked_for(
    storage: Storage, config: Config, deadly: Deadly
) -> None:
    runs: list[str] = []
    graph = graph_with(storage, deadly, good=logs("good", runs))

    async def is_stored() -> bool:
        return [task.result for task in (await graph.aget_state(config)).tasks if task.name == "good"] != [None]

    await deadly.dies(storage, graph, {"log": []}, config, after=is_stored)
    await deadly.dies(storage, graph, None, config)
    assert await storage.read(threads.cut_short) == ["t1"]
    with pytest.raises(CutShort, match="2 times in a row in node 'deadly'"):
        await graph.ainvoke(None, config)
    assert deadly.begun == 2
    assert runs == ["good"]
    assert await storage.read(threads.cut_short) == []
    state = await graph.aget_state(config)
    assert state.next == ("deadly",)
    assert [(each.error or "").partition(":")[0] for each in state.tasks if each.name == "deadly"] == ["CutShort"]
    deadly.is_harmless = True
    assert sorted((await graph.ainvoke(None, config))["log"]) == ["alive", "good"]
    assert runs == ["good"]


async def test_what_was_asked_for_has_its_starts_again(storage: Storage, config: Config, deadly: Deadly) -> None:
    graph = graph_with(storage, deadly)
    for _ in range(2):
        await deadly.dies(storage, graph, None if deadly.begun else {"log": []}, config)
        await deadly.dies(storage, graph, None, config)
        with pytest.raises(CutShort):
            await graph.ainvoke(None, config)
    assert deadly.begun == 4


async def test_a_run_that_gets_something_done_is_not_counted(storage: Storage, config: Config, deadly: Deadly) -> None:
    async def does() -> None:
        await once(f"part {deadly.begun}", lambda: "done")

    deadly.does = does
    graph = graph_with(storage, deadly)
    await deadly.dies(storage, graph, {"log": []}, config)
    for _ in range(4):
        await deadly.dies(storage, graph, None, config)
    assert deadly.begun == 5


async def test_without_a_number_it_is_begun_as_often_as_it_takes(
    storage: Storage, config: Config, deadly: Deadly
) -> None:
    graph = graph_with(storage, deadly, starts=None)
    await deadly.dies(storage, graph, {"log": []}, config)
    for _ in range(4):
        await deadly.dies(storage, graph, None, config)
    deadly.is_harmless = True
    assert await graph.ainvoke(None, config) == {"log": ["alive"]}


async def test_a_run_that_gives_its_thread_back_is_not_counted(
    storage: Storage, config: Config, deadly: Deadly
) -> None:
    graph = graph_with(storage, deadly)
    await deadly.dies(storage, graph, {"log": []}, config)
    for _ in range(3):
        before = deadly.begun
        run = asyncio.create_task(graph.ainvoke(None, config))
        await until(lambda before=before: deadly.begun > before, "the node to begin")
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
    assert deadly.begun == 4


async def test_an_answer_to_another_question_does_not_begin_it(
    storage: Storage, config: Config, deadly: Deadly
) -> None:
    graph = graph_with(storage, deadly, ask=asks("q"))
    await deadly.dies(storage, graph, {"log": []}, config, after=storage.interrupts)
    await deadly.dies(storage, graph, None, config)
    with pytest.raises(CutShort):
        await graph.ainvoke(None, config)
    (question,) = (await graph.aget_state(config)).interrupts
    await graph.aanswer(config, {question.id: "yes"})
    with pytest.raises(CutShort):
        await graph.ainvoke(None, config)
    assert deadly.begun == 2
    assert (await graph.aget_state(config)).values == {"log": ["q='yes'"]}
    deadly.is_harmless = True
    assert sorted((await graph.ainvoke(None, config))["log"]) == ["alive", "q='yes'"]


async def test_new_input_takes_its_place(storage: Storage, config: Config, deadly: Deadly) -> None:
    graph = graph_with(storage, deadly)
    await deadly.dies(storage, graph, {"log": []}, config)
    await deadly.dies(storage, graph, None, config)
    with pytest.raises(CutShort):
        await graph.ainvoke(None, config)
    deadly.is_harmless = True
    assert await graph.ainvoke({"log": ["new"]}, config) == {"log": ["new", "alive"]}


async def test_a_question_in_it_can_still_be_answered(storage: Storage, config: Config) -> None:
    """Waiting for a person is no start."""
    builder = StateGraph(Log).add_node("q", asks("q"), starts=2).add_edge(START, "q")
    graph = builder.compile(storage)
    asked = ids(await graph.ainvoke({"log": []}, config))
    assert await graph.ainvoke(Command(resume={asked["q"]: 1}), config) == {"log": ["q=1"]}
