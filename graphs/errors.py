"""What can go wrong in a graph, as one family.

    GraphError
    ├── LeftOut                 a name or an option of LangGraph's that this runtime leaves out on purpose
    ├── InvalidGraph            the graph cannot be compiled
    ├── GraphChanged            the thread waits in a node that this graph no longer has
    ├── InvalidUpdateError      a write that the state does not take
    ├── GraphRecursionError     one input ran more steps than allowed
    ├── GraphMisused            a graph was called where it cannot run
    ├── InterruptMisused        `interrupt` where it cannot work, or one that was swallowed
    ├── OutsideOfRun            something that belongs to a run was asked for where none is
    ├── QuestionChanged         a node asks something else on every run
    ├── QuestionExpired         nobody answered in time
    ├── InDoubt                 an effect may or may not have happened
    ├── CutOff                  an effect says of itself that it cannot know (raised by effects)
    ├── CutShort                the process ended in the middle of it, too often to begin it once more unasked
    ├── UnexpectedExit          a function raised what is no error: it ended that call and nothing else
    ├── NoPlace                 a function that blocks was not begun: too many do already
    ├── EarlierError            stands for what was raised before the process that ran it ended
    ├── NodeTimeoutError        an attempt of a node took longer than its timeout
    ├── RendererMissing         what makes pictures is not installed
    ├── ThreadBusy              another run holds the thread
    ├── ThreadWaiting           new input for a thread that waits for an answer
    └── AnswerError             an answer that cannot be taken
        ├── AmbiguousResume     one answer, several questions
        ├── UnknownInterrupt    no such question in this thread
        ├── AlreadyAnswered     the question no longer waits
        ├── InvalidAnswer       the answer does not fit the question's schema
        └── NotWaiting          the thread waits for nothing

After each of them nothing has changed, except where the class says so.
"""

from dataclasses import dataclass
from typing import Any, Self


class GraphError(Exception):
    """The base of every error this package raises on purpose."""


class LeftOut(GraphError, NotImplementedError):
    """A name or an option of LangGraph's that this runtime leaves out on purpose. The message says why, and what to use
    instead.
    """


class InvalidGraph(GraphError, ValueError):
    """The graph cannot be compiled. The message names the node or edge to mend."""


class GraphChanged(GraphError):
    """The thread waits in a node that this graph does not have. Put it back, or move on with aupdate_state."""


class InvalidUpdateError(GraphError):
    """A write that the state does not take: an unknown key, a second one without a reducer, another type."""


class GraphRecursionError(GraphError):
    """One input ran more steps than `recursion_limit`. Raise the limit, or look for a loop without an end."""


class GraphMisused(GraphError, RuntimeError):
    """A graph that keeps its state within another's thread was called outside of one, or twice at the same time."""


class InterruptMisused(GraphError):
    """`interrupt` cannot pause: outside a node, without a checkpointer, or because its signal was swallowed."""


class OutsideOfRun(GraphError, RuntimeError):
    """`get_config`, `get_stream_writer` or `get_runtime` was called where no node, router, tool or `@task` runs."""


class QuestionChanged(GraphError):
    """A node asked something else twice in a row. Compute the payload in `once` or in an earlier node."""


class QuestionExpired(GraphError):
    """Nobody answered the question before its deadline. It takes no answer any more; go on without one."""


class CutOff(GraphError):
    """What an effect raises that was cut off on its way: it may or may not have happened, and only a person can look.

    The message says in a sentence what was lost. It is in doubt then, as after a crash; one that is repeatable failed.
    """


class InDoubt(GraphError):
    """An effect was begun and its end was never recorded: it may have happened. A person has to look.

    `key` is the key given to `once`; `idempotency_key` is what was handed to the effect, `since` when it was begun
    (Unix seconds).
    """

    def __init__(self, key: str, idempotency_key: str, since: float) -> None:
        self.key = key
        self.idempotency_key = idempotency_key
        self.since = since
        super().__init__(
            f"{key!r} was begun and its end was never recorded, so it may have happened. "
            f"Look for idempotency key {idempotency_key!r} at the other side, then settle it; "
            "declare it repeatable=True only if running it twice does no harm."
        )


class CutShort(GraphError):
    """The process ended in the middle of a task as often as its node may be begun unasked (`add_node(starts=...)`). The
    task failed, so `ainvoke(None)` begins it anew.
    """


class UnexpectedExit(GraphError):
    """A function raised what would end a program or a task (`SystemExit`, `KeyboardInterrupt`, `GeneratorExit`,
    `CancelledError`), or an error that cannot be told. It ended that call alone. The message names it, and `__cause__`
    is it.
    """


class NoPlace(GraphError):
    """A function that blocks was not begun, because every place for such functions is held by one that does not end.
    Give them timeouts that end, or make them `async def`; the call may be made again later.
    """


class EarlierError(GraphError):
    """Stands for an error that was raised before a restart, or before its error handler asked, for a handler that is
    begun after that. What is stored of an error is its type's name and its text, and these are as they were: what the
    handler asks in words is asked in the same words again. It is of no type but this one.
    """

    @classmethod
    def recorded(cls, text: str) -> Self:
        """From "type: text", as it is stored."""
        name, _, message = text.partition(": ")
        kind = cast("type[Self]", type(name, (cls,), {}))
        return kind(*[message] if message else [])


@dataclass(frozen=True)
class NodeError:
    """What an error handler is told: `node` failed after its retries, with this error."""

    node: str
    error: Exception


class NodeTimeoutError(GraphError, TimeoutError):
    """An attempt of a node, or of a `@task`, was still at work after its `run_timeout` seconds; `elapsed` is how long
    it was. A node that is `def` goes on in its thread, and nobody waits for it.
    """

    kind = "run"
    idle_timeout = None

    def __init__(self, node: str, elapsed: float, *, run_timeout: float) -> None:
        self.node = node
        self.elapsed = elapsed
        self.run_timeout = self.timeout = run_timeout
        super().__init__(f"{node!r} was still at work after {elapsed:.3f} s; its timeout is {run_timeout:g} s")


class RendererMissing(GraphError):
    """A picture was asked for, and the program that draws it is not there or failed: the message says what to do."""


class ThreadBusy(GraphError):
    """Another run holds this thread. Wait for its end; `aanswer` works meanwhile."""


class ThreadWaiting(GraphError):
    """New input came while the thread waits for an answer. Give the answer, or pass on_waiting="cancel"."""


class AnswerError(GraphError):
    """The base of all refusals of an answer."""


class AmbiguousResume(AnswerError):
    """Several questions wait and one bare answer came. Resume with a map {id: answer}."""

    def __init__(self, thread_id: str, ids: list[str]) -> None:
        self.ids = ids
        super().__init__(
            f"thread {thread_id!r} waits for {len(ids)} answers and got one: give a map {{id: answer}}, of {ids!r}"
        )


class UnknownInterrupt(AnswerError):
    """No question with this id in this thread. Read the waiting ones with `aget_state(config).interrupts`."""


class AlreadyAnswered(AnswerError):
    """The question no longer waits: answered, cancelled, superseded or expired, as the message says."""


class InvalidAnswer(AnswerError):
    """The answer does not fit the question's schema. The question still waits under the same id."""


class NotWaiting(AnswerError):
    """The thread waits for nothing: it does not exist, is finished, or was never paused."""


_OTHER_NAME = "it has another name here"
LEFT_OUT = {
    "NodeInterrupt": ("a node asks by a call, which returns the answer", "Call interrupt(value)"),
    "GraphDrained": ("a run is stopped by what its caller passes", "Pass stop= or halt= to ainvoke or astream"),
    "GraphInterrupt": ("a question unwinds its node by a signal that is no Exception", "Let BaseExceptions pass"),
    "GraphBubbleUp": ("what unwinds a node is no Exception", "Let BaseExceptions pass"),
    "ParentCommand": ("a command is returned", "Return Command(graph=Command.PARENT)"),
    "NodeCancelledError": (_OTHER_NAME, "Use UnexpectedExit"),
    "UnknownInterruptError": (_OTHER_NAME, "Use UnknownInterrupt, or AnswerError for every refusal of an answer"),
    "EmptyInputError": (_OTHER_NAME, "Use InvalidUpdateError; NotWaiting for None"),
    "is_invalid_resume": (_OTHER_NAME, "Use isinstance(error, InvalidAnswer)"),
    "ErrorCode": ("an error is told by its class", "Catch the class"),
    "EmptyChannelError": ("a state has keys and no channels", "A key that nothing was written to is not in the state"),
    "TaskNotFound": ("tasks run where their graph does", "There is nothing that has to be used in its place"),
}
"""Names of LangGraph's errors that are left out: why, and what to use instead."""


def __getattr__(name: str) -> Any:
    if name in LEFT_OUT:
        raise LeftOut("{}.{} is left out: {}. {}".format(__name__, name, *LEFT_OUT[name]))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
