"""What listens to the streams of a graph."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config


async def all_of(graph: CompiledGraph, given: Any, config: Config, **options: Any) -> list[Any]:
    return [chunk async for chunk in graph.astream(given, config, **options)]


async def until_it_raises(stream: AsyncIterator[Any]) -> list[Any]:
    """What comes before it raises a `ValueError`."""
    found: list[Any] = []
    try:
        async for chunk in stream:
            found += [chunk]
    except ValueError:
        return found
    raise AssertionError("it ended")


def questions(chunk: Any) -> list[Any]:
    """The payloads of the questions in a chunk of any mode."""
    told: Any = chunk[0] if isinstance(chunk, tuple) else chunk
    return [question.value for question in told.get("__interrupt__", ())] if isinstance(told, Mapping) else []
