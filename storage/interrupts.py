"""Interrupts: every question a thread asked, who may answer, and the one answer that stands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, cast

from storage import audit, threads, waits
from storage.errors import AnswerRefused
from storage.ids import InterruptId, Namespace, Scope, ThreadId
from storage.jobs import Connection
from storage.parameters import Listed
from storage.scopes import within

InterruptStatus = Literal["waiting", "answered", "reopened", "superseded", "cancelled", "expired"]
OPEN: tuple[InterruptStatus, ...] = ("waiting", "reopened")
"""What takes an answer. `reopened`: it has one, with which its task failed, and takes one other."""


@dataclass(frozen=True)
class NewInterrupt:
    """A question to be stored. `ordinal` counts the questions of its scope from 0.

    `about` says what it is about in ids, digests and names (JSON): such a question, and what becomes of it, is audited.
    """

    id: InterruptId
    thread_id: ThreadId
    ns: Namespace
    scope: Scope
    ordinal: int
    node: str
    kind: str
    payload: str
    digest: str
    schema: str | None = None
    terms: str | None = None
    requester: str | None = None
    replaces: InterruptId | None = None
    expires_at: float | None = None
    about: str | None = None


@dataclass(frozen=True)
class InterruptRow:
    """A question as stored. `payload`, `schema`, `terms` and `about` are JSON, read; times are Unix seconds.

    `version` grows with every change of the row: a decision names the version that it judged. `consumed` says that the
    answer (or that none came in time) has reached its task, and what the task did with it is stored.
    """

    id: InterruptId
    thread_id: ThreadId
    ns: Namespace
    scope: Scope
    ordinal: int
    node: str
    kind: str
    status: InterruptStatus
    version: int
    consumed: bool
    payload: Any
    digest: str
    schema: Any
    terms: Any
    requester: str | None
    replaces: InterruptId | None
    created_at: float
    expires_at: float | None
    answer: str | None
    answered_by: str | None
    answered_at: float | None
    about: Mapping[str, Any] | None = None


_COLUMNS = """id, thread_id, ns, scope, ordinal, node, kind, status, version, consumed, payload, digest, schema, terms,
              requester, replaces, created_at, expires_at, answer, answered_by, answered_at, about"""


def ask(db: Connection, question: NewInterrupt, now: float) -> InterruptRow:
    """Store a question as waiting; its row. What stands where it is asked is superseded when it `replaces` something,
    and so is what its task asked after that.
    """
    if question.replaces is not None:
        replaced = waits.look_within(db, question.scope)
        _supersede(db, question.scope, question.ordinal)
        waits.ended(db, replaced, now)
    stored = db.execute(
        f"""insert into interrupts (id, thread_id, ns, scope, ordinal, node, kind, status, payload, digest, schema,
               terms, requester, replaces, created_at, expires_at, about, call)
           values (:id, :thread_id, :ns, :scope, :ordinal, :node, :kind, 'waiting', :payload, :digest, :schema,
               :terms, :requester, :replaces, :now, :expires_at, :about, :call)
           returning {_COLUMNS}""",
        {**vars(question), "now": now, "call": _call(json.loads(question.payload))},
    ).fetchone()
    waits.begun(question.kind)
    if question.about is not None:
        facts = {**json.loads(question.about), "replaces": question.replaces}
        audit.append(
            db, audit.Entry("proposal", now, question.thread_id, question.id, user=question.requester, facts=facts)
        )
    return _read(stored)


def _supersede(db: Connection, scope: Scope, ordinal: int) -> None:
    """The question that stands at this place, and what its task asked after it, is not asked any more."""
    db.execute(
        f"""with stale (seq) as materialized (
               select later.seq from interrupts replaced join interrupts later
                   on later.seq >= replaced.seq and later.status not in ('superseded', 'cancelled')
                   and {within("later.scope", ":scope")}
               where replaced.scope = :scope and replaced.ordinal = :ordinal
                   and replaced.status not in ('superseded', 'cancelled')
                   and (later.scope = :scope and later.ordinal >= :ordinal
                       or later.scope <> :scope and later.kind <> 'breakpoint'))
           update interrupts set status = 'superseded', version = version + 1
           where seq in (select seq from stale) and status not in ('superseded', 'cancelled')""",
        {"scope": scope, "ordinal": ordinal},
    )


def answer(
    db: Connection,
    thread_id: ThreadId,
    answers: Mapping[InterruptId, str],
    *,
    by: str | None,
    now: float,
    version: int | None = None,
    team: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Store answers (JSON text), all or none. `version`, when given, is the version of the row that was judged; `team`
    and `facts` are for the audit.

    Raises `AnswerRefused` for the first question that is not this thread's, does not wait, is past its deadline, or has
    moved on from `version`: of simultaneous answers one stands.
    """
    for interrupt_id, text in answers.items():
        waited = waits.look(db, interrupt_id)
        changed = db.execute(
            """update interrupts set status = 'answered', version = version + 1, consumed = 0,
                   answer = :answer, answered_by = :by, answered_at = :now
               where id = :id and thread_id = :thread and status in ('waiting', 'reopened')
                   and (expires_at is null or expires_at > :now) and version = coalesce(:version, version)""",
            {"answer": text, "by": by, "now": now, "id": interrupt_id, "thread": thread_id, "version": version},
        )
        if changed.rowcount != 1:
            _refuse(db, thread_id, interrupt_id)
        db.execute(
            "insert into answers (interrupt_id, answer, answered_by, answered_at) values (?, ?, ?, ?)",
            (interrupt_id, text, by, now),
        )
        audit_decision(db, interrupt_id, _what(text), now, team=team, user=by, facts=facts)
        waits.ended(db, waited, now)
    threads.touch(db, thread_id, now)


def judged(db: Connection, thread_id: ThreadId, interrupt_id: InterruptId, version: int, now: float) -> None:
    """Say that something was decided about a question, and it goes on waiting. Raises `AnswerRefused` when it does not
    wait, or has moved on from `version`.
    """
    changed = db.execute(
        """update interrupts set version = version + 1 where id = ? and thread_id = ? and status = 'waiting'
               and (expires_at is null or expires_at > ?) and version = ?""",
        (interrupt_id, thread_id, now, version),
    )
    if changed.rowcount != 1:
        _refuse(db, thread_id, interrupt_id)
    threads.touch(db, thread_id, now)


def asked_again(db: Connection, interrupt_id: InterruptId, after: int, why: str, now: float) -> None:
    """Say why a question that waits is asked again, as a clause beside its terms. Its version is later than `after`."""
    row = get(db, interrupt_id)
    if row is None or row.status != "waiting":
        return
    terms = None if row.terms is None else json.dumps({**row.terms, "why": why})
    changed = db.execute(
        "update interrupts set version = ?, terms = ? where id = ? and status = 'waiting' and version = ?",
        (max(row.version, after) + 1, terms, interrupt_id, row.version),
    )
    if changed.rowcount:
        threads.touch(db, row.thread_id, now)


def waiting_about(db: Connection, thread_id: ThreadId, message_id: str) -> list[InterruptRow]:
    """The questions of a thread that wait, and are about what this message of the model proposed."""
    rows = select(db, "thread_id = ? and status = 'waiting'", (thread_id,))
    return [row for row in rows if row.terms is not None and row.terms.get("message_id") == message_id]


def waiting_in(db: Connection, thread_id: ThreadId, kind: str) -> list[InterruptRow]:
    """The questions of this kind that wait in a thread, oldest first."""
    return select(db, "thread_id = ? and status = 'waiting' and kind = ?", (thread_id, kind))


def open_in(db: Connection, thread_id: ThreadId) -> list[InterruptRow]:
    """The questions of a thread that take an answer, of whatever kind."""
    return select(db, "thread_id = ? and status in ('waiting', 'reopened')", (thread_id,))


def status_at(db: Connection, thread_id: ThreadId, scope: Scope, ordinal: int) -> InterruptStatus | None:
    """How the newest question of a task stands that it asked there; None where it is not on record."""
    found = db.execute(
        "select status from interrupts where thread_id = ? and scope = ? and ordinal = ? order by seq desc limit 1",
        (thread_id, scope, ordinal),
    ).fetchone()
    return None if found is None else found[0]


def of_kinds(db: Connection, thread_id: ThreadId, kinds: Iterable[str]) -> list[InterruptRow]:
    """All that a thread ever asked of these kinds, oldest first."""
    return select(db, "thread_id = ? and kind in (select value from json_each(?))", (thread_id, Listed(kinds)))


def consume(db: Connection, ids: Iterable[InterruptId]) -> None:
    """Say that these answers have reached their task, in the transaction that stores what the task did with them."""
    db.executemany("update interrupts set consumed = 1 where id = ?", [(interrupt_id,) for interrupt_id in ids])


def close(db: Connection, scopes: Iterable[Scope], now: float, *, finished: bool = False) -> None:
    """Say that what these tasks, and all within them, were answered did its work: no answer is open to be replaced.

    Of a task that `finished`, all answers have reached it, and what it never came to ask again is cancelled.
    """
    for scope in scopes:
        waited = waits.look_within(db, scope) if finished else []
        db.execute(
            f"""update interrupts set version = case status when 'answered' then version else version + 1 end,
                   status = case status when 'waiting' then 'cancelled' else 'answered' end, consumed = 1
               where status not in ('superseded', 'cancelled') and {within("scope", ":scope")}
                   and (status = 'reopened' or :finished = 1 and (status = 'waiting' or status = 'answered'))""",
            {"scope": scope, "finished": int(finished)},
        )
        waits.ended(db, waited, now)


def reopen(db: Connection, ids: Iterable[InterruptId]) -> None:
    """Let answers with which a task failed be replaced. A tool approval is decided once and for all."""
    db.executemany(
        """update interrupts set status = 'reopened', version = version + 1
           where id = ? and status = 'answered' and consumed = 1 and kind = 'question'""",
        [(interrupt_id,) for interrupt_id in ids],
    )


def cancel(
    db: Connection,
    thread_id: ThreadId,
    ids: Iterable[InterruptId],
    now: float,
    *,
    by: str | None = None,
    team: str | None = None,
) -> None:
    """Take questions back. One that has expired stays so; nobody is told of it any more. `by` and `team` are for the
    audit.
    """
    for interrupt_id in ids:
        waited = waits.look(db, interrupt_id)
        changed = db.execute(
            """update interrupts set status = 'cancelled', version = version + 1
               where thread_id = ? and id = ? and status in ('waiting', 'reopened', 'answered')""",
            (thread_id, interrupt_id),
        )
        if changed.rowcount:
            audit_decision(db, interrupt_id, "cancelled", now, team=team, user=by)
        waits.ended(db, waited, now)
        db.execute("update interrupts set consumed = 1 where id = ? and status = 'expired'", (interrupt_id,))


def get(db: Connection, interrupt_id: str) -> InterruptRow | None:
    rows = select(db, "id = ?", (interrupt_id,))
    return rows[0] if rows else None


def of_ids(db: Connection, ids: Iterable[InterruptId]) -> list[InterruptRow]:
    return select(db, "id in (select value from json_each(?))", (Listed(ids),))


def of_calls(db: Connection, thread_id: ThreadId, call_ids: Iterable[str]) -> list[InterruptRow]:
    """The questions about these tool calls, as their payloads name them, oldest first."""
    return select(
        db,
        "+thread_id = ? and call in (select value from json_each(?))",
        (thread_id, Listed(map(json.dumps, call_ids))),
    )


def of_tasks(db: Connection, roots: Iterable[str]) -> list[InterruptRow]:
    """The questions of these tasks of the root graph that stand: not superseded, not cancelled."""
    return select(
        db,
        f"""seq in (select asked.seq from json_each(?) root join interrupts asked
                      on {within("asked.scope", "root.value")}
                   where asked.status not in ('superseded', 'cancelled'))""",
        (Listed(roots),),
    )


def recorded(db: Connection, roots: Iterable[str]) -> list[InterruptRow]:
    """All that these tasks of the root graph asked, in that order; not what something else was asked in place of."""
    return select(
        db,
        f"""seq in (select asked.seq from json_each(?) root join interrupts asked
                      on {within("asked.scope", "root.value")} where asked.status <> 'superseded')""",
        (Listed(roots),),
    )


def newly_answered(db: Connection, thread_id: ThreadId) -> list[InterruptRow]:
    """Questions that were answered, or expired, and their task has not heard of it yet."""
    return select(db, "thread_id = ? and status in ('answered', 'expired') and consumed = 0", (thread_id,))


def threads_with_news(db: Connection) -> list[ThreadId]:
    """Threads with an answer, or a deadline that passed, that has not reached its task."""
    return [
        ThreadId(row[0])
        for row in db.execute(
            "select distinct thread_id from interrupts where status in ('answered', 'expired') and consumed = 0"
        )
    ]


def find(
    db: Connection,
    *,
    status: str | None,
    kind: str | None,
    thread_id: str | None,
    asked_before: float | None,
    expires_before: float | None,
    limit: int,
) -> list[InterruptRow]:
    return select(
        db,
        """(status = ?1 or ?1 is null) and (kind = ?2 or ?2 is null) and (thread_id = ?3 or ?3 is null)
           and (created_at < ?4 or ?4 is null) and (expires_at < ?5 or ?5 is null)""",
        (status, kind, thread_id, asked_before, expires_before),
        limit=limit,
    )


def _refuse(db: Connection, thread_id: ThreadId, interrupt_id: InterruptId) -> NoReturn:
    found = get(db, interrupt_id)
    raise AnswerRefused(interrupt_id, found if found and found.thread_id == thread_id else None)


def audit_decision(
    db: Connection,
    interrupt_id: InterruptId,
    decision: str | None,
    now: float,
    *,
    team: str | None = None,
    user: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Audit what became of a question, if it is one that says what it is about."""
    row = get(db, interrupt_id)
    if row is None or row.about is None:
        return
    took = round(now - row.created_at, 3)
    everything = {**row.about, "decision": decision, "took": took, **(facts or {})}
    audit.append(db, audit.Entry("decision", now, row.thread_id, row.id, team, user, everything))


def _what(answer: str) -> str | None:
    """What an answer (JSON text) calls itself, as decisions do."""
    given: Any = json.loads(answer)
    kind = cast("dict[str, Any]", given).get("type") if isinstance(given, dict) else None
    return kind[: audit.LONGEST_ID] if isinstance(kind, str) else None


def select(
    db: Connection, where: str, parameters: tuple[Any, ...], *, order: str = "seq", limit: int | None = None
) -> list[InterruptRow]:
    most = "" if limit is None else f" limit {limit}"
    rows = db.execute(f"select {_COLUMNS} from interrupts where {where} order by {order}{most}", parameters)
    return [_read(row) for row in rows]


def _call(payload: object) -> str | None:
    """The tool call that a question is about, as the JSON text of its id: another program makes that, of any
    characters.
    """
    match payload:
        case {"tool_call_id": str(call_id)}:
            return json.dumps(call_id)
        case _:
            return None


def _read(row: Any) -> InterruptRow:
    columns = list(row)
    columns[9] = bool(columns[9])
    for index in (10, 12, 13, 21):
        columns[index] = None if columns[index] is None else json.loads(columns[index])
    return InterruptRow(*columns)
