"""Where a thread is: the state between two steps and the tasks that are due; and how that becomes rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from pydantic import ValidationError

from graphs.errors import GraphChanged
from graphs.runtime.shapes import copied
from graphs.runtime.state import StateSchema, dump
from graphs.runtime.step import Joins, Task, dump_tasks, load_tasks
from storage import Connection, checkpoints
from storage.checkpoints import CheckpointRow, ValueChange
from storage.ids import CheckpointId, Namespace, Scope, ThreadId


@dataclass(frozen=True)
class Position:
    """A checkpoint in memory. `versions` says for each key which checkpoint stored it.

    `since` is the step at which the current input came (the recursion limit counts from there), `by` who gave it, `ran`
    the nodes whose writes made this state. Of the root graph, `kept` says at which checkpoint the last call ended of
    each graph that keeps its state. Of a graph called in another, `begun_on` is the checkpoint whose state it kept, and
    `upward`, as JSON, what it commands the node that called it.
    """

    checkpoint_id: CheckpointId
    parent_id: CheckpointId | None
    source: str
    step: int
    values: dict[str, Any]
    versions: dict[str, str]
    tasks: tuple[Task, ...]
    joins: Joins
    since: int = 0
    by: str | None = None
    ran: tuple[str, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict[str, str])
    begun_on: str | None = None
    upward: tuple[Any, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    stored: bool = False

    def follow(self, checkpoint_id: CheckpointId, **changes: Any) -> Position:
        """The position after this one. What does not change is taken over as it is: this is done for every step."""
        position = object.__new__(Position)
        vars(position).update(
            {**vars(self), **changes, "checkpoint_id": checkpoint_id, "parent_id": self.checkpoint_id, "stored": False}
        )
        return position


def before_all(schema: StateSchema) -> Position:
    """Where a thread is that has seen nothing: no checkpoint says so."""
    return Position(CheckpointId(""), None, "input", -1, schema.initial(), {}, (), {})


def scope_of(ns: Namespace, task: Task) -> Scope:
    """The path that a task's questions and claims are kept under."""
    return Scope(f"{ns}/{task.id}" if ns else task.id)


def callers(ns: Namespace) -> list[Scope]:
    """The tasks that a nested graph runs in, outermost first, among the other paths that its own is made of."""
    parts = ns.split("/")
    return [Scope("/".join(parts[:end])) for end in range(1, len(parts))]


def normalise(schema: StateSchema, old: Position, new: Position) -> tuple[Position, list[ValueChange]]:
    """What `new` stores beyond `old`, and `new` with its values as a restart would give them."""
    changes: list[ValueChange] = []
    values = dict(new.values)
    versions = dict(old.versions)
    for key, value in new.values.items():
        before = old.values.get(key)
        base = versions.get(key)
        if base is not None and value is before:
            continue
        change, values[key] = _change(schema, key, base, before, value)
        if change is not None:
            changes.append(change)
            versions[key] = new.checkpoint_id
    parent_id = old.checkpoint_id if old.stored else None  # what lies between was not stored
    return replace(new, values=values, versions=versions, parent_id=parent_id, stored=True), changes


def unstored(schema: StateSchema, old: Position, new: Position) -> Position:
    """`new`, which is not stored for now, with what reducers made of its values as a restart would give it."""
    values = dict(new.values)
    for key, value in new.values.items():
        before = old.values.get(key)
        if schema.fields[key].reducer is not None and value is not before:
            _, values[key] = _change(schema, key, "", before, value)
    return replace(new, values=values)


def _change(schema: StateSchema, key: str, base: str | None, before: Any, value: Any) -> tuple[ValueChange | None, Any]:
    """How the new value is stored, None when it says the same as before; and the value as it will be read."""
    what = f"the value of {key!r}"
    if base is not None and isinstance(value, list) and isinstance(before, list):
        grown, kept = cast("list[Any]", value), cast("list[Any]", before)
        if len(grown) >= len(kept) and all(new is old or new == old for new, old in zip(grown, kept, strict=False)):
            if len(grown) == len(kept):
                return None, kept
            text = dump(grown[len(kept) :], what)
            return ValueChange(key, text, base), kept + list(schema.fields[key].load(text))
    text = dump(value, what)
    return ValueChange(key, text), schema.fields[key].load(text)


def to_row(
    position: Position, thread_id: ThreadId, ns: Namespace, now: float, results: str | None = None
) -> CheckpointRow:
    """The position as a row; `results` is what the tasks of the one before came to."""
    return CheckpointRow(
        position.checkpoint_id,
        thread_id,
        ns,
        position.parent_id,
        position.source,
        position.step,
        dump_tasks(position.tasks),
        json.dumps(position.joins),
        position.versions,
        position.metadata | _without_nothing(_beside(position)),
        now,
        results,
    )


def _beside(position: Position) -> dict[str, Any]:
    """What a row holds of a position beside its metadata."""
    return {
        "since": position.since,
        "by": position.by,
        "ran": list(position.ran),
        "kept": dict(position.kept),
        "begun_on": position.begun_on,
        "upward": list(position.upward),
    }


def _without_nothing(metadata: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if value}


def from_row(schema: StateSchema | None, row: CheckpointRow, stored: Mapping[str, Any]) -> Position:
    """The position that a row holds. Keys that the graph's state no longer has are left out; without a schema, of a
    graph whose code is not known, its values are plain JSON.

    Raises `GraphChanged` for a value that the state's type no longer takes, `UnreadableRow` for a damaged row.
    """
    values = schema.initial() if schema is not None else dict(stored)
    for key, plain in stored.items():
        if schema is not None and key in schema.fields:
            try:
                values[key] = schema.fields[key].load(json.dumps(plain))
            except ValidationError as error:
                raise GraphChanged(
                    f"checkpoint {row.checkpoint_id!r} of thread {row.thread_id!r} holds a value of {key!r} that this "
                    f"graph's state does not take: {error}"
                ) from error
    metadata = dict(row.metadata)
    try:
        tasks, joins = load_tasks(row.tasks), json.loads(row.joins)
    except (ValueError, KeyError, TypeError) as error:
        raise checkpoints.unreadable(row.thread_id, row.checkpoint_id, f"its tasks are damaged: {error}") from error
    return Position(
        row.checkpoint_id,
        row.parent_id,
        row.source,
        row.step,
        values,
        row.versions,
        tasks,
        joins,
        metadata.pop("since", 0),
        metadata.pop("by", None),
        tuple(metadata.pop("ran", ())),
        metadata.pop("kept", {}),
        metadata.pop("begun_on", None),
        tuple(metadata.pop("upward", ())),
        metadata,
        stored=True,
    )


def read(
    db: Connection,
    schema: StateSchema | None,
    thread_id: ThreadId,
    ns: Namespace,
    checkpoint_id: CheckpointId | None = None,
) -> tuple[CheckpointRow, Position] | None:
    """The newest position of a graph of the thread, or the one at `checkpoint_id`; None when there is none."""
    if checkpoint_id is not None:
        row = checkpoints.get(db, thread_id, checkpoint_id)
        row = row if row is not None and row.ns == ns else None
    else:
        row = checkpoints.newest(db, thread_id, ns)
    return None if row is None else (row, from_row(schema, row, checkpoints.values(db, row)))


def at(db: Connection, schema: StateSchema, thread_id: ThreadId, checkpoint_id: CheckpointId) -> Position:
    """The position at a checkpoint of whatever graph of the thread. Raises `UnreadableRow` when it is gone."""
    row = checkpoints.get(db, thread_id, checkpoint_id)
    if row is None:
        raise checkpoints.unreadable(thread_id, checkpoint_id, "it is gone, and a graph keeps its state in it")
    return from_row(schema, row, checkpoints.values(db, row))


def apart(position: Position) -> Position:
    """The position with containers of its own: lists, dicts and sets are copied, what is in them is shared."""
    return replace(position, values={key: copied(value) for key, value in position.values.items()})
