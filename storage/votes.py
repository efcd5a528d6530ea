"""Votes: who approved a question that needs several, and what was known of them then."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from storage.ids import InterruptId
from storage.jobs import Connection
from storage.parameters import Listed


@dataclass(frozen=True)
class VoteRow:
    """One person's approval of one question. `facts` is who they were when they voted (JSON, read); `at` is in Unix
    seconds.
    """

    interrupt_id: InterruptId
    user: str
    team: str
    at: float
    facts: Mapping[str, Any]


def cast(db: Connection, vote: VoteRow) -> None:
    """Store a vote. A second one of the same person for the same question is an error of the database's."""
    db.execute(
        "insert into votes (interrupt_id, user, team, at, facts) values (?, ?, ?, ?, ?)",
        (vote.interrupt_id, vote.user, vote.team, vote.at, json.dumps(vote.facts)),
    )


def of(db: Connection, interrupt_ids: Iterable[InterruptId]) -> list[VoteRow]:
    """The votes for these questions, in the order in which they were cast."""
    return [
        VoteRow(row[0], row[1], row[2], row[3], json.loads(row[4]))
        for row in db.execute(
            """select interrupt_id, user, team, at, facts from votes
               where interrupt_id in (select value from json_each(?)) order by rowid""",
            (Listed(interrupt_ids),),
        )
    ]
