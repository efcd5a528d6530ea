"""Asking inside a node: `interrupt`, and how an answer finds its question when the node runs again.

A task that was answered runs again from its first line. Its k-th question is matched with the k-th that is stored for
it: the same payload gets the stored answer, another payload is asked anew.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, TypeVar, cast

from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from graphs.errors import InterruptMisused, InvalidAnswer, QuestionChanged, QuestionExpired
from graphs.runtime import frames
from graphs.runtime.calling import Paused
from graphs.runtime.frames import Frame, frame_of
from graphs.runtime.schemas import adapter, published
from graphs.runtime.state import dump
from storage import Connection
from storage.ids import InterruptId, Namespace, Scope, ThreadId
from storage.interrupts import InterruptRow, NewInterrupt

T = TypeVar("T")

ASKER = "requester"
"""Who answers when nobody else is named: whose input the run is for."""

APPROVERS = "approvers"
"""Where a question's terms say who answers."""


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
        return self._text

    @cached_property
    def _text(self) -> str:
        return json.dumps(json.loads(dump(self.payload, "the question's payload")), sort_keys=True)

    def stored(self, slot: Slot, id_: InterruptId, requester: str | None, replaces: InterruptId | None) -> NewInterrupt:
        """The question as a row in this slot."""
        text = self.text()
        return NewInterrupt(
            id_,
            slot.thread_id,
            slot.ns,
            slot.scope,
            slot.ordinal,
            slot.node,
            self.kind,
            text,
            hashlib.sha256(text.encode()).hexdigest(),
            published(self.response_schema),
            None if self.terms is None else dump(self.terms, "the question's terms"),
            requester,
            replaces,
            self.expires_at,
            None if self.about is None else dump(self.about, "what the question is about"),
        )


@dataclass(frozen=True)
class Slot:
    """Which question of a task this is: the `ordinal`-th, from 0, of its scope."""

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


def interrupt(
    value: Any,
    *,
    response_schema: Any = None,
    approvers: Collection[str] = (ASKER,),
    expires_after: timedelta | None = None,
) -> Any:
    """Ask `value` and pause the thread; when it is resumed, return the answer.

    The node runs again from its first line then: what must not happen twice belongs into `once`, or behind the
    question. `response_schema` (a type that pydantic can validate, or a JSON Schema) is published with the question;
    the answer is checked against it before it is stored, and returned as the type's object.

    `approvers` are for whoever puts the question to people: "requester", "channel", ids of people and of user groups.
    `expires_after`: how long it waits; `QuestionExpired` is raised here when nobody answered by then.

    Raises `InterruptMisused` outside a node or without a checkpointer, `QuestionChanged` when the payload differs on
    every run, `InvalidAnswer` when the type refuses an answer that its JSON Schema let pass.
    """
    terms = None if tuple(approvers) == (ASKER,) else {APPROVERS: _names(approvers)}
    expires_at = None if expires_after is None else _seconds(expires_after) + frame_of("interrupt").session.now()
    return ask(Question(value, response_schema=response_schema, terms=terms, expires_at=expires_at)).value


def _names(approvers: Collection[str]) -> list[str]:
    names = [approvers] if isinstance(approvers, str) else list(approvers)
    if isinstance(approvers, str) or not names or not all(isinstance(cast(object, name), str) for name in names):
        raise InterruptMisused(f"interrupt(approvers={approvers!r}): give a list of at least one name, ['requester']")
    return names


def _seconds(period: timedelta) -> float:
    if not isinstance(cast(object, period), timedelta) or period <= timedelta(0):
        raise InterruptMisused(f"interrupt(expires_after={period!r}): give a timedelta above zero, or None")
    return period.total_seconds()


def ask(question: Question) -> Answer:
    """`interrupt` with everything that can be said of a question and of its answer."""
    frame = frame_of("interrupt")
    if frame.session.storage is None:
        _pause(frame)  # a node that swallows the error has not asked either
        raise InterruptMisused("interrupt needs a checkpointer: compile(checkpointer=storage)")
    if frame.is_over:
        raise Paused
    known = known_question()
    ordinal = frame.next_ordinal()
    digest = hashlib.sha256(question.text().encode()).hexdigest()
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
    slot = Slot(frame.session.thread_id, frame.attempt.ns, frame.scope, ordinal, frame.attempt.node)
    replaces = known.id if known is not None else InterruptId(question.replaces) if question.replaces else None
    new = question.stored(slot, InterruptId(frame.session.new_id()), frame.session.by, replaces)
    frame.attempt.questions.append(new)
    raise _pause(frame)


def known_question() -> InterruptRow | None:
    """The question that is stored in the slot of this task's next one: it was asked before, when the task ran."""
    frame = frame_of("interrupt")
    return frame.session.ledger.asked.get(frame.scope, {}).get(frame.asked)


async def on_record(read: Callable[[Connection, ThreadId], T]) -> T | None:
    """What `read` finds in the rows of this thread, of whatever step; None without a checkpointer."""
    session = frame_of("on_record").session
    if session.storage is None:
        return None
    return await session.storage.read(lambda db: read(db, session.thread_id))


def store_with_end(job: Callable[[Connection], object]) -> None:
    """Have `job` run in the very transaction that stores how this task ends: its result, its question or its failure.
    It costs no transaction of its own. Each run of the task stores its own; what is cut off, by the end of the process
    or by a stop, stores nothing, and nothing is stored without a checkpointer.
    """
    frame_of("store_with_end").attempt.jobs.append(job)


def was_answered() -> bool:
    """Whether somebody answered what this task asked, or something in it did."""
    frame = frame_of("was_answered")
    rows = frame.session.ledger.within(frame.scope)
    return any(row.status == "answered" and row.answered_by is not None for row in rows)


def _pause(frame: Frame) -> Paused:
    caller = sys._getframe(2)  # pyright: ignore[reportPrivateUsage] - to say where a swallowed question was asked
    while caller.f_back is not None and caller.f_code.co_filename in (__file__, frames.__file__):
        caller = caller.f_back
    frame.paused_at = f"{caller.f_code.co_filename}:{caller.f_lineno}"
    return Paused()


def _typed(question: Question, row: InterruptRow) -> Any:
    """The stored answer, as the type that was asked for."""
    assert row.answer is not None
    schema = question.response_schema
    if schema is None or isinstance(schema, dict):
        return json.loads(row.answer)
    try:
        return adapter(schema).validate_json(row.answer)
    except ValidationError as error:
        problems = to_jsonable_python(error.errors(include_url=False, include_context=False, include_input=False))
        raise InvalidAnswer(
            f"the answer to {row.id!r} is no {getattr(schema, '__name__', schema)!s}: "
            + "; ".join(f"{'.'.join(map(str, p['loc'])) or 'it'}: {p['msg']}" for p in problems)
        ) from error
