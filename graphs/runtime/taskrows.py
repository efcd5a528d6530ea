"""How a task's end is kept while its siblings go on: writes and targets as JSON, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from graphs.runtime.positions import scope_of
from graphs.runtime.session import Ledger
from graphs.runtime.state import StateSchema, Write
from graphs.runtime.step import Task
from graphs.runtime.tasks import Finished
from graphs.runtime.types import Send
from storage.ids import Namespace, TaskId
from storage.tasks import TaskRow


def dump_writes(schema: StateSchema, writes: Iterable[Write]) -> str:
    """[[key, value], ...]"""
    return "[" + ",".join(f"[{json.dumps(write.key)},{schema.dump_write(write)}]" for write in writes) + "]"


def load_writes(schema: StateSchema, task: Task, row: TaskRow) -> list[Write]:
    return [schema.load_write(task.node, key, json.dumps(value)) for key, value in json.loads(row.writes or "[]")]


def dump_targets(targets: Sequence[str | Send]) -> str:
    """["node" | {"node", "arg"}, ...]"""
    return json.dumps([{"node": t.node, "arg": t.arg} if isinstance(t, Send) else t for t in targets])


def load_targets(text: str) -> list[str | Send]:
    found: list[Any] = json.loads(text)
    return [target if isinstance(target, str) else Send(target["node"], target["arg"]) for target in found]


def finished(schema: StateSchema, ledger: Ledger, ns: Namespace, tasks: Iterable[Task]) -> dict[TaskId, Finished]:
    """The tasks of a step that had ended well when their thread was left."""
    found: dict[TaskId, Finished] = {}
    for task in tasks:
        row = ledger.tasks.get(scope_of(ns, task))
        if row is not None and row.status == "finished":
            found[task.id] = Finished(load_writes(schema, task, row), load_targets(row.targets or "[]"))
    return found
