"""Claims: the durable mark that an effect may have begun, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from storage import audit, events, threads
from storage.errors import ClaimMoved
from storage.ids import Scope, ThreadId
from storage.jobs import Connection
from storage.parameters import Listed
from storage.scopes import within

ClaimStatus = Literal["claimed", "done", "failed", "paused", "in doubt"]


@dataclass(frozen=True)
class ClaimRow:
    """A claim as stored. `result` is JSON text when `done`; `error` is a message when `failed`. Times are Unix
    seconds.
    """

    scope: Scope
    key: str
    thread_id: ThreadId
    idempotency_key: str
    status: ClaimStatus
    result: str | None
    error: str | None
    claimed_at: float
    settled_at: float | None


_COLUMNS = "scope, key, thread_id, idempotency_key, status, result, error, claimed_at, settled_at"


def put(db: Connection, row: ClaimRow, about: Mapping[str, Any] | None = None) -> None:
    """Store a claim, or what became of it. Not fenced: the late end of an effect still settles its claim.

    With `about`, what the effect is about in ids, digests and names, it is audited as a run or its outcome.
    `about["interrupt_id"]` is the question that allowed it, `about["outcome"]` what is said in the place of "done".

    The transaction raises `ClaimMoved` when it cannot become this from what it is (`states.CLAIM`, which the connection
    is guarded by), and this does when its thread was deleted.
    """
    changed = db.execute(
        f"""insert into claims ({_COLUMNS}) select ?, ?, ?, ?, ?, ?, ?, ?, ?
                where exists (select 1 from threads where thread_id = ?)
            on conflict (scope, key) do update set status = excluded.status, result = excluded.result,
                error = excluded.error, claimed_at = excluded.claimed_at, settled_at = excluded.settled_at""",
        (
            row.scope,
            row.key,
            row.thread_id,
            row.idempotency_key,
            row.status,
            row.result,
            row.error,
            row.claimed_at,
            row.settled_at,
            row.thread_id,
        ),
    )
    if changed.rowcount != 1:
        raise ClaimMoved(f"thread {row.thread_id!r} of claim {row.key!r} is not there any more")
    threads.touch(db, row.thread_id, row.settled_at or row.claimed_at)
    if about is not None and row.status != "paused":
        _audit(db, row, about)


def _audit(db: Connection, row: ClaimRow, about: Mapping[str, Any]) -> None:
    facts = {**about, "key": row.key[: audit.LONGEST_ID], "idempotency_key": row.idempotency_key}
    interrupt_id = facts.pop("interrupt_id", None)
    if row.status == "claimed":
        entry = audit.Entry("run", row.claimed_at, row.thread_id, interrupt_id, facts=facts)
    else:
        at = row.settled_at or row.claimed_at
        ended = facts.get("outcome", "done") if row.status == "done" else row.status
        facts |= {"outcome": ended, "took": round(at - row.claimed_at, 3)}
        entry = audit.Entry("outcome", at, row.thread_id, interrupt_id, facts=facts)
        events.note(_over(row, facts, at))
    audit.append(db, entry)


def _over(row: ClaimRow, facts: Mapping[str, Any], at: float) -> events.EffectOver:
    tool, call = str(facts.get("tool", "")), str(facts.get("call", ""))
    return events.EffectOver(row.thread_id, tool, call, str(facts["outcome"]), row.claimed_at, at)


def of_tasks(db: Connection, roots: Iterable[str]) -> list[ClaimRow]:
    """The claims of these tasks of the root graph."""
    return [
        ClaimRow(*row)
        for row in db.execute(
            f"""select {_COLUMNS} from (select value from json_each(?)) root join claims
                on {within("scope", "root.value")}""",
            (Listed(roots),),
        )
    ]


def of_keys(db: Connection, thread_id: ThreadId, keys: Iterable[str]) -> list[ClaimRow]:
    """The claims under these keys in whatever task of the thread, the first first."""
    return [
        ClaimRow(*row)
        for row in db.execute(
            f"""select {_COLUMNS} from claims where thread_id = ? and key in (select value from json_each(?))
                order by claimed_at""",
            (thread_id, Listed(keys)),
        )
    ]
