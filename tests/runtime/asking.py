"""Small graphs that ask, for tests of what happens between a question and its answer."""

import asyncio
import operator
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypedDict

import pytest

from graphs import START, StateGraph, interrupt
from graphs.runtime.compiled import CompiledGraph
from storage import Storage


class Log(TypedDict):
    log: Annotated[list[Any], operator.add]


def asks(name: str, runs: list[str] | None = None, **options: Any) -> Callable[[Log], dict[str, Any]]:
    """A node that asks its name and logs `name=answer`; `runs` hears of every time it begins."""

    def node(state: Log) -> dict[str, Any]:
        if runs is not None:
            runs.append(name)
        return {"log": [f"{name}={interrupt(name, **options)!r}"]}

    return node


def logs(name: str, runs: list[str] | None = None) -> Callable[[Log], dict[str, Any]]:
    def node(state: Log) -> dict[str, Any]:
        if runs is not None:
            runs.append(name)
        return {"log": [name]}

    return node


def chain(storage: Storage | bool | None, *nodes: tuple[str, Callable[..., Any]], **options: Any) -> CompiledGraph:
    """Nodes one after the other."""
    builder = StateGraph(Log)
    previous = START
    for name, node in nodes:
        builder.add_node(name, node).add_edge(previous, name)
        previous = name
    return builder.compile(storage, **options)


def fan(storage: Storage, *nodes: tuple[str, Callable[..., Any]], then: Any = None, **options: Any) -> CompiledGraph:
    """Nodes side by side, joined by `then`."""
    builder = StateGraph(Log)
    for name, node in nodes:
        builder.add_node(name, node).add_edge(START, name)
    if then is not None:
        builder.add_node("then", then).add_edge([name for name, _ in nodes], "then")
    return builder.compile(storage, **options)


def ids(result: dict[str, Any]) -> dict[Any, str]:
    """The waiting questions of a result: payload → id."""
    return {question.value: question.id for question in result["__interrupt__"]}


async def cut_off(run: Coroutine[Any, Any, None], begun: asyncio.Event) -> None:
    """Cancel a run once what it is to be cut off in has begun."""
    process = asyncio.create_task(run)
    await begun.wait()
    process.cancel()
    with pytest.raises(asyncio.CancelledError):
        await process
