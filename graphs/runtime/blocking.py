"""The blocking twins of what is awaited: `invoke` of `ainvoke`, for scripts, notebooks and plain `def` nodes.

A twin waits in its thread while the awaited one runs in an event loop: in a node, that of the run, as a part of the
node; of a graph with a checkpointer, the one in which the storage was opened; else the process's own. It has the
signature of the awaited one, and is made of it here, once.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from graphs.runtime import places
from graphs.runtime.frames import current_frame
from storage import Storage
from storage.blocking import NOTHING, background_loop, iterate, refuse_in_loop, run


class Runs(Protocol):
    """What has twins: something that runs threads of a storage, or none."""

    @property
    def checkpointer(self) -> object: ...


G = TypeVar("G", bound=Runs)
P = ParamSpec("P")
T = TypeVar("T")


def blocking(method: Callable[Concatenate[G, P], Coroutine[Any, Any, T]]) -> Callable[Concatenate[G, P], T]:
    """The twin of a coroutine method: it returns what that returns.

    Raises `RuntimeError` at once in a running event loop, and the method's own errors with their tracebacks. Ctrl-C
    cancels the call.
    """

    def twin(graph: G, *args: P.args, **kwargs: P.kwargs) -> T:
        refuse_in_loop(_named(twin), f"await {_named(method)}")
        return run(_loop_for(graph), _of(graph, method)(*args, **kwargs), places.here() or NOTHING)

    return _as_twin(twin, method)


def blocking_iterator(
    method: Callable[Concatenate[G, P], AsyncIterator[T]],
) -> Callable[Concatenate[G, P], Generator[T, None, None]]:
    """The twin of an asynchronous generator: a generator, that ends the awaited one when it is closed."""

    def twin(graph: G, *args: P.args, **kwargs: P.kwargs) -> Generator[T, None, None]:
        refuse_in_loop(_named(twin), f"async for ... in {_named(method)}")
        return iterate(_loop_for(graph), _of(graph, method)(*args, **kwargs), places.here() or NOTHING)

    return _as_twin(twin, method)


def _loop_for(graph: Runs) -> asyncio.AbstractEventLoop:
    if (frame := current_frame.get()) is not None:
        return frame.session.loop
    storage = graph.checkpointer
    return storage.loop if isinstance(storage, Storage) else background_loop()


def _of(graph: object, method: Callable[..., Any]) -> Callable[..., Any]:
    """The graph's own method of that name: a class below may have another."""
    return getattr(graph, method.__name__)


def _named(method: Callable[..., Any]) -> str:
    return f"graph.{method.__name__}(...)"


F = TypeVar("F", bound=Callable[..., Any])


def _as_twin(twin: F, method: Callable[..., Any]) -> F:
    functools.update_wrapper(twin, method)
    twin.__name__ = method.__name__.removeprefix("a")
    twin.__qualname__ = f"{method.__qualname__.removesuffix(method.__name__)}{twin.__name__}"
    twin.__doc__ = f"The blocking twin of `{method.__name__}`.\n\n{method.__doc__}"
    return twin
