"""What the tasks of a step came to, as the checkpoint after it records it.

Most of what a task wrote is in the state then, so it is recorded by where it stands there, and in full only where it
stands nowhere: a history that shows every result costs no second copy of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from graphs.errors import InvalidUpdateError
from graphs.runtime.ledger import Finished, Ledger
from graphs.runtime.positions import scope_of
from graphs.runtime.state import StateSchema, Write
from graphs.runtime.step import Task
from storage.ids import Namespace, TaskId


@dataclass(frozen=True, slots=True)
class Ended:
    """How a task ended: what it wrote, None when it did not finish, and the last error that it had."""

    writes: Sequence[Write] | None = None
    error: str | None = None


def ends(
    ledger: Ledger, ns: Namespace, tasks: Iterable[Task], results: Mapping[TaskId, Finished]
) -> dict[TaskId, Ended]:
    """How these tasks of a step in flight stand, by `results` and by what is stored of them."""
    found: dict[TaskId, Ended] = {}
    for task in tasks:
        row = ledger.tasks.get(scope_of(ns, task))
        if task.id in results or row is not None:
            writes = results[task.id].writes if task.id in results else None
            found[task.id] = Ended(writes, row.error if row is not None else None)
    return found


def dump_results(
    schema: StateSchema,
    tasks: Iterable[Task],
    ended: Mapping[TaskId, Ended],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> str | None:
    """JSON, one entry a task of the step, null for one of which there is nothing to say; None when that is so of all.

    An entry is a list of writes, or {"error", "writes"?}. A write is "key" (all that the state has of it), [key, index]
    or [key, start, end] (an item of the list there, or some), or {key: value}. `before` and `after` are the state
    before and after the step.
    """
    ends_at: dict[str, int] = {}
    entries: list[str] = []
    for task in tasks:
        end = ended.get(task.id, Ended())
        writes = None
        if end.writes is not None:
            writes = f"[{','.join(_dump_write(schema, write, ends_at, before, after) for write in end.writes)}]"
        if end.error is not None:
            rest = "" if writes is None else f',"writes":{writes}'
            writes = f'{{"error":{json.dumps(end.error)}{rest}}}'
        entries.append(writes or "null")
    return f"[{','.join(entries)}]" if any(entry != "null" for entry in entries) else None


def _dump_write(
    schema: StateSchema, write: Write, ends_at: dict[str, int], before: Mapping[str, Any], after: Mapping[str, Any]
) -> str:
    """`ends_at` says for lists that grew how much of what was added is named by earlier writes."""
    key, value, now = json.dumps(write.key), write.value, after.get(write.key)
    if _is_same(value, now):
        return key
    if isinstance(now, list):
        grown, items = cast("list[Any]", now), cast("list[Any]", value if isinstance(value, list) else [value])
        start = ends_at.get(write.key, len(before.get(write.key) or ()))
        end = start + len(items)
        if end <= len(grown) and all(_is_same(item, grown[start + n], named=True) for n, item in enumerate(items)):
            ends_at[write.key] = end
            return f"[{key},{start},{end}]" if isinstance(value, list) else f"[{key},{start}]"
    return f"{{{key}:{schema.dump_write(write)}}}"


def _is_same(written: Any, stands: Any, *, named: bool = False) -> bool:
    """Whether what stands there is what was written; `named`: also where it was given an id on the way."""
    if written is stands:
        return True
    if type(written) is not type(stands):
        return False
    if named and isinstance(written, dict) and cast("dict[str, Any]", written).get("id") is None:
        own, kept = cast("dict[str, Any]", written), cast("dict[str, Any]", stands)
        return {**own, "id": kept.get("id")} == kept
    return bool(written == stands)


def load_results(
    schema: StateSchema | None, text: str, tasks: Iterable[Task], state: Mapping[str, Any]
) -> dict[TaskId, Ended]:
    """What a checkpoint records of the `tasks` of its parent; `state` is its own, as plain JSON. A key that the graph's
    state no longer has, or that takes no such value any more, is plain JSON too.
    """
    found: dict[TaskId, Ended] = {}
    for task, entry in zip(tasks, json.loads(text), strict=False):
        if entry is None:
            continue
        has_error = isinstance(entry, dict)
        writes = cast("dict[str, Any]", entry).get("writes") if has_error else entry
        error = cast("dict[str, Any]", entry)["error"] if has_error else None
        loaded = None if writes is None else [_load_write(schema, task.node, each, state) for each in writes]
        found[task.id] = Ended(loaded, error)
    return found


def _load_write(schema: StateSchema | None, node: str, stored: Any, state: Mapping[str, Any]) -> Write:
    match stored:
        case str():
            key, value = stored, state.get(stored)
        case [key, start, end]:
            value = state[key][start:end]
        case [key, index]:
            value = state[key][index]
        case _:
            ((key, value),) = stored.items()
    if schema is not None and key in schema.fields:
        try:
            return schema.load_write(node, key, json.dumps(value))
        except InvalidUpdateError:
            pass
    return Write(node, key, value)


def shown(writes: Iterable[Write]) -> dict[str, Any]:
    """What a task wrote, as its callers see it: by key, and what it wrote to one key in turn as {"$writes": [...]}."""
    by_key: dict[str, list[Any]] = {}
    for write in writes:
        by_key.setdefault(write.key, []).append(write.value)
    return {key: values[0] if len(values) == 1 else {"$writes": values} for key, values in by_key.items()}
