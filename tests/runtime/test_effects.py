"""Row D10 of docs/behaviour.md: an effect happens once, or a person is told that it may have."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from graphs import START, Command, RetryPolicy, StateGraph, interrupt, once
from graphs.errors import InDoubt, InterruptMisused, InvalidUpdateError
from graphs.runtime.effects import idempotency_key
from graphs.runtime.frames import current_frame
from graphs.runtime.types import Config
from storage import Storage, claims, open_storage
from storage.ids import ThreadId
from tests.runtime.asking import Log, chain, fan, ids
from tests.runtime.children import CONFIG, Child, build
from tests.support.rows import claims_of
from tests.support.sqlite import engine_of
from tests.support.waiting import until


async def claim(storage: Storage) -> claims.ClaimRow:
    (row,) = await storage.read(lambda db: claims_of(db, ThreadId("t1")))
    return row


class Effect:
    """Something that must not happen twice; `then` is what it does after."""

    def __init__(self, then: Any = lambda: "receipt") -> None:
        self.then = then
        self.happened: list[Any] = []

    def __call__(self, *args: Any) -> Any:
        self.happened.append(args)
        return self.then()


async def test_D10_a_rerun_returns_the_stored_result(storage: Storage, config: Config):
    effect = Effect()

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await once("mail", effect, "lea"), interrupt("q")]}

    graph = chain(storage, ("n", node))
    await graph.ainvoke({"log": []}, config)
    assert await graph.ainvoke(Command(resume="yes"), config) == {"log": ["receipt", "yes"]}
    assert effect.happened == [("lea",)]


async def test_D10_the_claim_is_on_the_disk_before_the_effect_begins(storage: Storage, config: Config):
    async def effect() -> str:
        return (await claim(storage)).status

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await once("mail", effect)]}

    assert await chain(storage, ("n", node)).ainvoke({"log": []}, config) == {"log": ["claimed"]}
    assert (await claim(storage)).status == "done"


async def test_D10_keys_and_tasks_are_claimed_apart(storage: Storage, config: Config):
    effect = Effect()

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await once("one", effect, 1), await once("two", effect, 2), await once("one", effect, 3)]}

    await fan(storage, ("a", node), ("b", node)).ainvoke({"log": []}, config)
    assert sorted(effect.happened) == [(1,), (1,), (2,), (2,)]


async def test_D10_the_result_is_the_same_before_and_after_a_restart(storage: Storage, config: Config):
    seen: list[Any] = []

    async def node(state: Log) -> dict[str, Any]:
        seen.append(await once("pair", lambda: (1, {"a": (2,)})))
        return {"log": [interrupt("q")]}

    graph = chain(storage, ("n", node))
    await graph.ainvoke({"log": []}, config)
    await graph.ainvoke(Command(resume="yes"), config)
    assert seen == [[1, {"a": [2]}]] * 2


async def test_D10_an_effect_that_raised_has_ended_and_runs_again(storage: Storage, config: Config):
    outcomes = iter([OSError("no network"), None])

    def then() -> str:
        if (error := next(outcomes)) is not None:
            raise error
        return "sent"

    effect = Effect(then)

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await once("mail", effect)]}

    graph = chain(storage, ("n", node))
    with pytest.raises(OSError, match="no network"):
        await graph.ainvoke({"log": []}, config)
    row = await claim(storage)
    assert (row.status, row.error) == ("failed", "OSError: no network")
    assert await graph.ainvoke(None, config) == {"log": ["sent"]}
    assert len(effect.happened) == 2


async def test_D10_an_effect_that_the_nodes_timeout_cut_off_is_in_doubt(storage: Storage, config: Config):
    effect = Effect(lambda: asyncio.wait_for(asyncio.Event().wait(), 10))

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await once("mail", effect)]}

    policy = RetryPolicy(initial_interval=0)
    builder = StateGraph(Log).add_node("n", node, timeout=0.5, retry_policy=policy).add_edge(START, "n")
    graph = builder.compile(storage)
    with pytest.raises(InDoubt) as doubt:  # of the second attempt
        await graph.ainvoke({"log": []}, config)
    assert doubt.value.key == "mail"
    assert doubt.value.idempotency_key == (await claim(storage)).idempotency_key
    assert len(effect.happened) == 1
    with pytest.raises(InDoubt):
        await graph.ainvoke(None, config)
    assert len(effect.happened) == 1


async def test_D10_an_effect_whose_claim_was_being_stored_when_the_time_was_up_is_in_doubt(
    tmp_path: Path, config: Config
):
    effect, attempts = Effect(), list[str]()
    path = tmp_path / "locked.db"

    async def node(state: Log) -> dict[str, Any]:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            if not attempts:
                attempts.append("the claim cannot be stored yet")
                other.execute("begin immediate")
            return {"log": [await once("mail", effect)]}

    builder = StateGraph(Log).add_edge(START, "n")
    builder.add_node("n", node, timeout=0.3, retry_policy=RetryPolicy(initial_interval=0))
    async with open_storage(f"sqlite:///{path}") as storage:
        with pytest.raises(InDoubt):
            await builder.compile(storage).ainvoke({"log": []}, config)
        assert (await claim(storage)).status == "in doubt"
    assert effect.happened == []


async def test_D10_an_end_that_was_being_stored_when_the_time_was_up_is_an_end(tmp_path: Path, config: Config):
    path = tmp_path / "locked.db"

    async def node(state: Log) -> dict[str, Any]:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:

            def last() -> str:
                other.execute("begin immediate")  # what becomes of the claim cannot be stored yet
                return "receipt"

            effect.then = last
            return {"log": [await once("mail", asynchronous)]}

    async def asynchronous() -> str:
        return effect()

    effect = Effect()
    builder = StateGraph(Log).add_edge(START, "n")
    builder.add_node("n", node, timeout=0.3, retry_policy=RetryPolicy(initial_interval=0))
    async with open_storage(f"sqlite:///{path}") as storage:
        assert await builder.compile(storage).ainvoke({"log": []}, config) == {"log": ["receipt"]}
        assert (await claim(storage)).status == "done"
    assert len(effect.happened) == 1


async def test_D10_an_effect_of_a_run_that_was_cancelled_is_in_doubt(storage: Storage, config: Config):
    begun = asyncio.Event()

    async def effect() -> None:
        begun.set()
        await asyncio.wait_for(asyncio.Event().wait(), 10)

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await once("mail", effect)]}

    graph = chain(storage, ("n", node))
    run = asyncio.create_task(graph.ainvoke({"log": []}, config))
    await begun.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    with pytest.raises(InDoubt, match="'mail' was begun and its end was never recorded"):
        await graph.ainvoke(None, config)
    assert (await claim(storage)).status == "in doubt"


async def test_D10_an_effect_whose_result_cannot_be_stored_is_in_doubt(storage: Storage, config: Config):
    effect = Effect(object)

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await once("mail", effect)]}

    graph = chain(storage, ("n", node))
    with pytest.raises(InvalidUpdateError, match="the result of 'mail': a object that cannot be stored"):
        await graph.ainvoke({"log": []}, config)
    with pytest.raises(InDoubt):
        await graph.ainvoke(None, config)
    assert len(effect.happened) == 1


async def test_D10_a_question_within_pauses_the_claim_and_the_resume_goes_on_under_it(storage: Storage, config: Config):
    keys: list[str] = []

    async def effect() -> str:
        keys.append(idempotency_key("refund"))
        return interrupt("sure?")

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await once("refund", effect), interrupt("after")]}

    graph = chain(storage, ("n", node))
    assert set(ids(await graph.ainvoke({"log": []}, config))) == {"sure?"}
    row = await claim(storage)
    assert row.status == "paused"
    assert set(ids(await graph.ainvoke(Command(resume="yes"), config))) == {"after"}
    assert await graph.ainvoke(Command(resume="ok"), config) == {"log": ["yes", "ok"]}
    assert keys == [row.idempotency_key] * 2
    assert (await claim(storage)).idempotency_key == row.idempotency_key


async def test_D10_a_repeatable_effect_is_not_claimed(storage: Storage, config: Config):
    seen: list[Any] = []

    async def effect() -> str:
        seen.append(await storage.read(lambda db: claims_of(db, ThreadId("t1"))))
        if len(seen) == 1:
            await asyncio.Event().wait()
        return "found"

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await once("look", effect, repeatable=True)]}

    builder = StateGraph(Log).add_edge(START, "n")
    builder.add_node("n", node, timeout=0.3, retry_policy=RetryPolicy(initial_interval=0))
    assert await builder.compile(storage).ainvoke({"log": []}, config) == {"log": ["found"]}
    assert seen == [[], []]
    assert (await claim(storage)).result == '"found"'


async def test_D10_two_effects_of_one_name_at_once_are_an_error(storage: Storage, config: Config):
    effect = Effect(lambda: asyncio.sleep(0))

    async def node(state: Log) -> dict[str, Any]:
        return {"log": await asyncio.gather(once("mail", effect), once("mail", effect))}

    with pytest.raises(InterruptMisused, match="a key of its own"):
        await chain(storage, ("n", node)).ainvoke({"log": []}, config)
    assert len(effect.happened) == 1


@pytest.mark.sqlite
async def test_D10_a_sibling_that_pauses_meanwhile_does_not_make_a_claim_forgotten(storage: Storage, config: Config):
    effect = Effect()
    looking, go_on = threading.Event(), threading.Event()

    def hold_up(statement: str) -> None:
        if "into interrupts" in statement and not looking.is_set():  # how the sibling paused is being stored
            looking.set()
            assert go_on.wait(10)

    async def node(state: Log) -> None:
        frame = current_frame.get()
        assert frame is not None
        await engine_of(storage).connection.set_trace_callback(hold_up)
        paused.set()
        assert await asyncio.to_thread(looking.wait, 10)
        before = frame.session.ledger
        first = asyncio.ensure_future(once("mail", effect))
        go_on.set()
        await first
        await until(lambda: frame.session.ledger is not before, "the ledger to be read again")
        await once("mail", effect)

    async def sibling(state: Log) -> None:
        await paused.wait()
        interrupt("q")

    paused = asyncio.Event()
    await fan(storage, ("n", node), ("sibling", sibling)).ainvoke({"log": []}, config)
    assert len(effect.happened) == 1


async def test_D10_a_plain_function_does_not_block_the_others(storage: Storage, config: Config):
    went_on = asyncio.Event()
    loop = asyncio.get_running_loop()

    def blocks() -> str:
        return asyncio.run_coroutine_threadsafe(went_on.wait(), loop).result(10) and "done"

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await once("slow", blocks)]}

    async def sibling(state: Log) -> dict[str, Any]:
        went_on.set()
        return {}

    assert (await fan(storage, ("n", node), ("s", sibling)).ainvoke({"log": []}, config))["log"] == ["done"]


async def test_D10_without_a_checkpointer_the_effect_just_runs():
    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await once("mail", lambda: "sent")]}

    assert await chain(None, ("n", node)).ainvoke({"log": []}) == {"log": ["sent"]}


async def test_D10_with_durability_exit_a_claim_is_found_again_all_the_same(storage: Storage, config: Config):
    begun = asyncio.Event()
    on_disk: list[tuple[str, ...]] = []

    async def effect() -> None:
        on_disk.append((await graph.aget_state(config)).next)
        begun.set()
        await asyncio.wait_for(asyncio.Event().wait(), 10)

    async def first(state: Log) -> dict[str, Any]:
        return {"log": ["first"]}

    async def node(state: Log) -> dict[str, Any]:
        inner = chain(None, ("inner", inner_node))
        return {"log": (await inner.ainvoke({"log": []}))["log"]}

    async def inner_node(state: Log) -> dict[str, Any]:
        return {"log": await asyncio.gather(once("mail", effect), once("other", lambda: "x"))}

    graph = chain(storage, ("first", first), ("n", node))
    run = asyncio.create_task(graph.ainvoke({"log": []}, config, durability="exit"))
    await begun.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert on_disk == [("n",)]  # the step that the claim belongs to, before it began
    with pytest.raises(InDoubt, match="'mail'"):
        await graph.ainvoke(None, config, durability="exit")


@pytest.mark.slow
async def test_D10_a_crash_between_claim_and_result_is_in_doubt_in_the_next_process(url: str, tmp_path: Path):
    book = tmp_path / "book"
    async with open_storage(url) as storage:
        await build(storage, book).ainvoke({"log": []}, CONFIG)
    child = Child(url, "answer", book)
    assert child.line() == "effect"
    child.kill()
    async with open_storage(url) as storage:
        graph = build(storage, book)
        with pytest.raises(InDoubt) as doubt:
            await graph.ainvoke(None, CONFIG)
        assert doubt.value.key == "payment"
        assert (await claim(storage)).status == "in doubt"
    assert await asyncio.to_thread(book.read_text) == "asked\nasked\npaid 100\n"
