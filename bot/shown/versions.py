"""Which version of each question a card shows. It rides in the ids of the card's blocks, which Slack gives back with
each click and each message: so it is seen when Slack shows a later one than our own record has.

That is so when an older copy of the database was put back: what was decided since is not on record, and may have run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from storage import Connection, interrupts
from storage.ids import InterruptId
from storage.interrupts import InterruptRow

WHY = "an older copy of the database was put back, and this was decided since: it may have run already"

_BLOCK = re.compile(r"[a-z-]+:([0-9a-f]{32}):(\d{1,15})")


def block_id(kind: str, question: InterruptRow | None) -> str:
    """Of a block of this kind (`decide`, `doubt`, or how the call stands): another one for each version of the card."""
    return f"{kind}:{question.id}:{question.version}" if question is not None else kind


def shown_in(block_ids: Iterable[str]) -> dict[str, int]:
    """The versions of the questions that a message shows, by question."""
    found: dict[str, int] = {}
    for text in block_ids:
        if (match := _BLOCK.fullmatch(text)) is not None:
            found[match[1]] = max(int(match[2]), found.get(match[1], 0))
    return found


def is_later(db: Connection, shown: Mapping[str, int], about: Iterable[str]) -> bool:
    """Whether a message shows something later of these questions than what is on record: one of them, or what took its
    place, which is not there at all. Where nothing is there, their thread was deleted. A job.
    """
    if not shown:
        return False
    known = {row.id: row.version for row in interrupts.of_ids(db, map(InterruptId, {*shown, *about}))}
    return bool(known) and any(known.get(InterruptId(id_), -1) < version for id_, version in shown.items())


def put_on_record(db: Connection, shown: Mapping[str, int], waiting: Iterable[InterruptRow], now: float) -> None:
    """Say of these questions, which the message is about, why they wait again. Their versions are later than all that
    Slack has shown: what is decided from now on is decided upon that. A job.
    """
    latest = max(shown.values(), default=0)
    for row in waiting:
        interrupts.asked_again(db, row.id, latest, WHY, now)
