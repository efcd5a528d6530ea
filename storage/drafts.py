"""What was filled into the earlier views of a form that goes on over several, until the last is submitted."""

from __future__ import annotations

from storage.jobs import Connection

KEPT = 24 * 60 * 60.0
"""Seconds after which a form that nobody submitted is forgotten: Slack has closed it by then."""


def keep(db: Connection, form: str, page: int, state: str, now: float) -> None:
    """Store what a view held (JSON), in the place of what it held before. `form` is Slack's id of the first view."""
    db.execute("delete from drafts where at < ?", (now - KEPT,))
    db.execute(
        """insert into drafts (form, page, state, at) values (?, ?, ?, ?)
           on conflict (form, page) do update set state = excluded.state, at = excluded.at""",
        (form, page, state, now),
    )


def before(db: Connection, form: str, page: int) -> list[str]:
    """What the views below this one hold, the lowest first."""
    rows = db.execute("select state from drafts where form = ? and page < ? order by page", (form, page))
    return [row["state"] for row in rows]


def drop(db: Connection, form: str) -> None:
    """The form is done with."""
    db.execute("delete from drafts where form = ?", (form,))
