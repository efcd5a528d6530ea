"""Homes: what the bot's Home tab shows of each person who opened it once, so that it can be kept up to date."""

from __future__ import annotations

from dataclasses import dataclass

from storage import owners
from storage.ids import OwnerId
from storage.jobs import Connection


@dataclass(frozen=True)
class Home:
    """Somebody's Home. `channel` is their direct message with the bot; `shown` is the digest of what Slack shows, None
    until it shows something. Times are Unix seconds.
    """

    user: str
    channel: str
    opened_at: float
    shown: str | None = None
    published_at: float | None = None

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody looks at it who has not been shown it since they opened it."""
        return self.published_at is None or self.published_at < self.opened_at


_COLUMNS = "user, channel, opened_at, shown, published_at"


def opened(db: Connection, user: str, channel: str, now: float) -> None:
    """Somebody opened it."""
    db.execute(
        """insert into homes (user, channel, opened_at) values (?1, ?2, ?3)
           on conflict (user) do update set channel = excluded.channel, opened_at = excluded.opened_at""",
        (user, channel, now),
    )


def every(db: Connection) -> list[Home]:
    """Those who look at it now first."""
    return [
        Home(*row)
        for row in db.execute(
            f"""select {_COLUMNS} from homes
                order by published_at is not null and published_at >= opened_at, opened_at desc"""
        )
    ]


def take(db: Connection, user: str, owner: OwnerId) -> Home | None:
    """Somebody's Home as it is, now published by `owner`; None when there is none, or a live owner publishes it. So
    that of several bots the one that publishes last is the one whose view is on record.
    """
    row = db.execute(f"select {_COLUMNS}, shower from homes where user = ?", (user,)).fetchone()
    if row is None or (row["shower"] not in (None, owner) and owners.is_alive(db, OwnerId(row["shower"]))):
        return None
    db.execute("update homes set shower = ? where user = ?", (owner, user))
    return Home(*tuple(row)[:-1])


def published(db: Connection, home: Home, owner: OwnerId, shown: str, now: float) -> None:
    """Slack shows this of it, whatever was opened meanwhile; others may publish it. Where another owner does by now, it
    may not be what Slack shows: it is waited for anew.
    """
    done = db.execute(
        "update homes set shown = ?, published_at = ?, shower = null where user = ? and shower = ?",
        (shown, now, home.user, owner),
    )
    if done.rowcount != 1:
        db.execute("update homes set published_at = null where user = ?", (home.user,))


def give_back(db: Connection, user: str, owner: OwnerId) -> None:
    """Others may publish it. No error when it is not ours any more."""
    db.execute("update homes set shower = null where user = ? and shower = ?", (user, owner))
