"""Whatever a function raises is the end of that call, and of nothing else."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

import pytest

from graphs import END, START, Command, RetryPolicy, StateGraph, interrupt, once
from graphs.errors import UnexpectedExit
from graphs.runtime.functional import entrypoint, task
from graphs.runtime.types import Config
from storage import Storage
from storage.ids import ThreadId
from tests.runtime.asking import Log, chain, ids, logs
from tests.support.rows import claims_of
from tests.support.waiting import until


class Own(BaseException):
    """One that nobody knows."""


class Untellable(Exception):
    def __str__(self) -> str:
        raise SystemExit("no")


KINDS: dict[str, Callable[[], BaseException]] = {
    "SystemExit: 3": lambda: SystemExit(3),
    "SystemExit": SystemExit,
    "KeyboardInterrupt": KeyboardInterrupt,
    "GeneratorExit: gone": lambda: GeneratorExit("gone"),
    "CancelledError": asyncio.CancelledError,
    "Own: x": lambda: Own("x"),
    "StopIteration": StopIteration,
    "StopAsyncIteration: y": lambda: StopAsyncIteration("y"),
    "Untellable": Untellable,
    "BaseExceptionGroup": lambda: BaseExceptionGroup("two", [SystemExit(1), ValueError("z")]),
}

kinds = pytest.mark.parametrize("kind", KINDS)
ways = pytest.mark.parametrize("way", ["def", "async"])


def raising(kind: str, way: str, armed: list[bool] | None = None) -> Callable[..., Any]:
    """A function that raises; with `armed`, only while there is something in it."""

    def act(*_: Any) -> Any:
        if armed is None or armed:
            raise KINDS[kind]()

    async def later(*_: Any) -> Any:
        await asyncio.sleep(0)
        act()

    return act if way == "def" else later


def stands_for(error: BaseException, kind: str, way: str) -> bool:
    """Python itself makes a RuntimeError of a StopIteration that leaves a coroutine."""
    if kind == "StopIteration" and way == "async":
        return isinstance(error, RuntimeError)
    return isinstance(error, UnexpectedExit) and str(error).startswith(kind) and error.__cause__ is not None


@kinds
@ways
@pytest.mark.parametrize("sibling", [False, True], ids=["alone", "beside another"])
@pytest.mark.parametrize("durable", [False, True], ids=["nothing stored", "stored"])
async def test_a_node_fails_and_can_be_tried_again(
    storage: Storage, config: Config, kind: str, way: str, sibling: bool, durable: bool
) -> None:
    armed = [True]
    runs: list[str] = []
    builder = StateGraph(Log).add_node("bad", raising(kind, way, armed)).add_edge(START, "bad")
    if sibling:
        builder.add_node("good", logs("good", runs)).add_edge(START, "good")
    graph = builder.compile(storage if durable else None)
    with pytest.raises(Exception) as raised:
        await graph.ainvoke({"log": []}, config)
    assert stands_for(raised.value, kind, way)
    if durable:
        (failed,) = [each for each in (await graph.aget_state(config)).tasks if each.error]
        assert failed.name == "bad"
        armed.clear()
        assert await graph.ainvoke(None, config) == {"log": ["good"] if sibling else []}
    assert runs == (["good"] if sibling else [])


@kinds
@ways
async def test_a_router_fails_and_its_node_is_not_run_again(
    storage: Storage, config: Config, kind: str, way: str
) -> None:
    armed, runs = [True], list[str]()
    route = raising(kind, way, armed)

    async def router(state: Log) -> str:
        result = route(state)
        await result if asyncio.iscoroutine(result) else None
        return END

    builder = StateGraph(Log).add_node("n", logs("n", runs)).add_edge(START, "n")
    graph = builder.add_conditional_edges("n", router, [END]).compile(storage)
    with pytest.raises((UnexpectedExit, RuntimeError)):
        await graph.ainvoke({"log": []}, config)
    armed.clear()
    assert await graph.ainvoke(None, config) == {"log": ["n"]}
    assert runs == ["n"]


@kinds
@ways
async def test_an_effect_that_raises_has_ended(storage: Storage, config: Config, kind: str, way: str) -> None:
    armed = [True]
    effect = raising(kind, way, armed)

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await once("pay", effect)]}

    graph = chain(storage, ("n", node))
    with pytest.raises((UnexpectedExit, RuntimeError)):
        await graph.ainvoke({"log": []}, config)
    (claim,) = await storage.read(lambda db: claims_of(db, ThreadId("t1")))
    assert claim.status == "failed"
    armed.clear()
    assert await graph.ainvoke(None, config) == {"log": [None]}


@kinds
@ways
async def test_a_step_of_a_flow_that_raises_can_be_caught_in_it(
    storage: Storage, config: Config, kind: str, way: str
) -> None:
    step = task(raising(kind, way))

    @entrypoint(storage)
    async def flow(given: str) -> str:
        try:
            await step()
        except Exception as error:  # noqa: BLE001 - as a flow's author would
            return type(error).__name__
        return "nothing"

    assert await flow.ainvoke("x", config) in ("UnexpectedExit", "RuntimeError")


@kinds
async def test_a_reducer_and_a_retry_policy_fail_their_task(storage: Storage, config: Config, kind: str) -> None:
    def retry_on(error: Exception) -> bool:
        raise KINDS[kind]()

    bad = StateGraph(Log).add_node("n", lambda state: 1 / 0, retry_policy=RetryPolicy(retry_on=retry_on))
    with pytest.raises(UnexpectedExit):
        await bad.add_edge(START, "n").compile(storage).ainvoke({"log": []}, config)

    armed: list[bool] = []

    def reducer(left: Any, right: Any) -> Any:
        if armed:
            raise KINDS[kind]()
        return right

    class State(TypedDict):
        key: Annotated[str, reducer]

    def writes(state: State) -> dict[str, Any]:
        armed.append(True)
        return {"key": "b"}

    graph = StateGraph(State).add_node("n", writes).add_edge(START, "n").compile(storage)
    with pytest.raises(UnexpectedExit):
        await graph.ainvoke({"key": "a"}, {"configurable": {"thread_id": "t2"}})


async def test_a_task_inside_that_was_cancelled_does_not_cancel_the_run(storage: Storage, config: Config) -> None:
    async def node(state: Log) -> None:
        inner = asyncio.create_task(asyncio.sleep(60))
        inner.cancel()
        await inner

    with pytest.raises(UnexpectedExit, match="CancelledError"):
        await chain(storage, ("n", node)).ainvoke({"log": []}, config)
    assert (asyncio.current_task() or node).cancelling() == 0  # pyright: ignore[reportFunctionMemberAccess]


async def test_an_effect_that_cancels_its_own_task_ends_only_itself(storage: Storage, config: Config) -> None:
    async def effect() -> str:
        running = asyncio.current_task()
        assert running is not None
        running.cancel()
        await asyncio.sleep(0)
        return "never"

    async def node(state: Log) -> dict[str, Any]:
        try:
            return {"log": [await once("pay", effect)]}
        except UnexpectedExit as error:
            return {"log": [str(error), await once("other", lambda: "goes on")]}

    assert await chain(storage, ("n", node)).ainvoke({"log": []}, config) == {"log": ["CancelledError", "goes on"]}


async def test_our_own_cancellation_still_cuts_the_run_off(storage: Storage, config: Config) -> None:
    begun, cleaned = asyncio.Event(), list[str]()

    async def node(state: Log) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append("yes")

    running = asyncio.create_task(chain(storage, ("n", node)).ainvoke({"log": []}, config))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert cleaned == ["yes"]


async def test_an_effect_that_does_not_let_itself_be_cancelled_is_left(storage: Storage, config: Config) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def stubborn() -> str:
        begun.set()
        while not go_on.is_set():
            try:
                await go_on.wait()
            except asyncio.CancelledError:
                continue
        return "late"

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await once("pay", stubborn)]}

    graph = chain(storage, ("n", node))
    running = asyncio.create_task(graph.ainvoke({"log": []}, config))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    (claim,) = await storage.read(lambda db: claims_of(db, ThreadId("t1")))
    assert claim.status == "claimed"
    go_on.set()
    await until(lambda: len(asyncio.all_tasks()) == 1, "the effect to end")


async def test_a_question_passes_also_beside_what_may_not(storage: Storage, config: Config) -> None:
    async def node(state: Log) -> dict[str, Any]:
        return {"log": [interrupt("q")]}

    async def both(state: Log) -> dict[str, Any]:
        async with asyncio.TaskGroup() as group:
            group.create_task(node(state))
        return {}

    asked = ids(await chain(storage, ("n", both)).ainvoke({"log": []}, config))
    assert list(asked) == ["q"]
    assert await chain(storage, ("n", node)).ainvoke(Command(resume="a"), config) == {"log": ["a"]}
