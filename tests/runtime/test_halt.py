"""A run that is halted: cut off in the middle of a step, but for effects that are claimed."""

import asyncio
from operator import add
from typing import Annotated, Any, TypedDict

import pytest

from graphs import END, START, StateGraph, interrupt, once
from graphs.errors import ThreadBusy
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Connection, Storage, threads
from storage.ids import ThreadId
from tests.support.waiting import until


class State(TypedDict):
    log: Annotated[list[str], add]


class Work:
    """What nodes do: each says that it began, and goes on when it is let."""

    def __init__(self) -> None:
        self.began: dict[str, asyncio.Event] = {}
        self.let: dict[str, asyncio.Event] = {}
        self.ended: list[str] = []

    async def __call__(self, name: str) -> str:
        self.began.setdefault(name, asyncio.Event()).set()
        await self.let.setdefault(name, asyncio.Event()).wait()
        self.ended.append(name)
        return name

    async def has_begun(self, name: str) -> None:
        await self.began.setdefault(name, asyncio.Event()).wait()

    def go_on(self, name: str) -> None:
        self.let.setdefault(name, asyncio.Event()).set()


@pytest.fixture
def work() -> Work:
    return Work()


def thread_of(config: Config) -> ThreadId:
    return ThreadId(config["configurable"]["thread_id"])  # type: ignore[typeddict-item]


async def flag(storage: Storage, config: Config) -> None:
    def job(db: Connection) -> None:
        threads.halt(db, thread_of(config), "why", 0.0)

    await storage.write(job)


async def row(storage: Storage, config: Config) -> tuple[Any, ...]:
    found = await storage.read(lambda db: threads.get(db, thread_of(config)))
    assert found is not None
    return found.status, found.owner, found.halted


def graph_of(storage: Storage, **nodes: Any) -> CompiledGraph:
    builder = StateGraph(State)
    for name, node in nodes.items():
        builder.add_node(name, node)
        builder.add_edge(START, name)
        builder.add_edge(name, END)
    return builder.compile(checkpointer=storage)


async def test_G9_a_node_is_cut_off_and_the_thread_given_back_in_the_middle_of_its_step(
    storage: Storage, config: Config, work: Work
):
    async def node(state: State) -> State:
        return {"log": [await work("node")]}

    graph, halt = graph_of(storage, node=node), asyncio.Event()
    run = asyncio.create_task(graph.ainvoke({"log": []}, config, halt=halt))
    await work.has_begun("node")
    halt.set()
    assert await run == {"log": []}
    assert await row(storage, config) == ("running", None, None)
    work.go_on("node")
    assert await graph.ainvoke(None, config) == {"log": ["node"]}, "nothing is lost for whoever goes on"


async def test_G9_the_end_of_a_claimed_effect_is_waited_for_and_what_finished_is_stored(
    storage: Storage, config: Config, work: Work
):
    async def cut(state: State) -> State:
        return {"log": [await work("cut")]}

    async def kept(state: State) -> State:
        return {"log": [await once("effect", work, "effect")]}

    graph, halt = graph_of(storage, cut=cut, kept=kept), asyncio.Event()
    run = asyncio.create_task(graph.ainvoke({"log": []}, config, halt=halt))
    await work.has_begun("effect")
    await work.has_begun("cut")
    await flag(storage, config)
    halt.set()
    done, _ = await asyncio.wait([run], timeout=0.1)
    assert not done, "it waits for the effect"
    work.go_on("effect")
    assert await run == {"log": ["effect"]}
    assert work.ended == ["effect"]
    assert await row(storage, config) == ("running", None, "why")


async def test_after_its_effect_a_node_begins_no_other(storage: Storage, config: Config, work: Work):
    async def node(state: State) -> State:
        await once("first", work, "first")
        await once("second", work, "second")
        return {"log": ["both"]}

    graph, halt = graph_of(storage, node=node), asyncio.Event()
    run = asyncio.create_task(graph.ainvoke({"log": []}, config, halt=halt))
    await work.has_begun("first")
    await flag(storage, config)
    halt.set()
    work.go_on("first")
    assert await run == {"log": []}
    assert "second" not in work.began


@pytest.mark.parametrize("nested", [False, True])
async def test_G9_nothing_is_claimed_once_the_row_says_so_though_the_run_was_not_told(
    storage: Storage, config: Config, work: Work, *, nested: bool
):
    async def node(state: State) -> State:
        await work("before")
        await once("effect", work, "effect")
        return {"log": ["done"]}

    inner: Any = node
    if nested:
        builder = StateGraph(State)
        builder.add_node("inner", node)
        builder.add_edge(START, "inner")
        inner = builder.compile()
    graph = graph_of(storage, node=inner)
    run = asyncio.create_task(graph.ainvoke({"log": []}, config, halt=asyncio.Event()))
    await work.has_begun("before")
    await flag(storage, config)
    work.go_on("before")
    await run
    assert "effect" not in work.began
    assert await row(storage, config) == ("running", None, "why")
    with pytest.raises(ThreadBusy, match="is to stop"):
        await graph.ainvoke(None, config)


async def test_what_may_not_begin_in_a_graph_within_is_not_tried_again_and_again(
    storage: Storage, config: Config, work: Work
):
    tried = 0

    async def eager(state: State) -> State:
        nonlocal tried
        tried += 1
        await work(f"before {tried}")
        return {"log": [await once("effect", work, "effect")]}

    async def slow(state: State) -> State:
        return {"log": [await once("slow", work, "slow")]}

    builder = StateGraph(State)
    for name, node in (("eager", eager), ("slow", slow)):
        builder.add_node(name, node)
        builder.add_edge(START, name)
    graph, halt = graph_of(storage, node=builder.compile()), asyncio.Event()
    run = asyncio.create_task(graph.ainvoke({"log": []}, config, halt=halt))
    await work.has_begun("slow")
    await work.has_begun("before 1")
    await flag(storage, config)
    halt.set()
    work.go_on("before 1")
    done, _ = await asyncio.wait([run], timeout=0.2)
    assert not done, "the other effect is waited for"
    assert tried == 1
    work.go_on("slow")
    await run
    assert "effect" not in work.began


async def test_S6_a_thread_is_ended_where_it_stands_and_what_waits_is_cancelled(storage: Storage, config: Config):
    async def node(state: State) -> State:
        return {"log": [interrupt("May I?")]}

    graph = graph_of(storage, node=node)
    await graph.ainvoke({"log": ["a"]}, config)
    await flag(storage, config)

    def over(db: Connection) -> None:
        assert threads.halt_over(db, thread_of(config), "why")

    await graph.aend(config, {"log": ["stopped"]}, over)
    snapshot = await graph.aget_state(config)
    assert (snapshot.values, snapshot.next) == ({"log": ["a", "stopped"]}, ())
    assert await row(storage, config) == ("done", None, None)
    assert [each.status for each in await storage.interrupts(status=None)] == ["cancelled"]
    assert await graph.ainvoke({"log": ["again"]}, config)  # it takes input as ever


async def test_S6_what_is_stored_with_the_end_can_refuse_it(storage: Storage, config: Config):
    async def node(state: State) -> State:
        return {"log": [interrupt("May I?")]}

    graph = graph_of(storage, node=node)
    await graph.ainvoke({"log": ["a"]}, config)

    def refuses(db: Connection) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await graph.aend(config, {"log": ["stopped"]}, refuses)
    assert (await graph.aget_state(config)).next == ("node",)
    assert await row(storage, config) == ("waiting", None, None)
    await until(lambda: storage.interrupts(status="waiting"), "the question")
