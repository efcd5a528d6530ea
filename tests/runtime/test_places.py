"""Functions that block have threads of their own: few for a conversation, so many in all, and nobody else's."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from graphs import END, START, Send, StateGraph
from graphs.errors import NoPlace
from graphs.runtime import places
from graphs.runtime.calling import TimeIsUp, invoke, limited
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.places import IN_ALL, OF_A_CONVERSATION, Places, conversation
from graphs.runtime.types import Config
from storage import Storage
from tests.runtime.asking import Log
from tests.support.waiting import until


class Gate:
    """Something that functions wait at, each in its thread, until it is opened."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._lock = threading.Lock()
        self.threads: list[threading.Thread] = []
        self.ended = 0

    def wait(self, *_: Any) -> str:
        with self._lock:
            self.threads.append(threading.current_thread())
        assert self._open.wait(30)
        with self._lock:
            self.ended += 1
        return "through"

    def open(self) -> None:
        self._open.set()

    @property
    def inside(self) -> int:
        return len(self.threads) - self.ended


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()
    for thread in gate.threads:
        if thread not in places._IDLE:  # pyright: ignore[reportPrivateUsage]
            thread.join(0.2)


def as_of(whose: str | None, *calls: Any) -> "asyncio.Task[Any]":
    """Await what this gives, in a conversation."""

    async def run() -> Any:
        conversation.set(whose)
        return await calls[0]()

    return asyncio.create_task(run())


def thread(name: str) -> Config:
    return {"configurable": {"thread_id": name}}


def fanned(storage: Storage | None, gate: Gate, count: int) -> CompiledGraph:
    builder = StateGraph(Log).add_node("blocks", lambda state: {"log": [gate.wait()]})
    builder.add_conditional_edges(START, lambda state: [Send("blocks", {})] * count, ["blocks"])
    return builder.compile(storage)


@pytest.mark.parametrize("durable", [True, False])
async def test_a_conversation_has_few_and_the_others_wait_their_turn(
    storage: Storage, gate: Gate, durable: bool
) -> None:
    graph = fanned(storage if durable else None, gate, OF_A_CONVERSATION + 3)
    running = asyncio.create_task(graph.ainvoke({"log": []}, thread("t1")))
    await until(lambda: gate.inside == OF_A_CONVERSATION, "all its places to be taken")

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await asyncio.to_thread(str, "ours")]}

    def router(state: Log) -> str:
        return "second"

    builder = StateGraph(Log).add_node("first", node).add_edge(START, "first")
    builder.add_conditional_edges("first", router, ["second"])
    builder.add_node("second", lambda state: {"log": ["def"]}).add_edge("second", END)
    other = builder.compile(storage if durable else None)
    assert await other.ainvoke({"log": []}, thread("t2")) == {"log": ["ours", "def"]}
    assert len(gate.threads) == OF_A_CONVERSATION
    gate.open()
    assert await running == {"log": ["through"] * (OF_A_CONVERSATION + 3)}


async def test_a_router_never_waits_for_a_place(storage: Storage, gate: Gate) -> None:
    held = [as_of("t1", lambda: invoke(gate.wait)) for _ in range(OF_A_CONVERSATION)]
    await until(lambda: gate.inside == OF_A_CONVERSATION, "all its places to be taken")

    async def node(state: Log) -> dict[str, Any]:
        return {"log": ["async"]}

    builder = StateGraph(Log).add_node("n", node).add_conditional_edges(START, lambda state: "n", ["n"])
    graph = builder.add_conditional_edges("n", lambda state: END, [END]).compile(storage)
    assert await graph.ainvoke({"log": []}, thread("t1")) == {"log": ["async"]}
    gate.open()
    await asyncio.gather(*held)


async def test_where_only_lost_calls_are_left_new_ones_are_refused_until_one_ends(gate: Gate) -> None:
    lost = [as_of("t1", lambda: limited(0.05, gate.wait)) for _ in range(OF_A_CONVERSATION)]
    waiting = as_of("t1", lambda: invoke(str, "waits"))
    assert {type(each) for each in await asyncio.gather(*lost, return_exceptions=True)} == {TimeIsUp}
    with pytest.raises(NoPlace, match=r"All 4 places of this conversation .* This call was not begun"):
        await waiting
    with pytest.raises(NoPlace):
        await as_of("t1", lambda: invoke(str, "late"))
    assert await as_of("t2", lambda: invoke(str, "another's")) == "another's"
    gate.open()
    await until(lambda: gate.ended == OF_A_CONVERSATION, "the lost calls to end")
    assert await as_of("t1", lambda: invoke(str, "again")) == "again"


async def test_waiting_for_a_place_is_none_of_the_time_that_a_call_has(gate: Gate) -> None:
    held = [as_of("t1", lambda: invoke(gate.wait)) for _ in range(OF_A_CONVERSATION)]
    await until(lambda: gate.inside == OF_A_CONVERSATION, "all its places to be taken")
    hurried = as_of("t1", lambda: limited(0.2, str, "in time"))
    done, _ = await asyncio.wait([hurried], timeout=0.4)
    assert not done
    gate.open()
    assert await hurried == "in time"
    await asyncio.gather(*held)


async def test_all_conversations_together_have_so_many(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    held = [as_of(f"t{n // OF_A_CONVERSATION}", lambda: invoke(gate.wait)) for n in range(IN_ALL)]
    await until(lambda: gate.inside == IN_ALL, "all places to be taken")
    patient = as_of("another", lambda: invoke(str, "patient"))
    await asyncio.sleep(0)
    monkeypatch.setattr(places, "PATIENCE", 0.05)
    with pytest.raises(NoPlace, match="All 32 places there are"):
        await as_of("yet another", lambda: invoke(str, "refused"))
    assert await asyncio.to_thread(str, "ours") == "ours"
    gate.open()
    assert await patient == "patient"
    await asyncio.gather(*held)


async def test_who_is_cancelled_while_they_wait_takes_nobodys_place() -> None:
    few = Places(1, "there are")
    await few.take(None)
    gone, stays = (asyncio.create_task(few.take(None)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    few.give_back()
    await stays
    assert gone.cancelled() or await asyncio.gather(gone, return_exceptions=True)
    too_late = asyncio.create_task(few.take(None))
    await asyncio.sleep(0)
    few.give_back()
    too_late.cancel()  # it has the place, and has not heard of it
    await asyncio.gather(too_late, return_exceptions=True)
    await asyncio.wait_for(few.take(None), 5)


async def test_a_call_that_is_cancelled_gives_its_place_back_when_it_ends(gate: Gate) -> None:
    held = [as_of("t1", lambda: invoke(gate.wait)) for _ in range(OF_A_CONVERSATION)]
    await until(lambda: gate.inside == OF_A_CONVERSATION, "all its places to be taken")
    for each in held:
        each.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    gate.open()
    await until(lambda: gate.ended == OF_A_CONVERSATION, "the calls to end")
    assert await as_of("t1", lambda: invoke(str, "again")) == "again"


async def test_the_process_does_not_wait_for_such_a_thread(gate: Gate) -> None:
    held = as_of("t1", lambda: invoke(gate.wait))
    await until(lambda: gate.inside == 1, "the call to begin")
    assert gate.threads[0].daemon
    gate.open()
    await held


async def test_an_async_call_that_clings_is_left_when_its_time_is_up() -> None:
    go_on = asyncio.Event()

    async def clings() -> str:
        while not go_on.is_set():
            try:
                await go_on.wait()
            except asyncio.CancelledError:
                continue
        return "late"

    with pytest.raises(TimeIsUp):
        await limited(0.05, clings)
    go_on.set()
    await until(lambda: len(asyncio.all_tasks()) == 1, "it to end")


def lending(whose: str | None, inside: Callable[[], object], *, lost_after: float | None = None) -> "asyncio.Task[Any]":
    """A call that lends its place while `inside()` is at work in it."""

    def work() -> str:
        place = places.here()
        assert place is not None
        with place.lent():
            inside()
        return "lent"

    return as_of(whose, lambda: limited(lost_after, work))


async def test_a_place_is_for_others_while_its_call_waits_and_taken_back_without_waiting(gate: Gate) -> None:
    waits, goes_on = threading.Event(), threading.Event()

    def inside() -> None:
        waits.set()
        assert goes_on.wait(30)

    lender = lending("t1", inside)
    await until(waits.is_set, "it to wait")
    held = [as_of("t1", lambda: invoke(gate.wait)) for _ in range(OF_A_CONVERSATION)]
    await until(lambda: gate.inside == OF_A_CONVERSATION, "all places to be taken by others")
    goes_on.set()
    assert await lender == "lent"  # nobody has ended
    late = as_of("t1", lambda: invoke(gate.wait))
    await asyncio.sleep(0.05)
    assert gate.inside == OF_A_CONVERSATION  # what came back beside the others left no place
    gate.open()
    assert set(await asyncio.gather(*held, late)) == {"through"}
    assert places.here() is None


async def test_where_a_lender_is_the_last_to_end_beside_lost_calls_who_waits_is_refused(gate: Gate) -> None:
    waits, goes_on, again = threading.Event(), threading.Event(), threading.Event()

    def inside() -> None:
        waits.set()
        assert goes_on.wait(30)

    def work() -> None:
        place = places.here()
        assert place is not None
        with place.lent():
            inside()
        assert again.wait(30)

    lender = as_of("t1", lambda: invoke(work))
    await until(waits.is_set, "it to wait")
    lost = [as_of("t1", lambda: limited(0.05, gate.wait)) for _ in range(OF_A_CONVERSATION)]
    await asyncio.gather(*lost, return_exceptions=True)
    goes_on.set()
    await asyncio.sleep(0.05)
    waiting = as_of("t1", lambda: invoke(str, "waits"))
    done, _ = await asyncio.wait([waiting], timeout=0.1)
    assert not done  # the lender will end
    again.set()
    with pytest.raises(NoPlace):
        await waiting
    await lender
    gate.open()
    await until(lambda: gate.ended == OF_A_CONVERSATION, "the lost calls to end")
    assert await as_of("t1", lambda: invoke(str, "again")) == "again"


async def test_a_lender_that_is_lost_holds_its_place_when_it_goes_on(gate: Gate) -> None:
    goes_on = threading.Event()
    with pytest.raises(TimeIsUp):
        await lending("t1", lambda: goes_on.wait(30), lost_after=0.05)
    held = [as_of("t1", lambda: limited(0.05, gate.wait)) for _ in range(OF_A_CONVERSATION)]
    await asyncio.gather(*held, return_exceptions=True)
    goes_on.set()
    gate.open()
    await until(lambda: gate.ended == OF_A_CONVERSATION, "the lost calls to end")
    assert await asyncio.gather(*(as_of("t1", lambda: invoke(str, "in")) for _ in range(9))) == ["in"] * 9
    later = Gate()
    held = [as_of("t1", lambda: limited(0.05, later.wait)) for _ in range(OF_A_CONVERSATION)]
    await asyncio.gather(*held, return_exceptions=True)
    with pytest.raises(NoPlace):  # it is counted among the lost no more
        await as_of("t1", lambda: invoke(str, "late"))
    later.open()
    await until(lambda: later.ended == OF_A_CONVERSATION, "the lost calls to end")
