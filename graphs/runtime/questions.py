"""Asking inside a node: `interrupt`, `once`, and how an answer finds its question when the node runs again.

A task that was answered runs again from its first line. Its k-th question is matched with the k-th that is stored for
it: the same payload gets the stored answer, another payload is asked anew.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Collection
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from graphs.errors import InDoubt, InterruptMisused, InvalidAnswer, QuestionChanged
from graphs.runtime.session import Session
from graphs.runtime.state import dump
from storage import Connection, claims, interrupts
from storage.claims import ClaimRow, ClaimStatus
from storage.ids import InterruptId, Namespace, Scope
from storage.interrupts import InterruptRow, NewInterrupt


class Paused(BaseException):
    """Unwinds a task that asked. No `Exception`, so that a node's own error handling does not swallow it."""


@dataclass
class Frame:
    """A running task, as `interrupt` and `once` see it. Everything in it is counted in the order of the calls."""

    session: Session
    ns: Namespace
    scope: Scope
    node: str
    questions: list[NewInterrupt]
    """New ones of this task and of all within it, to be stored when it pauses."""
    keys: Collection[str] = ()
    """The keys of the state that the task's node may write."""
    asked: int = 0
    named: dict[str, int] = field(default_factory=dict[str, int])
    paused_at: str | None = None
    """Where the question was asked that this task now waits for."""

    def place(self, name: str) -> Scope:
        """The scope of the next thing called `name` within this task: `parent/name:0`, `parent/name:1`, ..."""
        number = self.named.get(name, 0)
        self.named[name] = number + 1
        return Scope(f"{self.scope}/{name}:{number}")

    def within(self, name: str) -> Frame:
        """A frame of its own for a part of this task, such as a `@task`."""
        return Frame(self.session, self.ns, self.place(name), self.node, self.questions, self.keys)


current_frame: ContextVar[Frame | None] = ContextVar("current_frame", default=None)


@dataclass(frozen=True)
class Question:
    """What is asked. `terms` is stored beside the payload and not shown to the answering code."""

    payload: Any
    kind: str = "question"
    response_schema: Any = None
    terms: Any = None
    replaces: str | None = None
    expires_at: float | None = None


@dataclass(frozen=True)
class Answer:
    """The answer that stands, who gave it, and when (Unix seconds); `terms` are those stored with the question."""

    value: Any
    interrupt_id: InterruptId
    by: str | None
    at: float
    terms: Any = None


def interrupt(value: Any, *, response_schema: Any = None) -> Any:
    """Ask `value` and pause the thread; when it is resumed, return the answer.

    The node runs again from its first line then: what must not happen twice belongs into `once`, or behind the
    question. `response_schema` (a type that pydantic can validate, or a JSON Schema) is published with the question;
    the answer is checked against it before it is stored, and returned as the type's object.

    Raises `InterruptMisused` outside a node or without a checkpointer, `QuestionChanged` when the payload differs on
    every run, `InvalidAnswer` when the type refuses an answer that its JSON Schema let pass.
    """
    return ask(Question(value, response_schema=response_schema)).value


def ask(question: Question) -> Answer:
    """`interrupt` with everything that can be said of a question and of its answer."""
    frame = _frame("interrupt")
    if frame.session.storage is None:
        raise InterruptMisused("interrupt needs a checkpointer: compile(checkpointer=storage)")
    ordinal = frame.asked
    frame.asked += 1
    payload = json.dumps(json.loads(dump(question.payload, "the question's payload")), sort_keys=True)
    digest = hashlib.sha256(payload.encode()).hexdigest()
    known = frame.session.ledger.asked.get(frame.scope, {}).get(ordinal)
    if known is not None and known.digest == digest:
        if known.answer is None:
            raise _pause(frame)
        return Answer(_typed(question, known), known.id, known.answered_by, known.answered_at or 0.0, known.terms)
    if known is not None and known.replaces is not None:
        raise QuestionChanged(
            f"node {frame.node!r} asks something else each time it runs: compute the payload in `once`, "
            "or in an earlier node"
        )
    frame.questions.append(
        NewInterrupt(
            InterruptId(frame.session.new_id()),
            frame.session.thread_id,
            frame.ns,
            frame.scope,
            ordinal,
            frame.node,
            question.kind,
            payload,
            digest,
            _published(question.response_schema),
            None if question.terms is None else dump(question.terms, "the question's terms"),
            frame.session.by,
            known.id if known is not None else InterruptId(question.replaces) if question.replaces else None,
            question.expires_at,
        )
    )
    raise _pause(frame)


def standing() -> InterruptRow | None:
    """The question that this task asked before, at the place of its next one."""
    frame = _frame("interrupt")
    return frame.session.ledger.asked.get(frame.scope, {}).get(frame.asked)


async def past() -> tuple[list[InterruptRow], list[ClaimRow]]:
    """All questions and claims of this thread, of whatever step; none without a checkpointer."""
    session = _frame("past").session
    if session.storage is None:
        return [], []

    async def read(db: Connection) -> tuple[list[InterruptRow], list[ClaimRow]]:
        return await interrupts.of_thread(db, session.thread_id), await claims.of_thread(db, session.thread_id)

    return await session.storage.read(read)


async def once(key: str, fn: Callable[..., Any], *args: Any, repeatable: bool = False) -> Any:
    """Run `fn(*args)` at most once for this task and `key`; when the task runs again, return the stored result.

    The claim is stored before `fn` begins. A crash between the claim and the result raises `InDoubt` on the next run,
    unless `repeatable`: then nothing is claimed, and `fn` runs again. The result is returned as JSON gives it back.
    `fn` that raises may be run again; `fn` that asks is entered again when answered, under the same claim.
    """
    return await perform(key, lambda: fn(*args), repeatable=repeatable)


async def perform(key: str, effect: Callable[[], Any], *, repeatable: bool, again: bool = False) -> Any:
    """`once`, where `again` says that somebody looked at an effect in doubt and wants it run once more."""
    frame = _frame("once")
    session = frame.session
    known = session.ledger.claims.get((frame.scope, key))
    if known is not None and known.status == "done":
        return json.loads(known.result or "null")
    claim = known or ClaimRow(
        frame.scope, key, session.thread_id, idempotency_key(key), "claimed", None, None, session.now(), None
    )
    if known is not None and known.status in ("claimed", "in doubt") and not again and not repeatable:
        if known.status == "claimed":
            await session.claim(replace(known, status="in doubt"))
        raise InDoubt(key, known.idempotency_key, known.claimed_at)
    if not repeatable:
        claim = replace(claim, status="claimed", claimed_at=session.now(), settled_at=None, error=None)
        await session.claim(claim)
    try:
        result = effect()
        if inspect.isawaitable(result):
            result = await result
        text = dump(result, f"the result of {key!r}")
    except Paused:
        if not repeatable:
            await session.settle(_settled(claim, "paused", session))
        raise
    except Exception as error:
        await session.settle(replace(_settled(claim, "failed", session), error=f"{type(error).__name__}: {error}"))
        raise
    await session.settle(replace(_settled(claim, "done", session), result=text))
    return json.loads(text)


def idempotency_key(key: str) -> str:
    """What an effect can hand to the other side so that it, too, does it only once: the same on every run of the
    task.
    """
    return hashlib.sha256(f"{_frame('once').scope}\0{key}".encode()).hexdigest()[:32]


def _settled(claim: ClaimRow, status: ClaimStatus, session: Session) -> ClaimRow:
    return replace(claim, status=status, settled_at=session.now())


def _frame(what: str) -> Frame:
    frame = current_frame.get()
    if frame is None:
        raise InterruptMisused(f"{what} was called outside a node; it works in nodes, tools and @task functions")
    return frame


def _pause(frame: Frame) -> Paused:
    caller = sys._getframe(2)  # pyright: ignore[reportPrivateUsage] - to say where a swallowed question was asked
    while caller.f_back is not None and caller.f_code.co_filename == __file__:
        caller = caller.f_back
    frame.paused_at = f"{caller.f_code.co_filename}:{caller.f_lineno}"
    return Paused()


def _published(schema: Any) -> str | None:
    if schema is None:
        return None
    return json.dumps(schema if isinstance(schema, dict) else TypeAdapter(schema).json_schema())


def _typed(question: Question, row: InterruptRow) -> Any:
    """The stored answer, as the type that was asked for."""
    assert row.answer is not None
    schema = question.response_schema
    if schema is None or isinstance(schema, dict):
        return json.loads(row.answer)
    try:
        return TypeAdapter[Any](schema).validate_json(row.answer)
    except ValidationError as error:
        problems = to_jsonable_python(error.errors(include_url=False, include_context=False, include_input=False))
        raise InvalidAnswer(
            f"the answer to {row.id!r} is no {getattr(schema, '__name__', schema)!s}: "
            + "; ".join(f"{'.'.join(map(str, p['loc'])) or 'it'}: {p['msg']}" for p in problems)
        ) from error
