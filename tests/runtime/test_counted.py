"""What a pause, a resume and a turn cost, counted: hops to a connection's thread, statements, and commits.

In WAL mode with `synchronous=full` each commit is one fsync.
"""

import statistics
from collections import Counter
from typing import Annotated, Any, TypedDict

import pytest

from graphs import END, START, Command, StateGraph, add_messages, interrupt
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage
from tests.support.sqlite import connections_of


class Conversation(TypedDict):
    messages: Annotated[list[dict[str, Any]], add_messages]


def asking(storage: Storage) -> CompiledGraph:
    async def ask(state: Conversation) -> dict[str, Any]:
        return {"messages": {"role": "assistant", "content": interrupt("Shall I?")}}

    return StateGraph(Conversation).add_node(ask).add_edge(START, "ask").add_edge("ask", END).compile(storage)


def replying(storage: Storage) -> CompiledGraph:
    async def reply(state: Conversation) -> dict[str, Any]:
        return {"messages": {"role": "assistant", "content": "Yes."}}

    return StateGraph(Conversation).add_node(reply).add_edge(START, "reply").add_edge("reply", END).compile(storage)


def said(number: int = 0) -> dict[str, Any]:
    return {"messages": {"role": "user", "content": f"Message {number}"}}


def thread(name: str) -> Config:
    return {"configurable": {"thread_id": name}}


class Meter:
    """Counts what the writing and the reading connections do."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._statements: list[str] = []
        self._hops = 0

    async def start(self) -> None:
        """From here on. A reader has to be open already."""
        storage = self._storage
        connections = connections_of(storage)
        for connection in connections:
            await connection.set_trace_callback(self._statements.append)
        self.lap()

    def lap(self) -> Counter[str]:
        """What was done since the last lap."""
        hops, self._hops = self._storage.hops - self._hops, self._storage.hops
        texts = [text for text in self._statements if not text.startswith("--")]
        self._statements.clear()
        return Counter(hops=hops, statements=len(texts), commits=texts.count("commit"))


@pytest.fixture
async def meter(storage: Storage) -> Meter:
    await replying(storage).ainvoke(said(), thread("another"))
    await replying(storage).aget_state(thread("yet another"))  # opens a reader
    meter = Meter(storage)
    await meter.start()
    return meter


async def test_a_pause_takes_two_hops_and_two_fsyncs(storage: Storage, meter: Meter):
    await asking(storage).ainvoke(said(), thread("t"))
    lap = meter.lap()
    assert lap["hops"] <= 2
    assert lap["commits"] == 2
    assert lap["statements"] <= 20


async def test_a_message_to_a_thread_of_another_process_is_added_to_it(storage: Storage, meter: Meter):
    graph = replying(storage)
    await graph.ainvoke(said(1), thread("t"))
    storage.recent.take((graph.program, "t"))  # as a process that did not run it before
    meter.lap()
    result = await graph.ainvoke(said(2), thread("t"))
    assert meter.lap()["hops"] <= 4
    assert [message["content"] for message in result["messages"]] == ["Message 1", "Yes.", "Message 2", "Yes."]


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "after a restart"])
async def test_a_resume_takes_four_hops_and_two_fsyncs(storage: Storage, meter: Meter, elsewhere: bool):
    graph = asking(storage)
    await graph.ainvoke(said(), thread("t"))
    if elsewhere:
        storage.recent.take((graph.program, "t"))  # as a process that did not run it before
    meter.lap()
    result = await graph.ainvoke(Command(resume="yes"), thread("t"))
    lap = meter.lap()
    assert result["messages"][-1]["content"] == "yes"
    assert lap["hops"] <= (4 if elsewhere else 2)
    assert lap["commits"] == 2
    assert lap["statements"] <= 50


async def test_a_warm_turn_costs_the_same_however_long_the_thread_is(storage: Storage, meter: Meter):
    graph = replying(storage)
    costs = []
    for number in range(300):
        await graph.ainvoke(said(number), thread("t"))
        costs.append(meter.lap())
    early, late = ([cost["statements"] for cost in part] for part in (costs[5:20], costs[-15:]))
    assert statistics.median(late) == statistics.median(early)
    assert max(cost["hops"] for cost in costs) <= 3
    assert {cost["commits"] for cost in costs} == {2}


async def test_reading_a_thread_that_was_run_here_reads_none_of_its_messages(storage: Storage, meter: Meter):
    graph = replying(storage)
    for number in range(3):
        await graph.ainvoke(said(number), thread("t"))
    meter.lap()
    snapshot = await graph.aget_state(thread("t"))
    texts = list(meter._statements)  # pyright: ignore[reportPrivateUsage]
    assert [m["content"] for m in snapshot.values["messages"]][-2:] == ["Message 2", "Yes."]
    assert texts
    assert not [text for text in texts if "state_values" in text]


async def test_a_thread_of_300_turns_fills_little_more_than_twice_its_text(storage: Storage):
    text = "Is it there yet? " * 61

    async def reply(state: Conversation) -> dict[str, Any]:
        return {"messages": {"role": "assistant", "content": text}}

    graph = StateGraph(Conversation).add_node(reply).add_edge(START, "reply").add_edge("reply", END).compile(storage)
    for _ in range(300):
        await graph.ainvoke({"messages": {"role": "user", "content": text}}, thread("t"))
    pages, size = await storage.read(
        lambda db: [db.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "page_size")]
    )
    assert pages * size <= 2.0 * 600 * len(text)
