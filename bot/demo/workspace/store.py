"""The workspace's file (`workspace.db`): what a restart shows again. All of its SQL is here.

Writes are committed at once, so that killing the process loses nothing that was answered or shown.
"""

import json
import sqlite3
from pathlib import Path
from typing import Any

from bot.demo.workspace.errors import NotOurFile

Json = dict[str, Any]

APPLICATION_ID = 0x574F524B
"""Stands in the file's header ("WORK"), so that another program's database is not taken for ours."""

SCHEMA = """
create table if not exists messages (channel text, ts text, body text not null, primary key (channel, ts)) strict;
create table if not exists events (position integer primary key, attempt integer, payload text not null) strict;
create table if not exists files (id text primary key, body text not null, content blob not null) strict;
create table if not exists homes (user text primary key, view text not null) strict;
"""


class Store:
    """One connection. `path` None keeps everything in memory."""

    def __init__(self, path: Path | None) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        try:
            self._claim(path)
        except (sqlite3.DatabaseError, NotOurFile) as error:
            self._db.close()
            raise NotOurFile(path or Path(":memory:")) from error
        self._db.execute("pragma journal_mode = wal")  # a reader outside (a curious person) does not block us
        self._db.execute("pragma synchronous = normal")  # a killed process loses nothing; only a power cut could
        self._db.executescript(SCHEMA)

    def _claim(self, path: Path | None) -> None:
        """Marks a new file as ours. Raises NotOurFile for somebody else's, before anything is written."""
        (mark,) = self._db.execute("pragma application_id").fetchone()
        (tables,) = self._db.execute("select count(*) from sqlite_schema").fetchone()
        if mark != APPLICATION_ID and tables and path:
            raise NotOurFile(path)
        self._db.execute(f"pragma application_id = {APPLICATION_ID}")

    def close(self) -> None:
        self._db.close()

    def messages(self) -> list[Json]:
        rows = self._db.execute("select body from messages order by ts")
        return [json.loads(body) for (body,) in rows]

    def save_message(self, body: Json) -> None:
        row = (body["channel"], body["ts"], json.dumps(body))
        self._db.execute("insert or replace into messages values (?, ?, ?)", row)

    def delete_message(self, channel: str, ts: str) -> None:
        self._db.execute("delete from messages where channel = ? and ts = ?", (channel, ts))

    def events(self) -> list[tuple[int, int, Json]]:
        """The events that the bot has not acked, in order: (position, attempts so far, payload)."""
        rows = self._db.execute("select position, attempt, payload from events order by position")
        return [(position, attempt, json.loads(payload)) for position, attempt, payload in rows]

    def add_event(self, payload: Json) -> int:
        """Keeps an event until it is acked; returns its place in the order."""
        inserted = self._db.execute(
            "insert into events (attempt, payload) values (0, ?) returning position", (json.dumps(payload),)
        )
        return inserted.fetchone()[0]

    def save_attempt(self, position: int, attempt: int) -> None:
        self._db.execute("update events set attempt = ? where position = ?", (attempt, position))

    def delete_event(self, position: int) -> None:
        self._db.execute("delete from events where position = ?", (position,))

    def save_file(self, body: Json, content: bytes) -> None:
        self._db.execute("insert or replace into files values (?, ?, ?)", (body["id"], json.dumps(body), content))

    def file(self, file: str) -> tuple[Json, bytes] | None:
        row = self._db.execute("select body, content from files where id = ?", (file,)).fetchone()
        return row and (json.loads(row[0]), row[1])

    def save_home(self, user: str, view: Json) -> None:
        self._db.execute("insert or replace into homes values (?, ?)", (user, json.dumps(view)))

    def homes(self) -> dict[str, Json]:
        return {user: json.loads(view) for user, view in self._db.execute("select user, view from homes")}
