"""The words of the runtime as values: what a caller hands in, what a node returns, what comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic, Literal, NamedTuple, NotRequired, TypedDict, TypeVar
from uuid import UUID

from graphs.runtime import left_out

START = "__start__"
END = "__end__"

INTERRUPT = "__interrupt__"
"""The key under which results and stream chunks carry the waiting questions."""

BREAKPOINT = "__breakpoint__"
"""The key under which stream chunks say at which static interrupt the thread stopped."""


PULL = "__pregel_pull"
PUSH = "__pregel_push"
"""What the path of a task begins with: it is due because something led to its node, or because it was sent."""


class _Unset:
    """Tells an argument that was not given from one that is None."""

    def __repr__(self) -> str:
        return "<not given>"


UNSET: Any = _Unset()


@dataclass(frozen=True)
class Send:
    """A task for `node` with its own private input instead of the state."""

    node: str
    arg: Any
    timeout: InitVar[None] = field(default=None, kw_only=True)

    def __post_init__(self, timeout: Any) -> None:
        left_out.refuse("Send", {"timeout": timeout})


OVERWRITE = "__overwrite__"
"""The key under which an `Overwrite` is written as JSON: {"__overwrite__": value}."""


@dataclass(frozen=True, slots=True)
class Overwrite:
    """A write that goes round the key's reducer: `value` is what the key holds then. One a key and step."""

    type: ClassVar[str] = OVERWRITE

    value: Any


N = TypeVar("N", bound=str)
ContextT = TypeVar("ContextT")


@dataclass(frozen=True)
class Command(Generic[N]):
    """From a node: `update` the state and `goto` other nodes. From a caller: also `resume` with an answer.

    `Command[Literal["a", "b"]]` as a node's return annotation declares where it may go. `graph=Command.PARENT`, from a
    node of a graph that was called inside another: it ends, and the update and the goto are the caller's.
    """

    PARENT: ClassVar[Literal["__parent__"]] = "__parent__"

    update: Any = None
    resume: Any = UNSET
    goto: str | Send | list[str | Send] | tuple[str | Send, ...] = ()
    graph: str | None = None

    def targets(self) -> list[str | Send]:
        return list(self.goto) if isinstance(self.goto, list | tuple) else [self.goto]


@dataclass(frozen=True)
class Interrupt(left_out.LeavesOut):
    """A question. `replaces` is the id of the question it took the place of, `answered` says whether it was answered,
    which one that waits is not.
    """

    value: Any
    id: str
    replaces: str | None = None
    schema: Any = field(default=None, repr=False)
    answered: bool = False

    left_out = left_out.OF_INTERRUPTS

    @property
    def response_schema(self) -> Any:
        """The JSON Schema that its answer has to fit, by the name that `interrupt` takes it by."""
        return self.schema


@dataclass(frozen=True)
class RetryPolicy:
    """How often, and how long apart in seconds, a node that raised is run again before its task fails.

    `retry_on` is an exception type, several of them, or a predicate. Interrupts are never retried.
    """

    initial_interval: float = 0.5
    backoff_factor: float = 2.0
    max_interval: float = 128.0
    max_attempts: int = 3
    jitter: bool = True
    retry_on: type[Exception] | Sequence[type[Exception]] | Callable[[Exception], bool] = Exception

    def interval(self, attempt: int) -> float:
        """Seconds to wait after the `attempt`-th failure, counted from 1, before jitter."""
        return min(self.max_interval, self.initial_interval * self.backoff_factor ** (attempt - 1))


@dataclass(frozen=True, kw_only=True)
class TimeoutPolicy(left_out.LeavesOut):
    """How long one attempt of a node may take: `run_timeout`, in seconds or as a `timedelta`."""

    run_timeout: float | timedelta | None = None
    idle_timeout: InitVar[None] = None
    refresh_on: InitVar[None] = None

    left_out = left_out.OF_TIMEOUTS

    def __post_init__(self, idle_timeout: Any, refresh_on: Any) -> None:
        left_out.refuse("TimeoutPolicy", {"idle_timeout": idle_timeout, "refresh_on": refresh_on})


def _to_nobody(chunk: Any) -> None:
    """Sends nothing."""


@dataclass(frozen=True)
class Runtime(left_out.LeavesOut, Generic[ContextT]):
    """What a node may ask of its run, when it takes a parameter of this type (or one named `runtime`).

    `context` is what the caller passed, also on resume. `by` is who gave the input that this run works on.
    `stream_writer` sends to `stream_mode="custom"`, `message_writer` to `stream_mode="messages"`.

    A test of a node may make one: `Runtime(context=...)`, whose writers send to nobody.
    """

    context: ContextT
    thread_id: str | None = None
    by: str | None = None
    stream_writer: Callable[[Any], None] = _to_nobody
    message_writer: Callable[[Any], None] = _to_nobody

    left_out = left_out.OF_RUNTIME


class Configurable(TypedDict, total=False):
    """What a caller says of the run. Other keys are kept, and nodes that take `config` see them."""

    thread_id: str | int | UUID
    checkpoint_ns: str
    checkpoint_id: str


class Config(TypedDict, total=False):
    """Which thread, from which checkpoint, and how many steps one input may take."""

    configurable: Configurable
    recursion_limit: int
    metadata: NotRequired[dict[str, Any]]
    tags: NotRequired[list[str]]


class StateUpdate(NamedTuple):
    """An edit as if `as_node` had returned `values`; of a node that is due several times, as the task `task_id`."""

    values: Any
    as_node: str | None = None
    task_id: str | None = None


@dataclass(frozen=True)
class PendingTask:
    """A task of the step that a snapshot shows: finished ones carry a `result`, failed ones an `error`.

    `path` says why it is due: (`PULL`, node), or (`PUSH`, number) for what was sent. `state` is the graph that was
    called in it: its snapshot, or the config that names it.
    """

    id: str
    name: str
    path: tuple[str | int, ...] = ()
    error: str | None = None
    interrupts: tuple[Interrupt, ...] = ()
    state: Config | StateSnapshot | None = None
    result: Any = None


@dataclass(frozen=True)
class StateSnapshot:
    """A thread at one moment. Now: `next` names the nodes of unfinished tasks, `values` have what the finished ones
    wrote, `interrupts` are the questions that wait. As recorded at a checkpoint: `next` names all that was due there,
    `values` are its own, and its tasks have all that became of them, with the questions that were answered.

    `breakpoints` are the static interrupts it stopped at, by id. An unknown thread is a snapshot without a checkpoint.
    """

    values: Any
    next: tuple[str, ...]
    config: Config
    metadata: dict[str, Any] | None = None
    created_at: datetime | None = None
    parent_config: Config | None = None
    tasks: tuple[PendingTask, ...] = ()
    interrupts: tuple[Interrupt, ...] = ()
    breakpoints: tuple[Interrupt, ...] = ()
