"""Where code of a graph runs, as that code may ask: its config, its stream, its runtime."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol, cast

from graphs.errors import NodeError, OutsideOfRun
from graphs.runtime.injected import Kind
from graphs.runtime.parts import StreamWriter
from graphs.runtime.session import Session
from graphs.runtime.streams import Stream, Where
from graphs.runtime.types import START, Config, Runtime


class Here(Protocol):
    """A place where code of a graph is called: a task, or the routers at START."""

    @property
    def session(self) -> Session: ...
    @property
    def config(self) -> Config: ...
    @property
    def context(self) -> Any: ...
    @property
    def stream(self) -> Stream: ...
    @property
    def where(self) -> Where: ...
    @property
    def node(self) -> str: ...
    @property
    def step(self) -> int: ...
    @property
    def error(self) -> NodeError | None: ...


@dataclass(frozen=True, slots=True)
class AtStart:
    """The routers at START, before there is a task."""

    session: Session
    config: Config
    context: Any
    stream: Stream
    where: Where = ()
    node: str = START
    step: int = 0
    error: NodeError | None = None


here: ContextVar[Here | None] = ContextVar("here", default=None)


def get_config() -> Config:
    """The config of the run that calls this: the caller's, unknown keys too, with the thread's id in `configurable`.

    It works in nodes, routers, tools and `@task`s, `def` or `async def`. Raises `OutsideOfRun` elsewhere.
    """
    return config_at(_here("get_config"))


def get_stream_writer() -> StreamWriter:
    """What sends a chunk to `stream_mode="custom"`, and does nothing where nobody listens.

    It works where `get_config` does. Raises `OutsideOfRun` elsewhere.
    """
    return writer_at(_here("get_stream_writer"))


def get_runtime(context_schema: type[Any] | None = None) -> Runtime[Any]:
    """The `Runtime` that a node gets which takes one. `context_schema` is for type checkers and does nothing."""
    return runtime_at(_here("get_runtime"))


def _here(what: str) -> Here:
    found = here.get()
    if found is None:
        raise OutsideOfRun(
            f"{what}() was called outside a run: call it in a node, a router, a tool or a @task (or in what one of "
            "them calls), or let the node take it as a parameter"
        )
    return found


def config_at(place: Here) -> Config:
    """The caller's config as code in the run may have it: its own to change."""
    given = place.config
    configurable = {**given.get("configurable", {})}
    if place.session.storage is not None:
        configurable.setdefault("thread_id", place.session.thread_id)
    return cast("Config", {**given, "configurable": configurable})


def filled(extras: Mapping[str, Kind], place: Here) -> dict[str, Any]:
    """What a function is given that takes these beside the state."""
    return {name: _MADE[kind](place) for name, kind in extras.items()}


def writer_at(place: Here) -> StreamWriter:
    stream, where = place.stream, place.where
    return lambda chunk: stream.write(where, "custom", chunk)


def runtime_at(place: Here) -> Runtime[Any]:
    session = place.session
    return Runtime(
        place.context,
        session.thread_id if session.storage is not None else None,
        session.by,
        writer_at(place),
        _message_writer(place),
    )


def error_at(place: Here) -> NodeError | None:
    """What an error handler is told; None in any other node."""
    return place.error


_MADE: Mapping[Kind, Callable[[Here], Any]] = {
    "config": config_at,
    "runtime": runtime_at,
    "writer": writer_at,
    "error": error_at,
}


def _message_writer(place: Here) -> StreamWriter:
    """Sends (message, metadata) to `stream_mode="messages"`."""
    stream, where = place.stream, place.where
    metadata: dict[str, Any] = {}

    def write(message: Any) -> None:
        if stream.takes("messages"):
            if not metadata:
                metadata.update(message_metadata(place.config, place.node, place.step))
            stream.write(where, "messages", (message, metadata))

    return write


def message_metadata(config: Config, node: str, step: int) -> dict[str, Any]:
    """What `stream_mode="messages"` says of a message: which node it comes from, in which step, and what the caller
    said of the run.
    """
    thread_id = config.get("configurable", {}).get("thread_id")
    found = said_of_run(config) if thread_id is None else {**said_of_run(config), "thread_id": thread_id}
    return {**found, "langgraph_node": node, "langgraph_step": step}


def said_of_run(config: Config) -> dict[str, Any]:
    """The metadata and the tags that the caller gave the run."""
    metadata, tags = {**config.get("metadata", {})}, config.get("tags")
    return {**metadata, "tags": list(tags)} if tags else metadata
