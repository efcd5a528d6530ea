"""Waits: how long questions have waited, and what ended it, for whoever watches.

Nothing of this is done while nobody does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from storage import events
from storage.events import WaitBegun, WaitOver
from storage.ids import Scope, ThreadId
from storage.jobs import Connection
from storage.scopes import within

ANSWERED = "answered"
UNREACHABLE = "unreachable"
"""Nobody who may decide could be reached."""

DECISIONS = {
    "approve": "approved",
    "edit": "edited",
    "reject": "rejected",
    "respond": "responded",
    "unreachable": UNREACHABLE,
    "it_ran": "it ran",
    "run_again": "run again",
    "give_up": "given up",
}
"""What becomes of a question about a tool call, by what its answer calls itself."""

OUTCOMES = (*DECISIONS.values(), ANSWERED, "expired", "cancelled", "superseded")
"""All that can end a wait."""


@dataclass(frozen=True)
class Waiting:
    """The questions of a kind that wait: how many, and when the oldest was asked (Unix seconds)."""

    kind: str
    count: int
    oldest: float


def waiting(db: Connection) -> list[Waiting]:
    """The questions that wait, by kind."""
    rows = db.execute("select kind, count(*), min(created_at) from interrupts where status = 'waiting' group by kind")
    return [Waiting(*row) for row in rows]


def message_of(db: Connection, thread_id: ThreadId, before: float) -> str | None:
    """The message that a thread worked on at this time (Unix seconds): Slack's name for the last one that it had read
    of those that had come by then. None for one that nobody wrote in.
    """
    found = db.execute(
        """select ts from inbox where thread_id = ? and status = 'done' and kind in ('message', 'retry')
               and received_at <= ? order by seq desc limit 1""",
        (thread_id, before),
    ).fetchone()
    return None if found is None else found[0]


def begun(kind: str) -> None:
    """A question of this kind was asked."""
    events.note(WaitBegun(kind))


def look(db: Connection, interrupt_id: str) -> list[str]:
    """The question, if it waits and somebody watches: for `ended`."""
    return _look(db, "id = :id", id=interrupt_id)


def look_within(db: Connection, scope: Scope) -> list[str]:
    """As `look`, the questions of a task and of all in it."""
    return _look(db, within("scope", ":scope"), scope=scope)


def ended(db: Connection, ids: Iterable[str], at: float) -> None:
    """Tell of those of these questions, which waited, that wait no more."""
    if events.is_heard():
        for each in ids:
            row = db.execute(
                """select id, thread_id, kind, status, created_at, answer, payload, terms, about from interrupts
                   where id = ? and status <> 'waiting'""",
                (each,),
            ).fetchone()
            if row is not None:
                events.note(_over(row, at))


def _look(db: Connection, condition: str, **values: str) -> list[str]:
    if not events.is_heard():
        return []
    rows = db.execute(f"select id from interrupts where status = 'waiting' and {condition}", values)
    return [row["id"] for row in rows]


def _over(row: Any, at: float) -> WaitOver:
    about_call: dict[str, Any] = {}
    terms: dict[str, Any] = json.loads(row["terms"] or "{}")
    if row["about"] is not None:  # what a graph's own question calls a call is not one
        payload, quorum = json.loads(row["payload"]), terms.get("terms", {}).get("quorum")
        about_call = {"tool": payload.get("name"), "call": payload.get("tool_call_id"), "quorum": quorum}
    return WaitOver(
        row["id"],
        row["thread_id"],
        row["kind"],
        UNREACHABLE if terms.get("unreached") else _outcome(row),
        row["created_at"],
        at,
        **about_call,
    )


def _outcome(row: Any) -> str:
    """One of `OUTCOMES`. What a graph's own question is answered with may call itself anything."""
    if row["status"] != "answered":
        return row["status"]
    given: Any = json.loads(row["answer"] or "null")
    is_decision = row["about"] is not None and isinstance(given, dict)
    return DECISIONS.get(str(cast("dict[str, Any]", given).get("type")), ANSWERED) if is_decision else ANSWERED
