"""Row L6 of docs/behaviour.md: a `@task` begins when it is called, and its future can be had in every way."""

import asyncio
import concurrent.futures
import functools
import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from graphs import START, Command, RetryPolicy, Send, StateGraph, entrypoint, interrupt, once, task
from graphs.errors import InterruptMisused, InvalidUpdateError, LeftOut, NodeTimeoutError, QuestionChanged
from graphs.runtime import places
from graphs.runtime.types import Config
from storage import Storage
from storage.ids import ThreadId
from tests.runtime.asking import Log, chain, ids
from tests.support.rows import claims_of
from tests.support.sqlite import engine_of
from tests.support.waiting import until

durable = pytest.mark.parametrize("durable", [True, False], ids=["stored", "nothing stored"])


async def test_L6_a_task_begins_when_it_is_called(storage: Storage, config: Config) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    @task
    async def slow() -> str:
        begun.set()
        await go_on.wait()
        return "slow"

    @entrypoint(storage)
    async def flow(_: str) -> str:
        future = slow()
        await begun.wait()  # nobody has awaited it
        assert not future.done()
        go_on.set()
        return await future

    assert await flow.ainvoke("x", config) == "slow"


@durable
async def test_L6_in_a_plain_flow_results_are_waited_for(storage: Storage, config: Config, durable: bool) -> None:
    both = threading.Barrier(2)

    @task
    def double(n: int) -> int:
        both.wait(20)  # they run side by side
        return 2 * n

    @task
    async def plus(a: int, *, b: int) -> int:
        return a + b

    @entrypoint(storage if durable else None)
    def flow(numbers: list[int]) -> dict[str, Any]:
        futures = [double(n) for n in numbers]
        doubled = [future.result() for future in futures]
        total = plus(doubled[0], b=doubled[1])
        return {"total": total.result(), "done": total.done(), "error": total.exception()}

    assert await flow.ainvoke([1, 2], config) == {"total": 6, "done": True, "error": None}


async def test_L6_in_an_async_flow_the_result_of_an_unfinished_one_is_refused_at_once(
    storage: Storage, config: Config
) -> None:
    @task
    async def one() -> int:
        return 1

    @entrypoint(storage)
    async def flow(_: str) -> list[int]:
        future = one()
        for ask in (future.result, future.exception):
            with pytest.raises(asyncio.InvalidStateError, match="await it"):
                ask()
        return [await future, future.result(), await future]

    assert await flow.ainvoke("x", config) == [1, 1, 1]


async def test_L6_the_futures_go_with_what_takes_futures(storage: Storage, config: Config) -> None:
    @task
    async def same(n: int) -> int:
        return n

    @entrypoint(storage)
    async def flow(_: str) -> list[Any]:
        gathered = await asyncio.gather(*(same(n) for n in (1, 2)))
        waited: list[Any] = [same(3), same(4)]
        done, _pending = await asyncio.wait(waited)
        in_order = [await each for each in asyncio.as_completed([same(5)])]
        threaded = await asyncio.to_thread(same(6).result)
        return [gathered, sorted(each.result() for each in done), in_order, threaded, await asyncio.shield(same(7))]

    @entrypoint(storage)
    def plain(_: str) -> list[int]:
        futures: Any = [same(n) for n in (1, 2)]
        called: list[int] = []
        for future in futures:
            future.add_done_callback(lambda ended: called.append(ended.result()))
        found = sorted(each.result() for each in concurrent.futures.as_completed(futures))
        return [*found, *sorted(called)]

    assert await flow.ainvoke("x", config) == [[1, 2], [3, 4], [5], 6, 7]
    assert await plain.ainvoke("x", config) == [1, 2, 1, 2]


async def test_L6_what_a_coroutine_returns_to_be_awaited_is_awaited(config: Config) -> None:
    @task
    async def plus_one(n: int) -> int:
        return n + 1

    @entrypoint()
    async def flow(numbers: list[int]) -> Any:
        return asyncio.gather(*(plus_one(n) for n in numbers))

    assert await flow.ainvoke([1, 2, 3], config) == [2, 3, 4]


async def test_L6_with_brackets_and_without_and_under_names(storage: Storage, config: Config) -> None:
    class Tools:
        @task
        def method(self, n: int) -> int:
            return n

        def bound(self, n: int) -> int:
            return n

    class Callable_:  # noqa: N801
        def __call__(self, n: int) -> int:
            return n

    @task()
    async def empty(n: int) -> int:
        return n

    def named(n: int) -> int:
        return n

    tools = Tools()
    tasks = [
        empty,
        task(named),
        task(named, name="other"),
        task(name="third")(named),
        task(functools.partial(named)),
        task(Callable_()),
        tools.method,
        task(tools.bound, name="mine"),
    ]

    @entrypoint(storage)
    async def flow(n: int) -> list[int]:
        return [await each(n) for each in tasks]

    chunks = [chunk async for chunk in flow.astream(1, config)]
    assert [*map(list, chunks)] == [
        ["empty"],
        ["named"],
        ["other"],
        ["third"],
        ["named"],
        ["Callable_"],
        ["method"],
        ["mine"],
        ["flow"],
    ]


async def test_L6_tasks_in_tasks_and_in_nodes(storage: Storage, config: Config) -> None:
    runs: list[str] = []

    @task
    def inner(n: int) -> int:
        runs.append(f"inner {n}")
        return n + 1

    @task
    def plain(n: int) -> int:
        return inner(n).result() + inner(n).result()

    @task
    async def waits(n: int) -> int:
        return await inner(n) + await plain(n)

    def first(state: Log) -> dict[str, Any]:
        return {"log": [plain(1).result(), inner(5).result()]}

    async def second(state: Log) -> dict[str, Any]:
        return {"log": [await waits(2), interrupt("q")]}

    graph = chain(storage, ("first", first), ("second", second))
    chunks = [chunk async for chunk in graph.astream({"log": []}, config)]
    told = [(name, value) for chunk in chunks[:-1] for name, value in chunk.items()]
    assert told == [
        ("inner", 2),
        ("inner", 2),
        ("plain", 4),
        ("inner", 6),
        ("first", {"log": [4, 6]}),
        ("inner", 3),
        ("inner", 3),
        ("inner", 3),
        ("plain", 6),
        ("waits", 9),
    ]
    assert await graph.ainvoke(Command(resume="a"), config) == {"log": [4, 6, 9, "a"]}
    assert runs == ["inner 1", "inner 1", "inner 5", "inner 2", "inner 2", "inner 2"]


async def test_L6_many_plain_tasks_that_wait_for_tasks(storage: Storage, config: Config) -> None:
    """More than there are places for functions that block."""

    @task
    def inner(n: int) -> int:
        return n

    @task
    def outer(n: int) -> int:
        return inner(n).result()

    @entrypoint(storage)
    def flow(count: int) -> int:
        return sum(future.result() for future in [outer(n) for n in range(count)])

    assert await flow.ainvoke(40, config) == sum(range(40))
    await until(lambda: not places.are_busy(), "the threads to be idle")


@durable
async def test_L6_a_task_that_nobody_awaits_is_waited_for(storage: Storage, config: Config, durable: bool) -> None:
    ended: list[int] = []

    @task
    async def slow(n: int) -> int:
        await asyncio.sleep(0.01)
        ended.append(n)
        return n

    @entrypoint(storage if durable else None)
    async def flow(_: str) -> str:
        slow(1)
        return "returned"

    @entrypoint(storage if durable else None)
    def plain(_: str) -> str:
        slow(2)
        return "returned"

    assert [chunk async for chunk in flow.astream("x", config)] == [{"slow": 1}, {"flow": "returned"}]
    assert [chunk async for chunk in plain.astream("x", config)] == [{"slow": 2}, {"plain": "returned"}]
    assert ended == [1, 2]


@durable
@pytest.mark.parametrize("way", ["async", "def"])
async def test_L6_the_error_of_one_that_nobody_awaits_fails_the_flow(
    storage: Storage, config: Config, durable: bool, way: str
) -> None:
    armed = [True]

    @task
    async def fails() -> str:
        if armed:
            raise LookupError("lost")
        return "found"

    async def flow(_: str) -> str:
        fails()
        return "returned"

    def plain(_: str) -> str:
        fails()
        return "returned"

    made = entrypoint(storage if durable else None)(flow if way == "async" else plain)
    with pytest.raises(LookupError, match="lost"):
        await made.ainvoke("x", config)
    armed.clear()
    if durable:
        assert await made.ainvoke(None, config) == "returned"


async def test_L6_an_error_that_the_flow_has_seen_is_its_own_matter(storage: Storage, config: Config) -> None:
    @task
    async def fails(kind: str) -> str:
        raise LookupError(kind)

    @entrypoint(storage)
    async def flow(_: str) -> list[str]:
        seen: list[str] = []
        try:
            await fails("awaited")
        except LookupError as error:
            seen.append(str(error))
        seen += map(str, await asyncio.gather(fails("gathered"), return_exceptions=True))
        future: Any = fails("asked for")
        await asyncio.wait([future])
        seen.append(str(future.exception()))
        return seen

    @entrypoint(storage)
    def plain(_: str) -> str:
        return str(fails("asked for").exception())

    assert await flow.ainvoke("x", config) == ["awaited", "gathered", "asked for"]
    assert await plain.ainvoke("x", config) == "asked for"


@pytest.mark.parametrize("way", ["async", "def"])
async def test_L6_the_question_of_one_that_nobody_awaits_pauses_the_flow(
    storage: Storage, config: Config, way: str
) -> None:
    runs: list[str] = []

    @task
    def ask() -> Any:
        runs.append("ask")
        return interrupt("q")

    async def flow(_: str) -> str:
        runs.append("flow")
        ask()
        return "returned"

    def plain(_: str) -> str:
        runs.append("flow")
        ask()
        return "returned"

    made = entrypoint(storage)(flow if way == "async" else plain)
    assert list(ids(await made.ainvoke("x", config))) == ["q"]
    assert (await made.aget_state(config)).next == (made.name,)
    assert await made.ainvoke(Command(resume="a"), config) == "returned"
    assert runs == ["flow", "ask", "flow", "ask"]


async def test_L6_a_question_is_before_an_error_where_nobody_awaits_either(storage: Storage, config: Config) -> None:
    @task
    async def fails() -> None:
        raise LookupError("no")

    @task
    async def ask() -> Any:
        return interrupt("q")

    @entrypoint(storage)
    async def flow(_: str) -> str:
        fails()
        ask()
        return "returned"

    assert list(ids(await flow.ainvoke("x", config))) == ["q"]
    with pytest.raises(LookupError):
        await flow.ainvoke(Command(resume="a"), config)


async def test_L6_one_that_nobody_awaits_in_a_node_and_in_an_effect(storage: Storage, config: Config) -> None:
    @task
    def ask(what: str) -> Any:
        return interrupt(what)

    async def effect() -> str:
        ask("in an effect")
        return "effect"

    async def node(state: Log) -> dict[str, Any]:
        ask("in a node")
        return {"log": [await once("effect", effect)]}

    graph = chain(storage, ("n", node))
    asked = ids(await graph.ainvoke({"log": []}, config))
    assert set(asked) == {"in a node", "in an effect"}
    assert await graph.ainvoke(Command(resume=dict.fromkeys(asked.values(), 1)), config) == {"log": ["effect"]}


async def test_L6_a_question_of_a_task_that_the_flow_swallows_is_found(storage: Storage, config: Config) -> None:
    @task
    async def ask() -> Any:
        return interrupt("q")

    @entrypoint(storage)
    async def flow(_: str) -> str:
        with suppress(BaseException):  # the mistake that this is about
            await ask()
        return "returned"

    with pytest.raises(InterruptMisused, match=r"node 'flow' swallowed the question asked at .*test_flows_tasks"):
        await flow.ainvoke("x", config)


@pytest.mark.parametrize("way", ["async", "def"])
async def test_L6_questions_of_tasks_side_by_side_surface_together(storage: Storage, config: Config, way: str) -> None:
    runs: list[str] = []

    @task
    def ask(name: str) -> str:
        runs.append(name)
        return f"{name}={interrupt(name)}"

    @task
    def says(name: str) -> str:
        runs.append(name)
        return name

    async def flow(_: str) -> list[str]:
        return list(await asyncio.gather(ask("a"), says("s"), ask("b")))

    def plain(_: str) -> list[str]:
        return [future.result() for future in [ask("a"), says("s"), ask("b")]]

    made = entrypoint(storage)(flow if way == "async" else plain)
    asked = ids(await made.ainvoke("x", config))
    assert set(asked) == {"a", "b"}
    assert set(ids(await made.ainvoke(Command(resume={asked["b"]: 2}), config))) == {"a"}
    assert await made.ainvoke(Command(resume={asked["a"]: 1}), config) == ["a=1", "s", "b=2"]
    assert sorted(runs) == ["a", "a", "a", "b", "b", "s"]


async def test_L6_a_task_that_fails_beside_others(storage: Storage, config: Config) -> None:
    armed, runs = [True], list[str]()

    @task
    async def step(name: str) -> str:
        runs.append(name)
        if name == "bad" and armed:
            raise LookupError("bad")
        return name

    @entrypoint(storage)
    async def flow(_: str) -> list[str]:
        return list(await asyncio.gather(step("good"), step("bad"), step("other")))

    with pytest.raises(LookupError):
        await flow.ainvoke("x", config)
    armed.clear()
    assert await flow.ainvoke(None, config) == ["good", "bad", "other"]
    assert runs == ["good", "bad", "other", "bad"]


@pytest.mark.parametrize("way", ["async", "def"])
@pytest.mark.parametrize("several", [False, True])
async def test_L6_a_task_is_tried_again(storage: Storage, config: Config, way: str, several: bool) -> None:
    runs: list[str] = []
    quick = RetryPolicy(max_attempts=3, initial_interval=0, jitter=False, retry_on=LookupError)
    other = RetryPolicy(max_attempts=9, initial_interval=0, jitter=False, retry_on=ValueError)

    async def flaky() -> str:
        return plain()

    def plain() -> str:
        runs.append("run")
        if len(runs) < 3:
            raise LookupError("not yet")
        return f"answered {interrupt('q')}"

    fn: Any = flaky if way == "async" else plain
    flaky_task = task(name="flaky", retry_policy=(other, quick) if several else quick)(fn)

    @entrypoint(storage)
    async def flow(_: str) -> Any:
        return await flaky_task()

    assert list(ids(await flow.ainvoke("x", config))) == ["q"]  # and a question is none of an attempt
    assert await flow.ainvoke(Command(resume="yes"), config) == "answered yes"
    assert len(runs) == 4
    runs.clear()
    never = task(retry_policy=other)(plain)

    @entrypoint(storage)
    async def fails(_: str) -> str:
        return await never()

    with pytest.raises(LookupError):
        await fails.ainvoke("x", {"configurable": {"thread_id": "t2"}})
    assert len(runs) == 1


@pytest.mark.parametrize("timeout", [0.05, timedelta(milliseconds=50)])
@durable
async def test_L6_the_time_of_an_async_task_is_up(
    storage: Storage, config: Config, durable: bool, timeout: float | timedelta
) -> None:
    runs: list[str] = []

    @task(timeout=timeout, retry_policy=RetryPolicy(max_attempts=2, initial_interval=0, retry_on=NodeTimeoutError))
    async def slow() -> str:
        runs.append("begun")
        if len(runs) == 1:
            try:
                await asyncio.Event().wait()
            finally:
                runs.append("cancelled")
        return "in time"

    @entrypoint(storage if durable else None)
    async def flow(_: str) -> str:
        return await slow()

    assert await flow.ainvoke("x", config) == "in time"
    assert runs == ["begun", "cancelled", "begun"]


async def test_L6_the_time_of_a_plain_task_is_up_and_its_thread_asks_and_begins_nothing_more(
    storage: Storage, config: Config
) -> None:
    go_on, seen = threading.Event(), list[str]()

    @task
    def inner() -> str:
        seen.append("inner")
        return "inner"

    def late() -> None:
        try:
            interrupt("late")
        except BaseException as error:  # noqa: BLE001 - it is looked at
            seen.append(type(error).__name__)
        try:
            inner()
        except BaseException as error:  # noqa: BLE001 - it is looked at
            seen.append(type(error).__name__)

    @task(timeout=0.05)
    def slow() -> None:
        assert go_on.wait(20)
        late()

    @entrypoint(storage)
    async def flow(_: str) -> str:
        try:
            await slow()
        except NodeTimeoutError:
            go_on.set()
            await until(lambda: not places.are_busy(), "the thread to end")
        return "gone on"

    assert await flow.ainvoke("x", config) == "gone on"
    assert seen == ["Paused", "Paused"]


async def test_L6_a_plain_task_waits_for_another_whose_time_is_up(storage: Storage, config: Config) -> None:
    cancelled, raised = asyncio.Event(), list[BaseException]()

    @task
    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    @task(timeout=0.05)
    def waits() -> None:
        try:
            endless().result()
        except BaseException as error:
            raised.append(error)
            raise

    @entrypoint(storage)
    async def flow(_: str) -> str:
        with pytest.raises(NodeTimeoutError, match="'waits' was still at work"):
            await waits()
        await until(lambda: bool(raised), "the thread to end")
        assert isinstance(raised[0], asyncio.CancelledError)
        return "gone on"

    assert await flow.ainvoke("x", config) == "gone on"
    assert cancelled.is_set()


@pytest.mark.parametrize("way", ["async", "def"])
async def test_L6_the_time_of_the_flow_ends_its_tasks(storage: Storage, config: Config, way: str) -> None:
    cancelled: list[str] = []

    @task
    async def endless(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(name)

    async def flow(_: str) -> None:
        endless("begun")
        await endless("awaited")

    def plain(_: str) -> None:
        endless("begun")
        endless("awaited").result()

    made = entrypoint(storage, timeout=0.2)(flow if way == "async" else plain)
    with pytest.raises(NodeTimeoutError):
        await made.ainvoke("x", config)
    assert sorted(cancelled) == ["awaited", "begun"]
    await until(lambda: not places.are_busy(), "the thread to end")


@pytest.mark.parametrize("way", ["async", "def"])
async def test_L6_cancelling_the_run_ends_its_tasks_and_they_run_again(
    storage: Storage, config: Config, way: str
) -> None:
    begun, runs = asyncio.Event(), list[str]()

    @task
    async def quick() -> str:
        runs.append("quick")
        return "quick"

    @task
    async def slow() -> str:
        runs.append("slow")
        if runs.count("slow") == 1:
            begun.set()
            await asyncio.Event().wait()
        return "slow"

    async def flow(_: str) -> list[str]:
        return [await quick(), await slow()]

    def plain(_: str) -> list[str]:
        return [quick().result(), slow().result()]

    made = entrypoint(storage)(flow if way == "async" else plain)
    running = asyncio.create_task(made.ainvoke("x", config))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await made.ainvoke(None, config) == ["quick", "slow"]
    assert runs == ["quick", "slow", "slow"]


async def test_L6_a_flow_that_failed_waits_for_its_tasks_and_cancelling_it_ends_them(
    storage: Storage, config: Config
) -> None:
    begun, cancelled = asyncio.Event(), list[str]()

    @task
    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append("endless")

    @entrypoint(storage)
    async def flow(_: str) -> None:
        endless()
        await begun.wait()
        raise LookupError("no")

    running = asyncio.create_task(flow.ainvoke("x", config))
    await begun.wait()
    done, _ = await asyncio.wait([running], timeout=0.1)
    assert not done
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert cancelled == ["endless"]


@pytest.mark.parametrize("way", ["async", "def"])
async def test_L6_a_flow_cancels_a_task(storage: Storage, config: Config, way: str) -> None:
    begun, cancelled = threading.Event(), list[int]()

    @task
    async def step(n: int) -> int:
        if n == 1:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.append(n)
        return n

    async def flow(_: str) -> list[Any]:
        futures = [step(n) for n in range(3)]
        await until(begun.is_set, "it to begin")
        assert futures[1].cancel()
        return [await futures[0], await futures[2], futures[0].cancel()]

    def plain(_: str) -> list[Any]:
        futures = [step(n) for n in range(3)]
        assert begun.wait(20)
        assert futures[1].cancel()
        with pytest.raises(concurrent.futures.CancelledError):
            futures[1].result()
        assert futures[1].cancelled()
        return [futures[0].result(), futures[2].result(), futures[0].cancel()]

    made = entrypoint(storage)(flow if way == "async" else plain)
    assert await made.ainvoke("x", config) == [0, 2, False]
    assert cancelled == [1]


async def test_L6_a_result_is_waited_for_no_longer_than_one_says(storage: Storage, config: Config) -> None:
    go_on = threading.Event()

    @task
    def slow() -> str:
        assert go_on.wait(20)
        return "slow"

    @entrypoint(storage)
    def flow(_: str) -> str:
        future = slow()
        with pytest.raises(TimeoutError):
            future.result(timeout=0.01)
        with pytest.raises(TimeoutError):
            future.exception(timeout=0.01)
        go_on.set()
        return future.result(timeout=20)

    assert await flow.ainvoke("x", config) == "slow"


async def test_L6_the_same_task_in_a_loop_with_questions_between(storage: Storage, config: Config) -> None:
    runs: list[int] = []

    @task
    def double(n: int) -> int:
        runs.append(n)
        return 2 * n

    @entrypoint(storage)
    def flow(_: str) -> list[Any]:
        found: list[Any] = []
        for n in (1, 1, 2):
            found += [double(n).result(), interrupt({"n": n})]
        return found

    given: Any = "x"
    for answer in "abc":
        assert "__interrupt__" in await flow.ainvoke(given, config)
        given = Command(resume=answer)
    assert await flow.ainvoke(given, config) == [2, "a", 2, "b", 4, "c"]
    assert runs == [1, 1, 2]


async def test_L6_a_task_that_asks_something_else_each_time(storage: Storage, config: Config) -> None:
    numbers = iter(range(9))

    @task
    def ask() -> Any:
        return interrupt(next(numbers))

    @entrypoint(storage)
    async def flow(_: str) -> Any:
        return await ask()

    await flow.ainvoke("x", config)
    await flow.ainvoke(Command(resume=1), config)
    with pytest.raises(QuestionChanged, match="'flow'"):
        await flow.ainvoke(Command(resume=1), config)


async def test_L6_what_cannot_be_stored_is_refused_at_the_task_that_returned_it(
    storage: Storage, config: Config
) -> None:
    class Odd:
        pass

    @task
    async def odd() -> Any:
        return Odd()

    @entrypoint(storage)
    async def flow(_: str) -> str:
        await odd()
        return "never"

    with pytest.raises(InvalidUpdateError, match="task 'odd' returned: a Odd that cannot be stored as JSON"):
        await flow.ainvoke("x", config)

    @entrypoint(storage)
    async def returns(_: str) -> Any:
        return Odd()

    with pytest.raises(InvalidUpdateError, match="entrypoint 'returns' returned: a Odd that cannot be stored"):
        await returns.ainvoke("x", {"configurable": {"thread_id": "t2"}})

    @entrypoint()
    async def free(_: str) -> Any:
        return await odd()

    assert isinstance(await free.ainvoke("x"), Odd)


@pytest.mark.sqlite
async def test_L6_a_task_costs_one_commit_and_none_when_it_is_served(storage: Storage, config: Config) -> None:
    @task
    async def step(n: int) -> int:
        return n

    @entrypoint(storage)
    async def flow(count: int) -> Any:
        for n in range(count):
            await step(n)
        return interrupt("q")

    async def commits(given: Any, name: str) -> int:
        statements: list[str] = []
        connection = engine_of(storage).connection
        await connection.set_trace_callback(statements.append)
        await flow.ainvoke(given, {"configurable": {"thread_id": name}})
        return statements.count("commit")

    few, many = await commits(1, "few"), await commits(6, "many")
    assert many - few == 5
    assert await commits(Command(resume=1), "few") == await commits(Command(resume=1), "many")
    rows = await storage.read(lambda db: claims_of(db, ThreadId("many")))
    assert [row.status for row in rows] == ["done"] * 6


def test_L6_what_is_left_out_of_tasks_says_so() -> None:
    with pytest.raises(LeftOut, match="cache_policy"):
        task(cache_policy=object())  # pyright: ignore[reportCallIssue, reportUnknownVariableType]
    with pytest.raises(ValueError, match="greater than 0"):
        task(timeout=0)
    with pytest.raises(TypeError, match="retry_policy"):
        task(retry_policy=[3])  # pyright: ignore[reportCallIssue, reportArgumentType]


async def test_L6_a_task_in_a_loop_of_its_own_says_what_to_do(storage: Storage, config: Config) -> None:
    @task
    async def one() -> int:
        return 1

    async def begins() -> int:
        return await one()

    @entrypoint(storage)
    def flow(_: str) -> int:
        return asyncio.run(begins())

    with pytest.raises(InterruptMisused, match=r"task 'one' was called in an event loop of its own .* \.result\(\)"):
        await flow.ainvoke("x", config)


async def test_L6_tasks_of_sent_nodes_are_each_their_own(storage: Storage, config: Config) -> None:
    runs: list[int] = []

    @task
    def double(n: int) -> int:
        runs.append(n)
        return 2 * n

    def node(state: dict[str, int]) -> dict[str, Any]:
        return {"log": [double(state["n"]).result(), interrupt(state["n"])]}

    builder = StateGraph(Log).add_node("n", node)
    builder.add_conditional_edges(START, lambda state: [Send("n", {"n": n}) for n in (1, 2)], ["n"])
    graph = builder.compile(storage)
    asked = ids(await graph.ainvoke({"log": []}, config))
    result = await graph.ainvoke(Command(resume={asked[1]: "a", asked[2]: "b"}), config)
    assert result == {"log": [2, "a", 4, "b"]}
    assert sorted(runs) == [1, 2]
