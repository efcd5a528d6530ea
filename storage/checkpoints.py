"""Checkpoints: the state between steps, stored as what changed.

A checkpoint names, for each key, the checkpoint that last wrote it. A value that only grew is stored as what was
appended, with `base` naming where the rest is: a conversation of n turns costs O(n) bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from storage.errors import UnreadableRow
from storage.ids import CheckpointId, Namespace, Scope, TaskId, ThreadId
from storage.jobs import Connection
from storage.parameters import Listed, Paired
from storage.scopes import within

FORMAT = 2
"""Of the JSON in a checkpoint's columns. A row with a higher number is refused, lower ones are read as they were
meant: 1 has no results, and names itself in its versions.
"""

_ITSELF = ""
"""In the versions of a row: the row's own id, which most of them are."""


@dataclass(frozen=True)
class CheckpointRow:
    """A checkpoint as stored. `versions` maps key → checkpoint; `tasks`, `joins` and `results` are the runtime's own
    JSON.

    `results` says what the tasks of its parent came to; None where nothing is recorded of that.
    """

    checkpoint_id: CheckpointId
    thread_id: ThreadId
    ns: Namespace
    parent_id: CheckpointId | None
    source: str
    step: int
    tasks: str
    joins: str
    versions: dict[str, str]
    metadata: dict[str, Any]
    created_at: float
    results: str | None = None


@dataclass(frozen=True)
class ValueChange:
    """What a checkpoint stores of one key: the whole value, or the items appended to the one at `base`."""

    key: str
    data: str
    base: str | None = None


_COLUMNS = """checkpoint_id, thread_id, ns, parent_id, source, step, tasks, joins, versions, metadata, created_at,
              results, format"""


def save(db: Connection, row: CheckpointRow, changes: list[ValueChange]) -> None:
    db.execute(
        f"insert into checkpoints ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.checkpoint_id,
            row.thread_id,
            row.ns,
            row.parent_id,
            row.source,
            row.step,
            row.tasks,
            row.joins,
            json.dumps(_named(row.versions, row.checkpoint_id, _ITSELF), separators=(",", ":")),
            json.dumps(row.metadata, separators=(",", ":")),
            row.created_at,
            row.results,
            FORMAT,
        ),
    )
    if changes:
        db.executemany(
            "insert into state_values (thread_id, checkpoint_id, key, base, data) values (?, ?, ?, ?, ?)",
            [(row.thread_id, row.checkpoint_id, change.key, change.base, change.data) for change in changes],
        )


def newest(db: Connection, thread_id: ThreadId, ns: Namespace) -> CheckpointRow | None:
    rows = history(db, thread_id, ns, limit=1)
    return rows[0] if rows else None


def get(db: Connection, thread_id: ThreadId, checkpoint_id: CheckpointId) -> CheckpointRow | None:
    row = db.execute(
        f"select {_COLUMNS} from checkpoints where thread_id = ? and checkpoint_id = ?", (thread_id, checkpoint_id)
    ).fetchone()
    return None if row is None else _read(row)


def history(
    db: Connection, thread_id: ThreadId, ns: Namespace, *, limit: int, before: CheckpointId | None = None
) -> list[CheckpointRow]:
    """Newest first; with `before`, only older ones than that."""
    return [
        _read(row)
        for row in db.execute(
            f"""select {_COLUMNS} from checkpoints where thread_id = :thread and ns = :ns
            and (seq < (select seq from checkpoints where checkpoint_id = :before) or :before is null)
            order by seq desc limit :limit""",
            {"thread": thread_id, "ns": ns, "before": before, "limit": limit},
        )
    ]


def followers(db: Connection, thread_id: ThreadId, ns: Namespace, ids: Iterable[CheckpointId]) -> list[CheckpointRow]:
    """The checkpoints that record what the tasks of these came to. No index names a parent: what follows is newer."""
    return [
        _read(row)
        for row in db.execute(
            f"""select {_COLUMNS} from checkpoints where thread_id = :thread and ns = :ns and results is not null
                and seq > (select min(seq) from checkpoints where checkpoint_id in (select value from json_each(:ids)))
                and parent_id in (select value from json_each(:ids)) order by seq""",
            {"thread": thread_id, "ns": ns, "ids": Listed(ids)},
        )
    ]


def descends(db: Connection, newer: CheckpointId, older: CheckpointId) -> bool:
    """Whether a checkpoint follows from another, over however many steps."""
    found = db.execute(
        """with recursive line (id) as (
               select checkpoint_id from checkpoints where checkpoint_id = :newer
               union select parent_id from line join checkpoints on checkpoint_id = id where parent_id is not null)
           select 1 from line where id = :older""",
        {"newer": newer, "older": older},
    ).fetchone()
    return found is not None


def newest_with(db: Connection, thread_id: ThreadId, ns: Namespace, task_id: TaskId) -> CheckpointRow | None:
    """The newest checkpoint of a graph at which this task was due."""
    rows = db.execute(
        f"""select {_COLUMNS} from checkpoints where thread_id = ? and ns = ? and tasks like ? order by seq desc""",
        (thread_id, ns, f"%{task_id}%"),  # at which it was due, or named
    )
    return next((row for row in map(_read, rows) if task_id in _due(row.tasks)), None)


def namespaces(db: Connection, thread_id: ThreadId, scope: Scope) -> list[Namespace]:
    """Those of the graphs that were called in a task, and in theirs, in the order in which they began."""
    return [
        Namespace(row["ns"])
        for row in db.execute(
            f"""select ns from checkpoints where thread_id = ?1 and {within("ns", "?2")} group by ns
                order by min(seq)""",
            (thread_id, scope),
        )
    ]


def values(db: Connection, row: CheckpointRow) -> dict[str, Any]:
    """The plain JSON value of every key at this checkpoint, put together from its parts."""
    parts = db.execute(
        """with recursive part (key, base, data, depth) as (
               select v.key, v.base, v.data, 0 from json_each(:versions) named
                   join state_values v on v.thread_id = :thread and v.checkpoint_id = named.value and v.key = named.key
               union all
               select v.key, v.base, v.data, depth + 1 from part
                   join state_values v
                       on v.thread_id = :thread and v.checkpoint_id = part.base and v.key = part.key)
           select key, base, data from part order by key, depth desc""",
        {"thread": row.thread_id, "versions": Paired(row.versions)},
    ).fetchall()
    found: dict[str, Any] = {}
    try:
        for key, base, data in parts:
            if base is None:
                found[key] = json.loads(data)
            else:
                found[key].extend(json.loads(data))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise unreadable(row.thread_id, row.checkpoint_id, f"a value is damaged: {error}") from error
    if lost := row.versions.keys() - found.keys():
        raise unreadable(row.thread_id, row.checkpoint_id, f"the values of {sorted(lost)!r} are gone")
    return found


def prune(db: Connection, thread_id: ThreadId, keep: int) -> None:
    """Forget all but the newest `keep` checkpoints of the thread, and of the graphs called inside its tasks all but
    the newest of those in flight and those whose state is kept for the next call (`kept` in the metadata of a
    checkpoint that stays). Values that a checkpoint is put together from stay with it.
    """
    db.execute(
        """delete from checkpoints where thread_id = :thread and ns = '' and seq not in (
               select seq from checkpoints where thread_id = :thread and ns = '' order by seq desc limit :keep)""",
        {"thread": thread_id, "keep": keep},
    )
    found = db.execute(f"select {_COLUMNS} from checkpoints where thread_id = ? order by seq", (thread_id,))
    rows = [_read(row) for row in found]
    left = _without_ended_calls(rows)
    stays = {row.checkpoint_id for row in left}
    db.executemany(
        "delete from checkpoints where checkpoint_id = ?",
        [(row.checkpoint_id,) for row in rows if row.checkpoint_id not in stays],
    )
    _prune_values(db, thread_id, left)


def _without_ended_calls(rows: list[CheckpointRow]) -> list[CheckpointRow]:
    """Of a thread's checkpoints, the oldest first, those that `prune` leaves of the graphs called inside its tasks, and
    all others.
    """
    roots = [row for row in rows if not row.ns]
    due = _due(roots[-1].tasks) if roots else set[str]()
    kept = {checkpoint_id for row in roots for checkpoint_id in row.metadata.get("kept", {}).values()}
    newest_ids = {row.ns: row.checkpoint_id for row in rows}
    in_flight = {checkpoint_id for ns, checkpoint_id in newest_ids.items() if ns.partition("/")[0] in due}
    return [row for row in rows if not row.ns or row.checkpoint_id in kept | in_flight]


def _prune_values(db: Connection, thread_id: ThreadId, left: list[CheckpointRow]) -> None:
    """Forget the values that none of these checkpoints, which are all that the thread has, is put together from."""
    found = db.execute("select checkpoint_id, key, base from state_values where thread_id = ?", (thread_id,))
    bases: dict[tuple[str, str], str | None] = {(row["checkpoint_id"], row["key"]): row["base"] for row in found}
    needed: set[tuple[str, str]] = set()
    for row in left:
        for key, version in row.versions.items():
            part: str | None = version
            while part is not None and (part, key) not in needed:
                needed.add((part, key))
                part = bases.get((part, key))
    db.executemany(
        "delete from state_values where thread_id = ? and checkpoint_id = ? and key = ?",
        [(thread_id, *place) for place in bases.keys() - needed],
    )


def _due(tasks: str) -> set[str]:
    """The ids of the tasks that are due at a checkpoint."""
    return {task["id"] for task in json.loads(tasks)}


def _read(row: Any) -> CheckpointRow:
    *columns, format_ = row
    if format_ > FORMAT:
        raise unreadable(
            row[1], row[0], f"it has format {format_}, this version knows {FORMAT}; install the newer version"
        )
    try:
        columns[8] = _named(json.loads(columns[8]), _ITSELF, row[0])
        columns[9] = json.loads(columns[9])
    except ValueError as error:
        raise unreadable(row[1], row[0], f"it is damaged: {error}") from error
    return CheckpointRow(*columns)


def _named(versions: dict[str, str], old: str, new: str) -> dict[str, str]:
    return {key: new if version == old else version for key, version in versions.items()}


def unreadable(thread_id: str, checkpoint_id: str, why: str) -> UnreadableRow:
    """The error that names where the damage is."""
    return UnreadableRow(f"checkpoint {checkpoint_id!r} of thread {thread_id!r} cannot be read: {why}")
