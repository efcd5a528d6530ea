"""What comes out of a run, by name and shape: stream modes, chunks and outputs, for whoever annotates or reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Literal, NoReturn, NotRequired, Protocol, TypedDict, TypeVar

from graphs.runtime import left_out
from graphs.runtime.types import Config, Interrupt

OutputT = TypeVar("OutputT")

StreamMode = Literal["values", "updates", "messages", "custom", "tasks", "checkpoints", "debug"]


class StreamWriter(Protocol):
    """Sends a chunk to `stream_mode="custom"`. A node's parameter of this type is filled with one."""

    def __call__(self, chunk: Any, /) -> None: ...


class TaskPayload(TypedDict):
    """A task begins. `input` is what its node is given, of a `@task` (args, kwargs); `triggers` say what led to it: an
    edge or a router ("branch:to:node"), a join ("join:a+b:node"), a `Send` or a call of a `@task` ("__pregel_push").
    """

    id: str
    name: str
    input: Any
    triggers: tuple[str, ...]
    metadata: NotRequired[dict[str, Any]]
    """The caller's, with its tags, where there are any."""


class TaskResultPayload(TypedDict):
    """A task has ended, or waits for answers. `result` is what it wrote, by key; to one key more than once as
    {"$writes": [...]}. Of a flow, and of a `@task`, it is what that returned.
    """

    id: str
    name: str
    error: str | None
    interrupts: list[dict[str, Any]]
    result: Any


class CheckpointTask(TypedDict):
    """A task of a checkpoint: with its `error` if it failed, its `result` if it has finished, its `interrupts` else."""

    id: str
    name: str
    error: NotRequired[str]
    result: NotRequired[Any]
    interrupts: NotRequired[tuple[dict[str, Any], ...]]
    state: Config | None


class CheckpointPayload(TypedDict):
    """A checkpoint, as `aget_state` tells it. Where the thread stops there it has `breakpoints`, {"id", "before",
    "after"} each.
    """

    config: Config
    metadata: dict[str, Any]
    values: Any
    next: list[str]
    parent_config: Config | None
    tasks: list[CheckpointTask]
    breakpoints: NotRequired[list[dict[str, Any]]]


class DebugPayload(TypedDict):
    """A chunk of `checkpoints` or `tasks` with its step and when it came (ISO 8601)."""

    step: int
    timestamp: str
    type: Literal["checkpoint", "task", "task_result"]
    payload: Any


class StreamPart(TypedDict):
    """A chunk of any mode, with `version="v2"`. `ns` is the path of the graph that it comes from."""

    type: StreamMode
    ns: tuple[str, ...]
    data: Any


class ValuesStreamPart(StreamPart):
    """A chunk of `values`: the questions stand beside the state."""

    interrupts: tuple[Interrupt, ...]


@dataclass(frozen=True)
class GraphOutput(Generic[OutputT]):
    """What `ainvoke(version="v2")` gives: the state, in its own type, and beside it the questions that wait."""

    value: OutputT
    interrupts: tuple[Interrupt, ...] = ()

    def __getitem__(self, key: object) -> NoReturn:
        raise left_out.item(key)
