"""Usage: the tokens that a model's replies took, by day (UTC), person and thread.

Of a thread that is deleted the sums stay, by day, person and model, since a bill is still to be explained by them. Its
identity goes: nothing of these rows tells any more which conversation it was, nor which replies were of one.
"""

from __future__ import annotations

import secrets
from dataclasses import astuple, dataclass
from typing import Literal

from storage.ids import ThreadId
from storage.jobs import Connection

By = Literal["day", "person", "thread"]

_COLUMNS: dict[By, str] = {"day": "day", "person": "coalesce(person, '')", "thread": "thread_id"}
_ORDERS: dict[By, str] = {"day": "key", "person": "tokens desc, key", "thread": "tokens desc, key"}


@dataclass(frozen=True)
class Used:
    """What one of the model's replies took. `person` is whom it was for, None for nobody that is known; `day` is an ISO
    date.
    """

    message_id: str
    thread_id: ThreadId
    person: str | None
    day: str
    model: str
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True)
class Sum:
    """What all replies took that have this day, person or thread in common. `key` is empty for a person that is not
    known, and for threads that were deleted.
    """

    key: str
    replies: int
    prompt_tokens: int
    completion_tokens: int

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


def put(db: Connection, used: Used) -> None:
    """Add it. A reply that was asked for again, after it failed, took both."""
    db.execute(
        """insert into usage (message_id, thread_id, person, day, model, prompt_tokens, completion_tokens)
           values (?, ?, ?, ?, ?, ?, ?)
           on conflict (day, message_id) do update set
               prompt_tokens = usage.prompt_tokens + excluded.prompt_tokens,
               completion_tokens = usage.completion_tokens + excluded.completion_tokens""",
        astuple(used),
    )


def sums(db: Connection, by: By, since: str) -> list[Sum]:
    """The sums from this day on (an ISO date): by day the oldest first, else the most tokens first."""
    rows = db.execute(
        f"""select {_COLUMNS[by]} as key, count(*), sum(prompt_tokens), sum(completion_tokens),
                   sum(prompt_tokens + completion_tokens) as tokens
            from usage where day >= ? group by key order by {_ORDERS[by]}""",
        (since,),
    )
    return [Sum(*row[:4]) for row in rows]


def forget(db: Connection, thread_id: ThreadId) -> None:
    """Keep the sums of this thread by day, person and model, under ids that say nothing."""
    rows = db.execute("select day, message_id from usage where thread_id = ?", (thread_id,)).fetchall()
    db.executemany(
        "update usage set thread_id = '', message_id = ? where day = ? and message_id = ?",
        [(secrets.token_hex(16), row["day"], row["message_id"]) for row in rows],
    )
