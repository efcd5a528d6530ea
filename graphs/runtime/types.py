"""The words of the runtime as values: what a caller hands in, what a node returns, what comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, Literal, NotRequired, TypedDict, TypeVar
from uuid import UUID

START = "__start__"
END = "__end__"

INTERRUPT = "__interrupt__"
"""The key under which results and stream chunks carry the waiting questions."""

BREAKPOINT = "__breakpoint__"
"""The key under which stream chunks say at which static interrupt the thread stopped."""


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
class Interrupt:
    """A question that waits. `replaces` is the id of the question it took the place of."""

    value: Any
    id: str
    replaces: str | None = None
    schema: Any = field(default=None, repr=False)


@dataclass(frozen=True)
class RetryPolicy:
    """How often, and how long apart in seconds, a node that raised is run again before its task fails.

    `retry_on` is an exception type, a tuple of them, or a predicate. Interrupts are never retried.
    """

    max_attempts: int = 3
    initial_interval: float = 0.5
    backoff_factor: float = 2.0
    max_interval: float = 128.0
    jitter: bool = True
    retry_on: type[Exception] | tuple[type[Exception], ...] | Callable[[Exception], bool] = Exception

    def applies_to(self, error: Exception) -> bool:
        kinds: Any = self.retry_on
        return isinstance(error, kinds) if isinstance(kinds, type | tuple) else bool(kinds(error))

    def interval(self, attempt: int) -> float:
        """Seconds to wait after the `attempt`-th failure, counted from 1, before jitter."""
        return min(self.max_interval, self.initial_interval * self.backoff_factor ** (attempt - 1))


@dataclass(frozen=True)
class Runtime(Generic[ContextT]):
    """What a node may ask of its run, when it takes a parameter of this type (or one named `runtime`).

    `context` is what the caller passed, also on resume. `by` is who gave the input that this run works on.
    `stream_writer` sends to `stream_mode="custom"`, `message_writer` to `stream_mode="messages"`.
    """

    context: ContextT
    thread_id: str | None
    by: str | None
    stream_writer: Callable[[Any], None]
    message_writer: Callable[[Any], None]


class Configurable(TypedDict, total=False):
    """What a caller says of the run. Other keys are kept, and nodes that take `config` see them."""

    thread_id: str | int | UUID
    checkpoint_id: str


class Config(TypedDict, total=False):
    """Which thread, from which checkpoint, and how many steps one input may take."""

    configurable: Configurable
    recursion_limit: int
    metadata: NotRequired[dict[str, Any]]
    tags: NotRequired[list[str]]


@dataclass(frozen=True)
class PendingTask:
    """A task of the step that a snapshot shows: finished ones carry a `result`, failed ones an `error`."""

    id: str
    name: str
    interrupts: tuple[Interrupt, ...] = ()
    result: Any = None
    error: str | None = None


@dataclass(frozen=True)
class StateSnapshot:
    """A thread at one moment. `next` names the nodes of unfinished tasks; `interrupts` are the questions that wait.

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
