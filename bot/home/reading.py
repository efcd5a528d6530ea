"""What is on record for one person: what they decided or had decided, and what questions are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bot.shown import naming, questions, timeline
from bot.shown.home import DECIDED_SHOWN
from bot.shown.overview import Usage
from graphs.agent import call_record
from graphs.agent.call_record import NOTHING, CallRecord
from graphs.agent.proposals import APPROVAL, IN_DOUBT
from storage import Connection, concerns, inbox, posts, usage
from storage.concerns import Concern
from storage.ids import InterruptId
from storage.interrupts import InterruptRow
from storage.posts import Post

CALLS = (APPROVAL, IN_DOUBT)
"""The questions that are about an agent's call."""

LOOKED_AT = 3 * DECIDED_SHOWN
"""Decided questions that are read for those that are shown: of one call there may be several."""


@dataclass(frozen=True)
class Past:
    """A question that was decided: the last one about its call, and what is on record of that."""

    row: InterruptRow
    record: CallRecord
    posts: Sequence[Post]
    at: float | None


@dataclass(frozen=True)
class Rows:
    """`titles` are those of the questions that wait, by id; `usage` is for those who may see it."""

    past: Sequence[Past]
    titles: Mapping[InterruptId, str]
    has_written: bool
    usage: Usage | None = None


def of_person(db: Connection, user: str, waiting: Iterable[Concern], today: date | None = None) -> Rows:
    """What was used is read up to `today`, by UTC, where that is given. A job."""
    titles = {each.row.id: title(each.row, _record(db, each.row)) for each in waiting}
    used = None if today is None else _usage(db, today)
    return Rows(_past(db, user), titles, inbox.has_written(db, user), used)


def _usage(db: Connection, today: date) -> Usage:
    week = (today - timedelta(days=6)).isoformat()
    days, people = usage.sums(db, "day", week), usage.sums(db, "person", week)
    return Usage([each for each in days if each.key == today.isoformat()], days, people)


def title(row: InterruptRow, record: CallRecord = NOTHING) -> str:
    """What a question is about, as people name it: an agent's call, or what a graph of one's own asks."""
    if row.kind not in CALLS:
        return questions.Card(row, {}).first_line
    payload: Mapping[str, Any] = row.payload
    if row.kind == IN_DOUBT and record.approval is not None:  # the call was asked about under this name
        payload = record.approval.payload
    return payload.get("title") or naming.headline(payload["name"], payload["args"])


def _past(db: Connection, user: str) -> list[Past]:
    found: dict[object, Past] = {}
    for row in concerns.decided(db, user, LOOKED_AT):
        record = _record(db, row, always=True)
        last = record.approval or row
        key = (row.thread_id, row.payload["tool_call_id"]) if record is not NOTHING else row.id
        if key in found or last.status not in ("answered", "expired"):
            continue
        found[key] = Past(last, record, _posts(db, last), last.answered_at or last.expires_at)
        if len(found) == DECIDED_SHOWN:
            break
    return list(found.values())


def _record(db: Connection, row: InterruptRow, *, always: bool = False) -> CallRecord:
    """Of the call that a question is about; nothing where it is about none, or where only its title is wanted and the
    question has that itself.
    """
    if row.kind not in CALLS or not (always or row.kind == IN_DOUBT):
        return NOTHING
    call_id: str = row.payload["tool_call_id"]
    return call_record.read(db, row.thread_id, [call_id]).get(call_id, NOTHING)


def _posts(db: Connection, row: InterruptRow) -> list[Post]:
    return [post for post in posts.beginning(db, subject(row)) if post.ts is not None]


def subject(row: InterruptRow) -> str:
    """What the post of a question is known by: that of the card with its call, or one of its own."""
    return timeline.calls_subject(row.terms["message_id"]) if row.kind in CALLS else questions.subject(row)
