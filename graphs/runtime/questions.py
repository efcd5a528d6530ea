"""Asking inside a node: `interrupt`, `once`, and how an answer finds its question when the node runs again.

A task that was answered runs again from its first line. Its k-th question is matched with the k-th that is stored for
it: the same payload gets the stored answer, another payload is asked anew.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from jsonschema.exceptions import SchemaError
from jsonschema.validators import validator_for
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from graphs.errors import InDoubt, InterruptMisused, InvalidAnswer, QuestionChanged, QuestionExpired
from graphs.runtime import frames
from graphs.runtime.calling import invoke
from graphs.runtime.frames import Frame, Paused, entered, frame_of
from graphs.runtime.session import Session
from graphs.runtime.state import dump
from storage import Connection
from storage.claims import ClaimRow, ClaimStatus
from storage.ids import InterruptId, Namespace, Scope, ThreadId
from storage.interrupts import InterruptRow, NewInterrupt

T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """What is asked. `terms` is stored beside the payload and not shown to the answering code; a question that says
    what it is `about`, in ids, digests and names, is audited.
    """

    payload: Any
    kind: str = "question"
    response_schema: Any = None
    terms: Any = None
    replaces: str | None = None
    expires_at: float | None = None
    about: Mapping[str, Any] | None = None

    def text(self) -> str:
        """The payload as it is stored: equal questions have equal texts."""
        return json.dumps(json.loads(dump(self.payload, "the question's payload")), sort_keys=True)

    def stored(
        self, place: Place, id_: InterruptId, requester: str | None, replaces: InterruptId | None
    ) -> NewInterrupt:
        """The question as a row at this place."""
        text = self.text()
        return NewInterrupt(
            id_,
            place.thread_id,
            place.ns,
            place.scope,
            place.ordinal,
            place.node,
            self.kind,
            text,
            hashlib.sha256(text.encode()).hexdigest(),
            _published(self.response_schema),
            None if self.terms is None else dump(self.terms, "the question's terms"),
            requester,
            replaces,
            self.expires_at,
            None if self.about is None else dump(self.about, "what the question is about"),
        )


@dataclass(frozen=True)
class Place:
    """Where a task asks: the `ordinal`-th question, from 0, of its scope."""

    thread_id: ThreadId
    ns: Namespace
    scope: Scope
    ordinal: int
    node: str


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
    frame = frame_of("interrupt")
    if frame.session.storage is None:
        _pause(frame)  # a node that swallows the error has not asked either
        raise InterruptMisused("interrupt needs a checkpointer: compile(checkpointer=storage)")
    if frame.attempt.over:
        raise Paused
    ordinal = frame.next_ordinal()
    digest = hashlib.sha256(question.text().encode()).hexdigest()
    known = frame.session.ledger.asked.get(frame.scope, {}).get(ordinal)
    if known is not None and known.digest == digest:
        if known.status == "expired":
            raise QuestionExpired(f"nobody answered question {known.id!r} before its deadline")
        if known.answer is None:
            raise _pause(frame)
        return Answer(_typed(question, known), known.id, known.answered_by, known.answered_at or 0.0, known.terms)
    if known is not None and known.replaces is not None:
        raise QuestionChanged(
            f"node {frame.attempt.node!r} asks something else each time it runs: compute the payload in `once`, "
            "or in an earlier node"
        )
    place = Place(frame.session.thread_id, frame.attempt.ns, frame.scope, ordinal, frame.attempt.node)
    replaces = known.id if known is not None else InterruptId(question.replaces) if question.replaces else None
    new = question.stored(place, InterruptId(frame.session.new_id()), frame.session.by, replaces)
    frame.attempt.questions.append(new)
    raise _pause(frame)


def standing() -> InterruptRow | None:
    """The question that this task asked before, at the place of its next one."""
    frame = frame_of("interrupt")
    return frame.session.ledger.asked.get(frame.scope, {}).get(frame.asked)


async def on_record(read: Callable[[Connection, ThreadId], T]) -> T | None:
    """What `read` finds in the rows of this thread, of whatever step; None without a checkpointer."""
    session = frame_of("on_record").session
    if session.storage is None:
        return None
    return await session.storage.read(lambda db: read(db, session.thread_id))


async def once(key: str, fn: Callable[..., Any], *args: Any, repeatable: bool = False) -> Any:
    """Run `fn(*args)` at most once for this task and `key`; when the task runs again, return the stored result.

    The claim is stored before `fn` begins. What cuts `fn` off between the claim and the result (a crash, a timeout of
    the node, a cancelled run) raises `InDoubt` on the next run, unless `repeatable`: then nothing is claimed, and `fn`
    runs again. `fn` that raises has ended, and may be run again; `fn` that asks is entered again when answered, under
    the same claim. The result is returned as JSON gives it back. A plain function runs in a worker thread.
    """
    return await perform(key, lambda: invoke(fn, *args), repeatable=repeatable)


async def perform(
    key: str,
    effect: Callable[[], Any],
    *,
    repeatable: bool,
    again: bool = False,
    about: Mapping[str, Any] | None = None,
) -> Any:
    """`once`, where `again` says that somebody looked at an effect in doubt and wants it run once more. An effect that
    says what it is `about` is audited.
    """
    frame = frame_of("once")
    if about is not None:
        frame.session.note(frame.scope, key, about)
    return await perform_in(frame, key, effect, repeatable=repeatable, again=again)


def claim_of(key: str) -> ClaimRow | None:
    """What is on record of this task's effect: that it was begun, or its end."""
    frame = frame_of("claim_of")
    return frame.session.ledger.claims.get((frame.scope, key))


async def perform_in(
    frame: Frame, key: str, effect: Callable[[], Any], *, repeatable: bool, again: bool = False
) -> Any:
    """`perform` for a frame that need not be the one that awaits it."""
    session = frame.session
    with frame.attempt.working(), session.alone(frame.scope, key):
        known = session.ledger.claims.get((frame.scope, key))
        if known is not None and known.status == "done":
            return json.loads(known.result or "null")
        if known is not None and known.status in ("claimed", "in doubt") and not again and not repeatable:
            if known.status == "claimed":
                await session.claim(replace(known, status="in doubt"))
            raise InDoubt(key, known.idempotency_key, known.claimed_at)
        now = session.now()
        claim = known or ClaimRow(
            frame.scope, key, session.thread_id, _idempotency_key(frame.scope, key), "claimed", None, None, now, None
        )
        if not repeatable:
            claim = replace(claim, status="claimed", claimed_at=now, settled_at=None, error=None)
            await frame.attempt.flush()
            await session.claim(claim)
        return await _carry_out(frame, claim, effect, repeatable=repeatable)


async def _carry_out(frame: Frame, claim: ClaimRow, effect: Callable[[], Any], *, repeatable: bool) -> Any:
    """Run the effect under its claim, and settle that."""
    session = frame.session
    try:
        with entered(frame.within(claim.key), f"the function given to once({claim.key!r})", outer=frame):
            result = effect()
            if inspect.isawaitable(result):
                result = await result
    except Paused:
        if not repeatable:
            await session.settle(_settled(claim, "paused", session))
        raise
    except Exception as error:
        await session.settle(replace(_settled(claim, "failed", session), error=f"{type(error).__name__}: {error}"))
        raise
    text = dump(result, f"the result of {claim.key!r}")  # where this raises, the claim stands: the effect has happened
    await session.settle(replace(_settled(claim, "done", session), result=text))
    return json.loads(text)


def idempotency_key(key: str) -> str:
    """What an effect can hand to the other side so that it, too, does it only once: the same on every run of the
    task.
    """
    frame = frame_of("idempotency_key")
    if frame.effect is not None and frame.effect[1] == key:
        return _idempotency_key(*frame.effect)
    return _idempotency_key(frame.scope, key)


def _idempotency_key(scope: Scope, key: str) -> str:
    return hashlib.sha256(f"{scope}\0{key}".encode()).hexdigest()[:32]


def _settled(claim: ClaimRow, status: ClaimStatus, session: Session) -> ClaimRow:
    return replace(claim, status=status, settled_at=session.now())


def _pause(frame: Frame) -> Paused:
    caller = sys._getframe(2)  # pyright: ignore[reportPrivateUsage] - to say where a swallowed question was asked
    while caller.f_back is not None and caller.f_code.co_filename in (__file__, frames.__file__):
        caller = caller.f_back
    frame.paused_at = f"{caller.f_code.co_filename}:{caller.f_lineno}"
    return Paused()


def _published(schema: Any) -> str | None:
    if schema is None:
        return None
    if not isinstance(schema, dict):
        return json.dumps(TypeAdapter(schema).json_schema())
    given = cast("dict[str, Any]", schema)
    try:
        validator_for(given).check_schema(given)
    except SchemaError as error:
        raise InterruptMisused(f"response_schema is no JSON Schema: {error.message}") from error
    return json.dumps(given)


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
