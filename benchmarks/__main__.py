"""Runs every benchmark once and prints a line for each: what was done, and the median and the slowest of its times."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypedDict

from graphs import END, START, Command, StateGraph, add_messages, interrupt
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage, open_storage

Benchmark = Callable[[Storage], AsyncIterator[float]]

TURNS = 200


class Conversation(TypedDict):
    messages: Annotated[list[dict[str, Any]], add_messages]


async def first_turns(storage: Storage) -> AsyncIterator[float]:
    """One turn in a new thread: input, one node, end."""
    graph = _echo(storage)
    for number in range(TURNS):
        yield await _timed(graph.ainvoke(_said(0), _thread(f"first {number}")))


async def warm_turns(storage: Storage) -> AsyncIterator[float]:
    """One more turn in the same thread, up to 200 turns long."""
    graph = _echo(storage)
    for number in range(TURNS):
        yield await _timed(graph.ainvoke(_said(number), _thread("warm")))


async def pauses(storage: Storage) -> AsyncIterator[float]:
    """A turn that asks and waits."""
    graph = _asking(storage)
    for number in range(TURNS):
        yield await _timed(graph.ainvoke(_said(0), _thread(f"pause {number}")))


async def resumes(storage: Storage) -> AsyncIterator[float]:
    """An answer, and the rest of the turn."""
    graph = _asking(storage)
    for number in range(TURNS):
        config = _thread(f"resume {number}")
        await graph.ainvoke(_said(0), config)
        yield await _timed(graph.ainvoke(Command(resume="yes"), config))


async def crowds(storage: Storage) -> AsyncIterator[float]:
    """Fifty threads at once, one turn each; the time of all fifty."""
    graph = _echo(storage)
    for number in range(10):
        threads = [_thread(f"crowd {number} {one}") for one in range(50)]
        yield await _timed(asyncio.gather(*[graph.ainvoke(_said(0), each) for each in threads]))


BENCHMARKS: tuple[Benchmark, ...] = (first_turns, warm_turns, pauses, resumes, crowds)


async def main() -> None:
    print(f"{'':58} {'median':>9} {'slowest':>9}")
    for benchmark in BENCHMARKS:
        with tempfile.TemporaryDirectory() as folder:
            async with open_storage(f"sqlite:///{Path(folder) / 'bench.db'}") as storage:
                times = [each async for each in benchmark(storage)]
        what = (benchmark.__doc__ or benchmark.__name__).rstrip(".")
        print(f"{what:58} {statistics.median(times) * 1000:6.1f} ms {max(times) * 1000:6.1f} ms")
    print(await _bytes())


async def _bytes() -> str:
    """What a thread of 100 turns costs on disk, for each turn."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        async with open_storage(f"sqlite:///{path}") as storage:
            graph = _echo(storage)
            empty = path.stat().st_size
            for number in range(100):
                await graph.ainvoke(_said(number), _thread("bytes"))
        return f"{'Bytes on disk for a turn of two short messages':58} {(path.stat().st_size - empty) // 100:6}"


async def _timed(work: Awaitable[Any]) -> float:
    begin = time.perf_counter()
    await work
    return time.perf_counter() - begin


def _echo(storage: Storage) -> CompiledGraph:
    async def reply(state: Conversation) -> dict[str, Any]:
        return {"messages": {"role": "assistant", "content": "Yes."}}

    return StateGraph(Conversation).add_node(reply).add_edge(START, "reply").add_edge("reply", END).compile(storage)


def _asking(storage: Storage) -> CompiledGraph:
    async def ask(state: Conversation) -> dict[str, Any]:
        return {"messages": {"role": "assistant", "content": interrupt("Shall I?")}}

    return StateGraph(Conversation).add_node(ask).add_edge(START, "ask").add_edge("ask", END).compile(storage)


def _said(number: int) -> dict[str, Any]:
    return {"messages": {"role": "user", "content": f"Message {number}"}}


def _thread(name: str) -> Config:
    return {"configurable": {"thread_id": name}}


if __name__ == "__main__":
    asyncio.run(main())
