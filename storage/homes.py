"""Homes: what the bot's Home tab shows of each person who opened it once, so that it can be kept up to date."""

from __future__ import annotations

from dataclasses import dataclass

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


def published(db: Connection, home: Home, shown: str, now: float) -> None:
    """Slack shows this of it, whatever was opened meanwhile."""
    db.execute("update homes set shown = ?, published_at = ? where user = ?", (shown, now, home.user))
