"""`@task` and `@entrypoint`: a durable flow written as one function."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ParamSpec, Protocol, TypeVar, get_args, get_origin, overload

from graphs.errors import InvalidGraph, LeftOut
from graphs.runtime import flow_state, left_out
from graphs.runtime.calling import invoke
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.context_schema import ContextSchema
from graphs.runtime.declared import Form, hints_of
from graphs.runtime.flow_state import INPUT, Final, FlowSchema, FlowSurface
from graphs.runtime.flow_tasks import TaskFunction
from graphs.runtime.futures import TaskFuture
from graphs.runtime.program import Node, Program, Topology
from graphs.runtime.retrying import Retries, Timeout, policies, seconds
from graphs.runtime.types import END, START
from storage import Storage

P = ParamSpec("P")
R = TypeVar("R")


class TaskDecorator(Protocol):
    """`@task(...)`, before it has its function."""

    @overload
    def __call__(self, fn: Callable[P, Awaitable[R]], /) -> Callable[P, TaskFuture[R]]: ...
    @overload
    def __call__(self, fn: Callable[P, R], /) -> Callable[P, TaskFuture[R]]: ...


@overload
def task(
    fn: Callable[P, Awaitable[R]],
    /,
    *,
    name: str | None = None,
    retry_policy: Retries = None,
    timeout: Timeout = None,
) -> Callable[P, TaskFuture[R]]: ...
@overload
def task(
    fn: Callable[P, R],
    /,
    *,
    name: str | None = None,
    retry_policy: Retries = None,
    timeout: Timeout = None,
) -> Callable[P, TaskFuture[R]]: ...
@overload
def task(
    fn: None = None,
    /,
    *,
    name: str | None = None,
    retry_policy: Retries = None,
    timeout: Timeout = None,
) -> TaskDecorator: ...
def task(
    fn: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    retry_policy: Retries = None,
    timeout: Timeout = None,
    **more: Any,
) -> Any:
    """A step of a flow, or of a node. It begins when it is called, and gives a future: await it, gather several, or in
    a plain `def` ask for its `result()`.

    Its result is stored when it ends; when the code around it runs again, it is served from there. Calls are matched by
    the task's name and their order. The result is what its JSON gives in the type that the function declares to return,
    at once and after a restart; without a checkpointer it is the result itself.

    `timeout` is in seconds, or a timedelta, for one attempt: an `async def` is cancelled then, a `def` goes on in its
    thread and nobody waits for it. Of a retry_policy of several the first that applies to an error counts. A `config`,
    `runtime` or `writer` that a call leaves open is filled as a node's. A task that nobody awaits is waited for at the
    end of what began it: its question pauses that, its error fails it.
    """
    left_out.refuse("task", more)
    retries, limit = policies(retry_policy) or (), seconds(timeout)

    def decorate(fn: Callable[..., Any]) -> Callable[..., Any]:
        named = name or _name_of(fn)
        form = Form.of(f"task {named!r} returned", hints_of(fn).get("return", Any))
        made = TaskFunction(fn, named, form, retries, limit)

        @functools.wraps(fn)
        def begin(*args: Any, **kwargs: Any) -> Any:
            return made.begin(args, kwargs)

        return begin

    return decorate if fn is None else decorate(fn)


class entrypoint:  # noqa: N801 - a decorator
    """Make a function of one argument a durable flow: a compiled graph whose input is that argument, and whose result
    is what the function returns (`{"__interrupt__": [...]}` while it waits). `context_schema` is the class of the
    `context` that a caller passes; `retry_policy` and `timeout` are as for a task.

    It may also take `config`, `runtime` and `writer`, and `previous`: what the last finished run of the thread
    returned, None for the first. `entrypoint.final(value=, save=)` returns one thing and keeps another for that.

    What the function is given, returns and keeps are, with a checkpointer, of the types that it declares, and of JSON
    where it declares none or the value does not fit, the same before and after a restart. An input that makes no
    instance of the model or dataclass that is declared for it is refused.

    Raises `InvalidGraph` for a function without a parameter, `LeftOut` for a generator, and for a store and caches.
    """

    final = Final

    def __init__(
        self,
        checkpointer: Storage | bool | None = None,
        *,
        context_schema: Any = None,
        retry_policy: Retries = None,
        timeout: Timeout = None,
        **more: Any,
    ) -> None:
        left_out.refuse("entrypoint", more)
        if inspect.isroutine(checkpointer):
            raise TypeError(
                "@entrypoint is written with brackets, @entrypoint() or @entrypoint(storage): "
                f"{_name_of(checkpointer)!r} is the function that it was given in the place of a checkpointer"
            )
        self._checkpointer = checkpointer
        self._context_schema = context_schema
        self._retries = policies(retry_policy) or ()
        self._timeout = seconds(timeout)

    def __call__(self, fn: Callable[..., Any]) -> CompiledGraph:
        name = _name_of(fn)
        if inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn):
            raise LeftOut(f"{name!r} is a generator: an entrypoint returns its one result, and streams with a writer")
        topology = Topology(
            nodes={name: Node(_body(fn, name), name, self._retries, self._timeout)},
            edges={START: [name], name: [END]},
        )
        given, returned, saved = _types(fn, name)
        schema = FlowSchema(name, given, returned, saved)
        context = ContextSchema(self._context_schema)
        program = Program(name, schema, topology, schema.takes, schema.gives, context, FlowSurface(name))
        return CompiledGraph(program, self._checkpointer, before=(), after=())


def _body(fn: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The flow's function as a node: it takes the state for its argument."""
    beside = list(inspect.signature(fn).parameters)[1:]
    left_out.refuse(name, dict.fromkeys({"store"}.intersection(beside), True))
    hint = hints_of(fn).get("previous", Any)
    form = Form.of(f"what entrypoint {name!r} saved", hint) if "previous" in beside else None

    @functools.wraps(fn)
    async def body(state: Mapping[str, Any], **taken: Any) -> dict[str, Any]:
        if form is not None:
            taken["previous"] = form.converted(flow_state.previous(state))
        result = await invoke(fn, state[INPUT], **taken)
        if inspect.isawaitable(result):  # a coroutine that returns what it has gathered
            result = await result
        return flow_state.ended(result, state)

    return body


def _types(fn: Callable[..., Any], name: str) -> tuple[Any, Any, Any]:
    """What a flow declares to be given, to return, and to save."""
    first = next(iter(inspect.signature(fn).parameters), None)
    if first is None:
        raise InvalidGraph(f"{name!r} takes nothing: an entrypoint has one parameter, which is its input")
    hints = hints_of(fn)
    returned = hints.get("return", Any)
    if returned is Final:
        return hints.get(first, Any), Any, Any
    if get_origin(returned) is Final:
        return hints.get(first, Any), *get_args(returned)
    return hints.get(first, Any), returned, returned


def _name_of(fn: Callable[..., Any]) -> str:
    """A function's name; of a `partial` that of its function, of a callable object that of its class."""
    return getattr(fn, "__name__", None) or getattr(getattr(fn, "func", type(fn)), "__name__", type(fn).__name__)
