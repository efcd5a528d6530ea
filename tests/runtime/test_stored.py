"""Rows P6 to P8 of docs/behaviour.md: what is stored, in which form, and what it costs."""

import itertools
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from pydantic import BaseModel

from graphs import START, Command, Send, StateGraph, add_messages, interrupt
from graphs.errors import InvalidUpdateError
from graphs.runtime.types import Config
from storage import Connection, Storage, open_storage
from storage.errors import UnreadableRow
from tests.runtime.asking import Log, logs
from tests.runtime.samples import threads as sample
from tests.support.rows import tables_of
from tests.support.sqlite import plain

SAMPLES = sorted(Path(sample.__file__).parent.glob("format-*.sql"))


class Chat(TypedDict):
    messages: Annotated[list[dict[str, Any]], add_messages]


def chat(storage: Storage) -> Any:
    def reply(state: Chat) -> dict[str, Any]:
        return {"messages": [{"role": "assistant", "content": "x" * 100}]}

    return StateGraph(Chat).add_node("reply", reply).add_edge(START, "reply").compile(storage)


async def turns(graph: Any, config: Config, n: int) -> None:
    for _ in range(n):
        await graph.ainvoke({"messages": [{"role": "user", "content": "y" * 100}]}, config)


def bytes_of(db: Connection, database: str) -> int:
    """Of all that is in all rows."""
    total = 0
    for table in tables_of(db, database):
        cursor = db.execute(f"select * from {table}")
        total += sum(len(str(value)) for row in cursor.fetchall() for value in row)
    return total


async def test_P6_a_conversation_costs_what_was_added_to_it(storage: Storage, config: Config, database: str):
    graph = chat(storage)
    sizes: list[int] = []
    for _ in range(4):
        await turns(graph, config, 10)
        sizes.append(await storage.read(lambda db: bytes_of(db, database)))
    first, *later = [after - before for before, after in itertools.pairwise(sizes)]
    assert all(abs(growth - first) < first / 20 for growth in later)


@pytest.mark.sqlite
async def test_P6_a_warm_turn_does_not_read_its_history(storage: Storage, config: Config):
    graph = chat(storage)
    work = 0

    def count() -> None:
        nonlocal work
        work += 1

    def cost(db: Connection) -> None:
        plain(db).set_progress_handler(count, 10)  # called for so many of SQLite's own instructions

    await storage.read(cost)  # the one reader that is open: nobody reads side by side here
    await storage.write(cost)
    costs: list[int] = []
    for _ in range(4):
        await turns(graph, config, 30)
        work = 0
        await turns(graph, config, 1)
        costs.append(work)
    assert max(costs) < min(costs) * 1.5


async def test_P6_what_a_caller_does_to_a_result_does_not_reach_the_thread(storage: Storage, config: Config):
    graph = chat(storage)
    await turns(graph, config, 1)
    result = await graph.ainvoke({"messages": []}, config)
    result["messages"].clear()
    assert len((await graph.ainvoke({"messages": []}, config))["messages"]) == 4


class Money(BaseModel):
    amount: Decimal


class Typed(TypedDict, total=False):
    money: Money
    pair: tuple[int, int]
    anything: Any


async def test_P7_a_node_sees_the_same_before_and_after_a_restart(url: str, config: Config):
    seen: list[dict[str, Any]] = []

    def write(state: Typed) -> dict[str, Any]:
        return {"money": Money(amount=Decimal("1.10")), "pair": (1, 2), "anything": ({"t": (3,)},)}

    def read(state: Typed) -> None:
        seen.append(dict(state))
        interrupt("q")

    async with open_storage(url) as storage:
        builder = StateGraph(Typed).add_sequence([write, read]).add_edge(START, "write")
        await builder.compile(storage).ainvoke({}, config)
    async with open_storage(url) as storage:
        await builder.compile(storage).ainvoke(Command(resume=1), config)
    expected = {"money": Money(amount=Decimal("1.10")), "pair": (1, 2), "anything": [{"t": [3]}]}
    assert seen == [expected, expected]


async def test_P7_without_a_checkpointer_nothing_is_normalised():
    value = object()

    def write(state: Typed) -> dict[str, Any]:
        return {"anything": value, "pair": [1, 2]}

    graph = StateGraph(Typed).add_node("write", write).add_edge(START, "write").compile()
    assert await graph.ainvoke({}) == {"anything": value, "pair": [1, 2]}


@pytest.mark.parametrize("value", [object(), print, {"deep": [object()]}, float("nan"), [float("-inf")], b"\xff"])
async def test_P7_what_cannot_be_stored_is_refused_where_it_was_written(storage: Storage, config: Config, value: Any):
    def write(state: Typed) -> dict[str, Any]:
        return {"anything": value}

    builder = StateGraph(Typed).add_node("write", write).add_edge(START, "write")
    graph = builder.compile(storage)
    kind = type(value).__name__
    with pytest.raises(InvalidUpdateError, match=f"node 'write' wrote 'anything': a {kind} that cannot be stored"):
        await graph.ainvoke({}, config)
    assert (await graph.aget_state(config)).values == {}
    with pytest.raises(InvalidUpdateError, match=f"'anything': a {kind}"):
        await graph.ainvoke({"anything": value}, {"configurable": {"thread_id": "t2"}})
    assert (await graph.aget_state({"configurable": {"thread_id": "t2"}})).metadata is None


async def test_P7_what_is_sent_to_a_node_is_data_too(storage: Storage, config: Config):
    def router(state: Log) -> list[Send]:
        return [Send("n", object())]

    builder = StateGraph(Log).add_node("a", logs("a")).add_node("n", logs("n")).add_edge(START, "a")
    graph = builder.add_conditional_edges("a", router, ["n"]).compile(storage)
    with pytest.raises(InvalidUpdateError, match="the input sent to 'n': a object that cannot be stored"):
        await graph.ainvoke({"log": []}, config)


@pytest.mark.sqlite
async def test_P7_no_row_names_code(storage: Storage):
    await sample.fill(storage)

    def texts(db: Connection) -> str:
        return "\n".join(plain(db).iterdump())

    stored = await storage.read(texts)
    rows = "\n".join(line for line in stored.splitlines() if line.startswith("INSERT"))
    assert "receipt 7" in rows
    for name in (sample.__name__, "graphs.", "lambda", "<function", "receipt()", "\\x80"):
        assert name not in rows


def restored(file: Path, path: Path) -> str:
    """The database of a sample."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(file.read_text())
    return f"sqlite:///{path}"


@pytest.fixture(params=SAMPLES, ids=[file.stem for file in SAMPLES])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return restored(request.param, tmp_path / "old.db")


def thread(name: str) -> Config:
    return {"configurable": {"thread_id": name}}


async def test_P8_what_an_older_version_stored_goes_on_here(old_url: str):
    async with open_storage(old_url) as storage:
        graph = sample.build(storage)
        waiting = {row.thread_id: row.payload for row in await storage.interrupts()}
        assert waiting == {"asked": {"refund": "A-1"}, "inside": "inner?"}
        assert (await graph.aget_state(thread("asked"))).values == {"log": ["hello", "noted"]}
        assert (await graph.ainvoke(None, thread("answered")))["__interrupt__"][0].value == "inner?"
        assert (await graph.ainvoke(Command(resume="no"), thread("asked")))["log"] == [
            "hello",
            "receipt 7: no",
            "noted",
        ]
        whole = ["hello", "receipt 7: yes", "noted"]
        assert await graph.ainvoke(Command(resume="late"), thread("inside")) == {"log": [*whole, "late"]}
        snapshots = [snapshot async for snapshot in graph.aget_state_history(thread("done"))]
        assert [snapshot.values["log"] for snapshot in snapshots] == [[*whole, "yes"], whole, ["hello"]]


async def test_P8_a_checkpoint_of_a_newer_format_is_refused_and_the_other_threads_go_on(old_url: str):
    async with open_storage(old_url) as storage:
        await storage.write(lambda db: db.execute("update checkpoints set format = 99 where thread_id = 'asked'"))
        graph = sample.build(storage)
        with pytest.raises(UnreadableRow, match=r"of thread 'asked' .* format 99.* install the newer version"):
            await graph.ainvoke(Command(resume="no"), thread("asked"))
        assert (await graph.ainvoke(Command(resume="x"), thread("inside")))["log"][-1] == "x"


async def test_P8_a_damaged_checkpoint_is_named_and_the_other_threads_go_on(old_url: str):
    async with open_storage(old_url) as storage:
        await storage.write(lambda db: db.execute("update checkpoints set tasks = '{' where thread_id = 'asked'"))
        graph = sample.build(storage)
        with pytest.raises(UnreadableRow, match=r"checkpoint '[0-9a-f]{32}' of thread 'asked' cannot be read"):
            await graph.ainvoke(Command(resume="no"), thread("asked"))
        assert (await graph.ainvoke(Command(resume="x"), thread("inside")))["log"][-1] == "x"
