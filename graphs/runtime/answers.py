"""Answers: which questions they are for, whether they fit, and storing them so that one stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from graphs.errors import AlreadyAnswered, AmbiguousResume, AnswerError, InvalidAnswer, NotWaiting, UnknownInterrupt
from graphs.runtime import breakpoints
from graphs.runtime.schemas import misfit
from graphs.runtime.state import dump
from storage import Storage, interrupts
from storage.errors import AnswerRefused
from storage.ids import InterruptId, ThreadId
from storage.interrupts import OPEN, InterruptRow

_ID = re.compile(r"[0-9a-f]{32}")


def falls_away(row: InterruptRow) -> bool:
    """A question that is cancelled when its task ends unfinished: nothing has come of it yet."""
    return row.status in OPEN or (row.status in ("answered", "expired") and not row.consumed)


def is_open(row: InterruptRow) -> bool:
    """A question that takes an answer now; a static interrupt is passed, not answered."""
    return row.status in OPEN and row.kind != breakpoints.KIND


def by_id(resume: Any, thread_id: ThreadId, rows: Iterable[InterruptRow]) -> dict[InterruptId, Any]:
    """`Command(resume=...)` as a map of answers.

    A dict whose every key is 32 lower-case hex digits is such a map; anything else is one answer to the one question
    that waits. Raises `AmbiguousResume`, `NotWaiting`, and `AnswerError` for an empty map.
    """
    if isinstance(resume, Mapping):
        given = cast("Mapping[Any, Any]", resume)
        if not given:
            raise AnswerError("Command(resume={}) answers nothing; to answer with an empty dict, name the id: {id: {}}")
        if is_map(given):
            return {InterruptId(key): answer for key, answer in given.items()}
    waiting = [row.id for row in rows if is_open(row)]
    if not waiting:
        raise NotWaiting(f"thread {thread_id!r} waits for no answer")
    if len(waiting) > 1:
        raise AmbiguousResume(thread_id, list(waiting))
    return {waiting[0]: resume}


def is_map(resume: Any) -> bool:
    """Whether these are answers by the ids of their questions."""
    if not isinstance(resume, Mapping):
        return False
    keys = list(cast("Mapping[Any, Any]", resume))
    return bool(keys) and all(isinstance(key, str) and _ID.fullmatch(key) for key in keys)


async def checked(
    storage: Storage, thread_id: ThreadId, answers: Mapping[InterruptId, Any], known: Iterable[InterruptRow] = ()
) -> dict[InterruptId, str]:
    """The answers as JSON text, each held against its question's schema. `known` are questions that were read already.

    Raises what `AnswerError` heads.
    """
    rows = {row.id: row for row in known}
    if missing := answers.keys() - rows.keys():
        rows |= await storage.read(lambda db: {row.id: row for row in interrupts.of_ids(db, missing)})
    texts: dict[InterruptId, str] = {}
    for interrupt_id, answer in answers.items():
        row = rows.get(interrupt_id)
        if row is None or row.thread_id != thread_id or row.status not in OPEN:
            raise refusal(AnswerRefused(interrupt_id, row if row and row.thread_id == thread_id else None))
        texts[interrupt_id] = dump(answer, f"the answer to {interrupt_id!r}")
        if row.schema is not None:
            _hold_against(row, json.loads(texts[interrupt_id]))
    return texts


def refusal(refused: AnswerRefused) -> AnswerError:
    """The error that says why a question does not take an answer, by whom it was answered and when."""
    row, interrupt_id = refused.found, refused.interrupt_id
    if row is None:
        return UnknownInterrupt(f"this thread has no question {interrupt_id!r}; read aget_state(config).interrupts")
    if row.status == "answered":
        by = f" by {row.answered_by!r}" if row.answered_by else ""
        return AlreadyAnswered(f"question {interrupt_id!r} was answered{by} at {_when(row.answered_at)}")
    if row.status in (*OPEN, "expired"):
        if row.expires_at is not None:
            return AlreadyAnswered(f"question {interrupt_id!r} expired at {_when(row.expires_at)}")
        return AlreadyAnswered(f"question {interrupt_id!r} changed while it was being answered; look at it again")
    return AlreadyAnswered(f"question {interrupt_id!r} was {row.status} and takes no answer")


def _hold_against(row: InterruptRow, answer: Any) -> None:
    if (found := misfit(row.schema, answer)) is not None:
        raise InvalidAnswer(f"the answer to {row.id!r} does not fit: {': '.join(found)}. It still waits.")


def _when(seconds: float | None) -> str:
    return datetime.fromtimestamp(seconds or 0, UTC).isoformat(timespec="seconds")
