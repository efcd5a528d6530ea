"""What a node has stored with its end: in that transaction, whichever end it is, and in no other."""

import asyncio
from typing import Any, TypedDict

import pytest

from graphs import END, START, Command, RetryPolicy, StateGraph, interrupt
from graphs.runtime.asking import store_with_end
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Connection, Storage
from tests.runtime.test_counted import Meter, thread


class State(TypedDict):
    text: str


CONFIG: Config = thread("t")


def graph(storage: Storage, *nodes: Any, **options: Any) -> CompiledGraph:
    builder = StateGraph(State)
    for node in nodes:
        builder.add_node(node, **options).add_edge(START, node.__name__).add_edge(node.__name__, END)
    return builder.compile(storage)


@pytest.fixture
async def noted(storage: Storage) -> Storage:
    await storage.write(lambda db: db.execute("create table notes (note text, at integer)"))
    return storage


def note(text: str) -> None:
    store_with_end(lambda db: db.execute("insert into notes values (?, (select max(seq) from checkpoints))", (text,)))


async def notes(storage: Storage) -> list[str]:
    return await storage.read(lambda db: [row[0] for row in db.execute("select note from notes order by rowid")])


@pytest.fixture
async def meter(storage: Storage) -> Meter:
    async def other(state: State) -> dict[str, Any]:
        return {}

    await graph(storage, other).ainvoke({"text": ""}, thread("another"))
    await graph(storage, other).aget_state(thread("another"))  # opens a reader
    meter = Meter(storage)
    await meter.start()
    return meter


async def test_it_costs_one_statement_and_no_commit(noted: Storage, meter: Meter):
    async def quiet(state: State) -> dict[str, Any]:
        return {"text": "done"}

    async def noting(state: State) -> dict[str, Any]:
        note("one")
        return {"text": "done"}

    await graph(noted, quiet).ainvoke({"text": ""}, thread("quiet"))
    without = meter.lap()
    await graph(noted, noting).ainvoke({"text": ""}, CONFIG)
    beside = meter.lap()
    assert (beside["statements"], beside["commits"]) == (without["statements"] + 1, without["commits"])
    assert await notes(noted) == ["one"]


async def test_it_is_stored_with_a_question_and_with_a_failure(noted: Storage):
    async def ask(state: State) -> dict[str, Any]:
        note("asked" if state["text"] == "" else "never")
        if interrupt("Go on?"):
            note("failed")
            raise RuntimeError("it is")
        return {}

    asking = graph(noted, ask)
    await asking.ainvoke({"text": ""}, CONFIG)
    assert await notes(noted) == ["asked"]
    with pytest.raises(RuntimeError, match="it is"):
        await asking.ainvoke(Command(resume=True), CONFIG)
    assert await notes(noted) == ["asked", "asked", "failed"]


async def test_each_attempt_of_a_node_counts(noted: Storage):
    tries: list[int] = []

    async def work(state: State) -> dict[str, Any]:
        tries.append(1)
        note(f"try {len(tries)}")
        if len(tries) < 3:
            raise ConnectionError("again")
        return {}

    policy = RetryPolicy(max_attempts=3, initial_interval=0.001)
    await graph(noted, work, retry_policy=policy).ainvoke({"text": ""}, CONFIG)
    assert await notes(noted) == ["try 1", "try 2", "try 3"]


async def test_a_sibling_that_ends_later_stores_nothing_of_it_again(noted: Storage):
    first = asyncio.Event()

    async def early(state: State) -> dict[str, Any]:
        note("early")
        return {}

    async def late(state: State) -> dict[str, Any]:
        await first.wait()
        note("late")
        return {"text": "late"}

    async def watch() -> None:
        while await notes(noted) != ["early"]:
            mark = await noted.changes.mark()
            await noted.changes.wait(mark, 1)
        first.set()

    await asyncio.gather(graph(noted, early, late).ainvoke({"text": ""}, CONFIG), watch())
    assert await notes(noted) == ["early", "late"]


async def test_what_it_raises_leaves_the_end_unstored(noted: Storage):
    async def work(state: State) -> dict[str, Any]:
        def broken(db: Connection) -> None:
            raise LookupError("no such thing")

        store_with_end(broken)
        return {"text": "done"}

    with pytest.raises(LookupError):
        await graph(noted, work).ainvoke({"text": ""}, CONFIG)
    assert (await graph(noted, work).aget_state(CONFIG)).next == ("work",)


async def test_without_a_checkpointer_nothing_is_stored(storage: Storage):
    async def work(state: State) -> dict[str, Any]:
        store_with_end(lambda db: db.execute("no statement"))
        return {"text": "done"}

    built = StateGraph(State).add_node(work).add_edge(START, "work").add_edge("work", END).compile()
    assert await built.ainvoke({"text": ""}) == {"text": "done"}
