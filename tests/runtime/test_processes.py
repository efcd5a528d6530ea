"""Rows P2 and P11 of docs/behaviour.md, with real processes: one of them at a time, and any of them later."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graphs import Command, once
from graphs.errors import InDoubt, ThreadBusy
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage, open_storage, threads
from storage.ids import ThreadId
from tests.runtime.asking import Log, chain
from tests.runtime.children import CONFIG, Child, build
from tests.support.rows import claims_of

Start = Callable[[str], Child]


@pytest.fixture
def start(url: str, book: Path) -> Iterator[Start]:
    """Starts this test's other processes, and ends them."""
    children: list[Child] = []

    def begin(what: str) -> Child:
        children.append(Child(url, what, book))
        return children[-1]

    yield begin
    for child in children:
        child.kill()


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "book"


async def line(child: Child) -> str:
    return await asyncio.to_thread(child.line)


@pytest.mark.slow
async def test_P2_a_later_process_resumes_what_another_left(start: Start, url: str, book: Path):
    first = start("start")
    assert await asyncio.to_thread(first.result) == {"log": [], "waits": ["pay 100?"]}
    assert await asyncio.to_thread(first.process.wait, 30) == 0
    second = start("answer")
    assert await line(second) == "effect"
    second.go_on()
    assert await asyncio.to_thread(second.result) == {"log": ["yes", "receipt 100"]}
    assert await asyncio.to_thread(book.read_text) == "asked\nasked\npaid 100\n"


@pytest.mark.slow
async def test_P11_a_second_run_of_a_thread_is_refused_while_the_first_one_runs(start: Start, url: str, book: Path):
    async with open_storage(url) as storage:
        graph = build(storage, book)
        await graph.ainvoke({"log": []}, CONFIG)
        child = start("answer")
        assert await line(child) == "effect"
        for given in (Command(resume="no"), None, {"log": ["more"]}):
            with pytest.raises(ThreadBusy):
                await graph.ainvoke(given, CONFIG)
        child.go_on()
        assert await asyncio.to_thread(child.result) == {"log": ["yes", "receipt 100"]}
        assert (await graph.aget_state(CONFIG)).values == {"log": ["yes", "receipt 100"]}
    assert (await asyncio.to_thread(book.read_text)).count("paid") == 1


@pytest.mark.slow
async def test_P11_the_run_of_a_killed_process_is_taken_over_at_once(start: Start, url: str, book: Path):
    async with open_storage(url) as storage:
        graph = build(storage, book)
        await graph.ainvoke({"log": []}, CONFIG)
        child = start("answer")
        assert await line(child) == "effect"
        child.kill()
        with pytest.raises(InDoubt):
            await graph.ainvoke(None, CONFIG)
    assert (await asyncio.to_thread(book.read_text)).count("paid") == 1


async def test_P11_of_two_runs_in_one_process_one_is_refused(storage: Storage, config: Config):
    go_on = asyncio.Event()

    async def node(state: Log) -> None:
        await go_on.wait()

    graph = chain(storage, ("n", node))
    first = asyncio.create_task(graph.ainvoke({"log": ["first"]}, config))
    mark = await storage.changes.mark()
    while await storage.read(lambda db: threads.get(db, ThreadId("t1"))) is None:
        await storage.changes.wait(mark, 10)
        mark = await storage.changes.mark()
    with pytest.raises(ThreadBusy, match="thread 't1' is being run by owner"):
        await graph.ainvoke({"log": ["second"]}, config)
    go_on.set()
    assert await first == {"log": ["first"]}


async def lose(storage: Storage) -> None:
    """As if the owner had been away so long that it counts as gone."""
    await storage.write(lambda db: db.execute("update threads set owner = 'somebody who is gone'"))


def hangs(begun: asyncio.Event, go_on: asyncio.Event) -> Callable[[Storage], CompiledGraph]:
    """A graph whose effect takes long."""

    async def effect() -> str:
        begun.set()
        await go_on.wait()
        return "receipt"

    async def node(state: Log) -> dict[str, list[str]]:
        return {"log": [await once("pay", effect)]}

    return lambda storage: chain(storage, ("n", node))


async def test_P11_an_owner_that_wakes_cannot_write_and_its_late_result_settles_the_claim(url: str, config: Config):
    begun, go_on = asyncio.Event(), asyncio.Event()
    graph = hangs(begun, go_on)
    async with open_storage(url) as old, open_storage(url) as new:
        sleeper = asyncio.create_task(graph(old).ainvoke({"log": []}, config))
        await begun.wait()
        await lose(new)
        with pytest.raises(InDoubt):
            await graph(new).ainvoke(None, config)
        go_on.set()
        with pytest.raises(ThreadBusy, match="taken over by another owner"):
            await sleeper
        (claim,) = await new.read(lambda db: claims_of(db, ThreadId("t1")))
        assert (claim.status, claim.result) == ("done", '"receipt"')
        assert (await graph(new).aget_state(config)).values == {"log": []}
        assert await graph(new).ainvoke(None, config) == {"log": ["receipt"]}


async def test_P11_an_owner_that_wakes_begins_no_effect(url: str, config: Config):
    paid: list[str] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def node(state: Log) -> None:
        begun.set()
        await go_on.wait()
        await once("pay", paid.append, "paid")

    async with open_storage(url) as old, open_storage(url) as new:
        sleeper = asyncio.create_task(chain(old, ("n", node)).ainvoke({"log": []}, config))
        await begun.wait()
        await lose(new)
        go_on.set()
        with pytest.raises(ThreadBusy):
            await sleeper
        assert paid == []
        assert await new.read(lambda db: claims_of(db, ThreadId("t1"))) == []


async def test_P11_a_run_whose_thread_was_deleted_leaves_nothing(storage: Storage, config: Config):
    begun, go_on = asyncio.Event(), asyncio.Event()
    graph = hangs(begun, go_on)(storage)
    run = asyncio.create_task(graph.ainvoke({"log": []}, config))
    await begun.wait()
    await storage.delete_thread("t1")
    go_on.set()
    with pytest.raises(ThreadBusy, match="or deleted"):
        await run
    assert await storage.read(lambda db: claims_of(db, ThreadId("t1"))) == []
    assert (await graph.aget_state(config)).metadata is None
