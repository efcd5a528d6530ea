"""Row D12 of docs/behaviour.md: `@task` and `@entrypoint`."""

import asyncio
from typing import Any

import pytest

from graphs import Command, entrypoint, interrupt, task
from graphs.errors import InterruptMisused
from graphs.runtime.types import Config
from storage import Storage
from tests.runtime.asking import ids


async def test_D12_a_finished_task_is_served_from_storage(storage: Storage, config: Config):
    runs: list[str] = []

    @task
    async def write(topic: str) -> str:
        runs.append(topic)
        return f"an essay about {topic}"

    @entrypoint(checkpointer=storage)
    async def flow(topic: str) -> dict[str, Any]:
        essay = await write(topic)
        return {"essay": essay, "approved": interrupt({"review": essay})}

    (question,) = (await flow.ainvoke("cats", config))["__interrupt__"]
    assert question.value == {"review": "an essay about cats"}
    result = await flow.ainvoke(Command(resume=True), config)
    assert result == {"essay": "an essay about cats", "approved": True}
    assert runs == ["cats"]


async def test_D12_calls_are_matched_by_name_and_order(storage: Storage, config: Config):
    runs: list[int] = []

    @task
    def double(n: int) -> int:
        runs.append(n)
        return 2 * n

    @entrypoint(checkpointer=storage)
    async def flow(numbers: list[int]) -> list[int]:
        doubled = [await double(n) for n in numbers]
        doubled += await asyncio.gather(*(double(n) for n in numbers))
        interrupt("go on?")
        return doubled

    await flow.ainvoke([1, 2], config)
    assert await flow.ainvoke(Command(resume="yes"), config) == [2, 4, 2, 4]
    assert sorted(runs) == [1, 1, 2, 2]


async def test_D12_a_task_that_failed_runs_again_and_what_finished_does_not(storage: Storage, config: Config):
    runs: list[str] = []

    @task
    async def first() -> str:
        runs.append("first")
        return "first"

    @task
    async def second() -> str:
        runs.append("second")
        if runs.count("second") == 1:
            raise LookupError("once")
        return "second"

    @entrypoint(checkpointer=storage)
    async def flow(_: Any) -> list[str]:
        return [await first(), await second()]

    with pytest.raises(LookupError):
        await flow.ainvoke("go", config)
    assert await flow.ainvoke(None, config) == ["first", "second"]
    assert runs == ["first", "second", "second"]


async def test_D12_a_task_asks_within_a_task(storage: Storage, config: Config):
    @task
    async def inner() -> Any:
        return interrupt("inner")

    @task
    async def outer() -> list[Any]:
        return [await inner(), interrupt("outer")]

    @entrypoint(checkpointer=storage)
    async def flow(_: Any) -> list[Any]:
        return await outer()

    assert set(ids(await flow.ainvoke("go", config))) == {"inner"}
    assert set(ids(await flow.ainvoke(Command(resume=1), config))) == {"outer"}
    assert await flow.ainvoke(Command(resume=2), config) == [1, 2]


async def test_D12_the_flow_takes_runtime_and_streams(storage: Storage, config: Config):
    @entrypoint(checkpointer=storage)
    async def flow(name: str, runtime: Any) -> str:
        runtime.stream_writer("working")
        return f"{runtime.context} {name}"

    chunks = [chunk async for chunk in flow.astream("Ana", config, stream_mode=["custom", "updates"], context="hello")]
    assert chunks == [("custom", "working"), ("updates", {"flow": "hello Ana"})]


async def test_D12_a_second_input_is_a_flow_of_its_own(storage: Storage, config: Config):
    runs: list[int] = []

    @task
    async def note(n: int) -> int:
        runs.append(n)
        return n

    @entrypoint(checkpointer=storage)
    async def flow(n: int) -> int:
        return await note(n)

    assert await flow.ainvoke(1, config) == 1
    assert await flow.ainvoke(2, config) == 2
    assert runs == [1, 2]


async def test_D12_without_a_checkpointer_a_flow_just_runs():
    @task
    def double(n: int) -> int:
        return 2 * n

    @entrypoint()
    async def flow(n: int) -> int:
        return await double(n)

    assert await flow.ainvoke(4) == 8


def test_D12_a_task_outside_a_flow_says_so():
    @task
    async def lost() -> None:
        """Nowhere to be kept."""

    with pytest.raises(InterruptMisused, match="task 'lost' was called outside a node"):
        lost()
