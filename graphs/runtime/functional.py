"""`@task` and `@entrypoint`: a durable flow written as one function."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypedDict, TypeVar, cast

from graphs.runtime.calling import invoke
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.effects import perform_in
from graphs.runtime.frames import frame_of
from graphs.runtime.graph import StateGraph
from graphs.runtime.types import END, INTERRUPT, START, Command, Config
from storage import Storage

P = ParamSpec("P")
R = TypeVar("R")

INPUT = "input"
OUTPUT = "output"


class _FlowState(TypedDict, total=False):
    input: Any
    output: Any


def task(fn: Callable[P, Awaitable[R] | R]) -> Callable[P, Coroutine[Any, Any, R]]:
    """A step of a flow. Its result is stored when it finishes; when the flow runs again it is served from there.

    Calls are matched by the function's name and their order. Await it, or gather several.
    """

    @functools.wraps(fn)
    def start(*args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
        outer = frame_of(f"task {fn.__name__!r}")
        key = outer.numbered(f"task {fn.__name__}")
        return perform_in(outer, key, lambda: invoke(fn, *args, **kwargs), repeatable=True)

    return start


class Flow:
    """A function as a graph of one node: `ainvoke(x, config)` gives what the function returns."""

    def __init__(self, graph: CompiledGraph) -> None:
        self.graph = graph
        self.aget_state = graph.aget_state
        self.aget_state_history = graph.aget_state_history
        self.aanswer = graph.aanswer

    async def ainvoke(self, input: Any, config: Config | None = None, **options: Any) -> Any:  # noqa: A002
        """What the flow returns; {"__interrupt__": [...]} while it waits."""
        result = await self.graph.ainvoke(_given(input), config, **options)
        return {INTERRUPT: result[INTERRUPT]} if INTERRUPT in result else result.get(OUTPUT)

    def astream(self, input: Any, config: Config | None = None, **options: Any) -> AsyncIterator[Any]:  # noqa: A002
        """As `CompiledGraph.astream`; the flow is its one node."""
        return self.graph.astream(_given(input), config, **options)


def _given(input: Any) -> Any:  # noqa: A002
    if input is None or isinstance(input, Command):
        return cast("Any", input)
    return {INPUT: input}


def entrypoint(checkpointer: Storage | None = None) -> Callable[[Callable[..., Any]], Flow]:
    """Make a function of one argument a durable flow. It may also take `runtime` and `config`."""

    def decorate(fn: Callable[..., Any]) -> Flow:
        signature = inspect.signature(fn)

        async def body(state: dict[str, Any], runtime: Any, config: Any) -> dict[str, Any]:
            offered = {"runtime": runtime, "config": config}
            extras = {name: value for name, value in offered.items() if name in signature.parameters}
            return {OUTPUT: await invoke(fn, state[INPUT], **extras)}

        graph = StateGraph(_FlowState).add_node(fn.__name__, body).add_edge(START, fn.__name__)
        graph.add_edge(fn.__name__, END)
        return Flow(graph.compile(checkpointer, name=fn.__name__))

    return decorate
