"""A database with rows of every kind, odd ones among them; and what is in one, read as nobody else reads it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from storage import Connection, audit, looking
from storage.audit import Entry
from storage.errors import NotOurDatabase
from storage.migrations import APPLICATION_ID, MIGRATIONS

ODD = "a 'quoted' \"text\"\n\twith \\N \\x00, tabs, Ünicode ☃ 𝄞 and\r\nlines"
BIG = 2**62 + 1

ROWS: dict[str, list[tuple[Any, ...]]] = {
    "threads": [
        ("T/C/1.0", "waiting", "gone", BIG, 7, 1.1, 2.2, 0, None, None),
        (ODD, "done", None, 3, 1, 1e-9, 1e9 + 0.1, 2, "[1,2]", "stop"),
    ],
    "checkpoints": [
        (5, "c1", "T/C/1.0", "", None, 2, "loop", -1, "[]", "{}", '{"messages":"c1"}', "{}", 1.5, None),
        (9, "c2", ODD, "a/b", "c1", 2, "loop", 0, "[]", "{}", "{}", "{}", 2.5, "[]"),
    ],
    "state_values": [("T/C/1.0", "c1", "messages", None, f'["{"x" * 5000}"]'), (ODD, "c2", "k", "c1", "[]")],
    "tasks": [("task", "T/C/1.0", "paused", None, None, ODD, 3.0)],
    "interrupts": [
        # A question that was answered, which no row begins as.
        (
            *(3, "i1", "T/C/1.0", "", "task", 0, "node", "approval", "answered", 2, 1, '{"a":1}', "d", None, "{}"),
            *("U0ANA", None, 1.0, 9.0, '"yes"', "U0LEA", 2.0, "about", '"call"'),
        )
    ],
    "answers": [("i1", '"no"', "U0MAX", 1.0), ("i1", '"yes"', "U0LEA", 2.0)],
    "votes": [("i1", "U0ZOE", "T", 1.0, "{}"), ("i1", "U0ANA", "T", 2.0, "{}"), ("i2", "U0ANA", "T", 0.5, "{}")],
    "claims": [("task", "mail", "T/C/1.0", "idem", "in doubt", None, None, 1.0, 2.0)],
    "inbox": [(4, "e1", "message", "T/C/1.0", "T", "C", "1.0", "1.0", "U0ANA", ODD, "done", 1.0)],
    "conversations": [("T/C/1.0", "T", "C", "1.0", 7, None, BIG, 0, None, "https://x")],
    "posts": [("card:c1", "T/C/1.0", "C", "2.0", "digest", 1.0, "1.0", None, None)],
    "homes": [("U0ANA", "D0ANA", 1.0, None, None)],
    "drafts": [("V1", 0, '{"a":"b"}', 1.0)],
    "feedback": [("T/C/1.0", "m1", "U0ANA", 1, 1.0)],
    "attachments": [("i1", "card:c1", "T/C/1.0", None, 1.0)],
    "usage": [("m1", "T/C/1.0", "U0ANA", "2026-09-01", "small", 12_000, 3)],
    "pins": [("git", "log", "d", "{}", 1.0, None, None, None, None, None)],
    "kept_results": [("T/C/1.0", "call", 0, "a.png", "image/png", bytes(range(256)), 1.0, None)],
}
"""By table, in the order of the columns; of those at the end that were added later, null."""


def fill(path: Path, version: int = len(MIGRATIONS)) -> Path:
    """Make the file, of a version. One of an older version has only a thread and what is on record of it."""
    path.touch(0o600)
    with closing(sqlite3.connect(path)) as db:
        for statement in (each for statements in MIGRATIONS[:version] for each in statements):
            db.execute(statement)
        db.execute(f"pragma application_id = {APPLICATION_ID}")
        db.execute(f"pragma user_version = {version}")
        if version == len(MIGRATIONS):
            for table, rows in ROWS.items():
                names = ", ".join(f'"{name}"' for name in columns(db, table))
                count = names.count(",") + 1
                places = ", ".join("?" * count)
                db.executemany(
                    f"insert into {table} ({names}) values ({places})",
                    [(*row, *[None] * (count - len(row))) for row in rows],
                )
        else:
            db.execute("insert into threads (thread_id, status, created_at, updated_at) values ('old', 'done', 1, 2)")
        db.row_factory = sqlite3.Row
        for number in range(3):
            audit.append(db, Entry("run", 1.0 + number, "T/C/1.0", "i1", "T", "U0ANA", {"tool": ODD}))
        db.execute("update sqlite_sequence set seq = 40 where name = 'inbox'")  # the last ones were deleted
        db.commit()
    return path


def more(url: str) -> None:
    """Put twelve megabytes into the file."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db:
        db.execute(
            """with recursive n (i) as (select 1 union all select i + 1 from n where i < 20000)
               insert into state_values select 'T/C/1.0', 'many' || i, 'k', null, hex(randomblob(300)) from n"""
        )
        db.commit()


def columns(db: Connection, table: str) -> list[str]:
    return [row[1] for row in db.execute(f"pragma table_info({table})")]


def reference() -> dict[str, list[str]]:
    """The tables of this version and their columns, without who is at work."""
    with closing(sqlite3.connect(":memory:")) as db:
        for statement in (each for statements in MIGRATIONS for each in statements):
            db.execute(statement)
        names = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
        return {name: columns(db, name) for name in names if name != "owners" and not name.startswith("sqlite_")}


def all_in(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in no order."""

    def job(db: Connection) -> dict[str, list[tuple[Any, ...]]]:
        found: dict[str, list[tuple[Any, ...]]] = {}
        for table, names in reference().items():
            listed = ", ".join(f'"{name}"' for name in names)
            found[table] = sorted((tuple(row) for row in db.execute(f"select {listed} from {table}")), key=repr)
        return found

    return looking.read(url, job)


def is_empty(url: str) -> bool:
    """Whether there is nothing, or nothing in it."""
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite") and (not path.exists() or not path.stat().st_size):
        return True
    try:
        return not any(all_in(url).values())
    except NotOurDatabase as error:
        return "is empty, and this Signoff" in str(error)
