"""Row D7 of docs/behaviour.md: a question passes the node's own error handling, in groups too, or is missed aloud."""

import asyncio
import inspect
from typing import Any

import pytest

from graphs import Command, interrupt, once, task
from graphs.errors import InterruptMisused
from graphs.runtime.types import Config
from storage import Storage
from storage.ids import ThreadId
from tests.runtime.asking import Log, chain, fan, ids
from tests.support.rows import claims_of, questions_of
from tests.support.waiting import until


def line_of(text: str, fn: Any) -> str:
    """`file:line` of the line with this text in a function."""
    lines, first = inspect.getsourcelines(fn)
    return f"{__file__}:{first + next(n for n, line in enumerate(lines) if text in line)}"


async def asked(storage: Storage, number: int) -> bool:
    return len(await storage.interrupts()) == number


async def test_D7_except_exception_does_not_swallow_and_finally_runs(storage: Storage, config: Config):
    seen: list[str] = []

    def node(state: Log) -> dict[str, Any]:
        try:
            return {"log": [interrupt("q")]}
        except Exception:  # noqa: BLE001 - the mistake that must do no harm
            seen.append("swallowed")
            return {"log": ["swallowed"]}
        finally:
            seen.append("finally")

    graph = chain(storage, ("n", node))
    assert set(ids(await graph.ainvoke({"log": []}, config))) == {"q"}
    assert await graph.ainvoke(Command(resume=1), config) == {"log": [1]}
    assert seen == ["finally", "finally"]


async def ask(name: str) -> Any:
    await asyncio.sleep(0)
    return interrupt(name)


async def work(seen: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        seen.append("ended")


async def test_D7_in_a_task_group_the_question_comes_through(storage: Storage, config: Config):
    seen: list[str] = []

    async def node(state: Log) -> dict[str, Any]:
        try:
            async with asyncio.TaskGroup() as group:
                answer = group.create_task(ask("q"))
                if not seen:
                    group.create_task(work(seen))
        except Exception as error:  # noqa: BLE001 - the mistake that must do no harm
            return {"log": [f"swallowed {error!r}"]}
        return {"log": [answer.result()]}

    graph = chain(storage, ("n", node))
    assert set(ids(await graph.ainvoke({"log": []}, config))) == {"q"}
    assert seen == ["ended"]
    assert await graph.ainvoke(Command(resume=1), config) == {"log": [1]}


async def test_D7_in_nested_task_groups_and_within_once(storage: Storage, config: Config):
    async def effect() -> Any:
        async with asyncio.TaskGroup() as outer, asyncio.TaskGroup() as inner:
            outer.create_task(asyncio.sleep(0))
            answer = inner.create_task(ask("q"))
        return answer.result()

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await once("effect", effect)]}

    graph = chain(storage, ("n", node))
    assert set(ids(await graph.ainvoke({"log": []}, config))) == {"q"}
    assert await graph.ainvoke(Command(resume=1), config) == {"log": [1]}


async def test_D7_in_gather_the_question_comes_through(storage: Storage, config: Config):
    async def node(state: Log) -> dict[str, Any]:
        try:
            return {"log": await asyncio.gather(ask("q"), ask("r"))}
        except Exception as error:  # noqa: BLE001 - the mistake that must do no harm
            return {"log": [f"swallowed {error!r}"]}

    graph = chain(storage, ("n", node))
    asked = ids(await graph.ainvoke({"log": []}, config))
    assert set(asked) == {"q", "r"}
    result = await graph.ainvoke(Command(resume={asked["q"]: 1, asked["r"]: 2}), config)
    assert result == {"log": [1, 2]}


async def test_D7_an_error_beside_the_question_is_the_nodes_error(storage: Storage, config: Config):
    async def fail() -> None:
        raise LookupError("broken")

    async def node(state: Log) -> dict[str, Any]:
        async with asyncio.TaskGroup() as group:
            group.create_task(ask("q"))
            await asyncio.sleep(0)
            group.create_task(fail())
        return {}

    graph = chain(storage, ("n", node))
    with pytest.raises(ExceptionGroup) as error:
        await graph.ainvoke({"log": []}, config)
    assert error.group_contains(LookupError, match="broken")


async def test_D7_one_that_a_node_swallowed_is_an_error_that_says_where(storage: Storage, config: Config):
    def node(state: Log) -> dict[str, Any]:
        try:
            return {"log": [interrupt("here")]}
        except:  # noqa: E722 - the mistake that is to be found
            return {"log": ["went on"]}

    graph = chain(storage, ("careless", node))
    with pytest.raises(InterruptMisused) as error:
        await graph.ainvoke({"log": []}, config)
    assert "node 'careless' swallowed the question" in str(error.value)
    assert line_of('interrupt("here")', node) in str(error.value)
    assert await storage.interrupts(status=None) == []
    assert (await graph.aget_state(config)).values == {"log": []}


async def test_D7_one_that_a_task_or_an_effect_swallowed_is_an_error_that_says_where(storage: Storage):
    def swallow() -> str:
        try:
            return interrupt("here")
        except BaseException:  # noqa: BLE001 - the mistake that is to be found
            return "went on"

    @task
    async def step() -> str:
        return swallow()

    async def in_task(state: Log) -> dict[str, Any]:
        return {"log": [await step()]}

    async def in_effect(state: Log) -> dict[str, Any]:
        return {"log": [await once("effect", swallow)]}

    for name, node in (("task 'step'", in_task), ("once('effect')", in_effect)):
        graph = chain(storage, ("n", node))
        config: Config = {"configurable": {"thread_id": name}}
        for given in ({"log": []}, None):  # and again: what it returned instead was not kept
            with pytest.raises(InterruptMisused, match="swallowed the question") as error:
                await graph.ainvoke(given, config)
            assert line_of('interrupt("here")', swallow) in str(error.value)


async def test_D7_nothing_is_asked_or_begun_by_what_a_node_left_behind(storage: Storage, config: Config):
    go_on, left = asyncio.Event(), asyncio.Semaphore(0)
    begun: list[str] = []

    async def straggler(late: Any) -> None:
        try:
            await go_on.wait()
            begun.append(await late())
        finally:
            left.release()

    async def ask_late() -> Any:
        return interrupt("late")

    async def node(state: Log) -> dict[str, Any]:
        late = [straggler(ask_late), straggler(lambda: once("late", str)), straggler(task(ask_late))]
        return {"log": await asyncio.gather(*late, ask("q"))}

    async def sibling(state: Log) -> None:
        """Keeps the run at work until the stragglers are gone."""
        for _ in range(3):
            await asyncio.wait_for(left.acquire(), 10)

    graph = fan(storage, ("n", node), ("sibling", sibling))
    run = asyncio.create_task(graph.ainvoke({"log": []}, config))
    await until(lambda: asked(storage, 1), "a question")
    go_on.set()
    assert set(ids(await run)) == {"q"}
    assert begun == []
    assert await storage.read(lambda db: claims_of(db, ThreadId("t1"))) == []


async def test_D7_an_effect_beside_a_question_ends_before_the_task_pauses(storage: Storage, config: Config):
    unwound, go_on = asyncio.Event(), asyncio.Event()
    mails: list[str] = []

    async def send() -> str:
        await asyncio.wait_for(go_on.wait(), 10)
        mails.append("sent")
        return "sent"

    async def question() -> Any:
        try:
            return interrupt("q")
        finally:
            unwound.set()

    async def node(state: Log) -> dict[str, Any]:
        return {"log": await asyncio.gather(once("mail", send), question())}

    graph = chain(storage, ("n", node))
    run = asyncio.create_task(graph.ainvoke({"log": []}, config))
    await unwound.wait()
    for _ in range(5):  # in the queue behind what the run would write
        assert await storage.write(lambda db: questions_of(db, ThreadId("t1"))) == []
    go_on.set()
    assert set(ids(await run)) == {"q"}
    assert mails == ["sent"]
    assert await graph.ainvoke(Command(resume=1), config) == {"log": ["sent", 1]}
    assert mails == ["sent"]
