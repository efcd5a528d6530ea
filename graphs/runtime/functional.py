"""`@task` and `@entrypoint`: a durable flow written as one function."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypedDict, TypeVar

from graphs.errors import InterruptMisused
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.graph import StateGraph
from graphs.runtime.questions import current_frame, perform
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
        frame = current_frame.get()
        if frame is None:
            raise InterruptMisused(
                f"task {fn.__name__!r} was called outside a flow; call it in an @entrypoint or a node"
            )
        inner = frame.within(f"task {fn.__name__}")

        async def run() -> R:
            token = current_frame.set(inner)
            try:
                return await perform("result", lambda: _call(fn, *args, **kwargs), repeatable=True)
            finally:
                current_frame.reset(token)

        return run()

    return start


async def _call(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    if inspect.iscoroutinefunction(fn):
        return await fn(*args, **kwargs)
    return await asyncio.to_thread(fn, *args, **kwargs)


class Flow:
    """A function as a graph of one node: `ainvoke(x, config)` gives what the function returns."""

    def __init__(self, graph: CompiledGraph) -> None:
        self.graph = graph
        self.aget_state = graph.aget_state
        self.aget_state_history = graph.aget_state_history
        self.aanswer = graph.aanswer
        self.astream = graph.astream

    async def ainvoke(self, input: Any, config: Config | None = None, **options: Any) -> Any:  # noqa: A002
        """What the flow returns; {"__interrupt__": [...]} while it waits."""
        as_is = input is None or isinstance(input, Command)
        result = await self.graph.ainvoke(input if as_is else {INPUT: input}, config, **options)
        return {INTERRUPT: result[INTERRUPT]} if INTERRUPT in result else result.get(OUTPUT)


def entrypoint(checkpointer: Storage | None = None) -> Callable[[Callable[..., Any]], Flow]:
    """Make a function of one argument a durable flow. It may also take `runtime` and `config`."""

    def decorate(fn: Callable[..., Any]) -> Flow:
        signature = inspect.signature(fn)

        async def body(state: dict[str, Any], runtime: Any, config: Any) -> dict[str, Any]:
            offered = {"runtime": runtime, "config": config}
            extras = {name: value for name, value in offered.items() if name in signature.parameters}
            return {OUTPUT: await _call(fn, state[INPUT], **extras)}

        graph = StateGraph(_FlowState).add_node(fn.__name__, body).add_edge(START, fn.__name__)
        graph.add_edge(fn.__name__, END)
        return Flow(graph.compile(checkpointer, name=fn.__name__))

    return decorate
