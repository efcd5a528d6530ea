"""Configs: which thread, and which of its checkpoints, a caller means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from graphs.runtime.types import Config
from storage.ids import CheckpointId, ThreadId, thread_id_text


def config_of(thread_id: ThreadId) -> Config:
    """What names a thread, at its newest checkpoint."""
    return {"configurable": {"thread_id": thread_id}}


def thread_id_of(config: Config) -> ThreadId:
    """Raises `ValueError` that names `thread_id` when the config has none that can be one."""
    given = cast("Mapping[str, Any]", config.get("configurable", {})).get("thread_id")
    if (thread_id := thread_id_text(given)) is None:
        found = "" if given is None else f", not {type(given).__name__}"
        raise ValueError(
            'a durable thread needs a thread_id: config = {"configurable": {"thread_id": "..."}}, '
            f"a text, an int or a UUID{found}"
        )
    return thread_id


def names_another(config: Config, thread_id: ThreadId) -> bool:
    """Whether a config names a thread, and not this one."""
    given = cast("Mapping[str, Any]", config.get("configurable", {})).get("thread_id")
    return given is not None and thread_id_text(given) != thread_id


def graph_of(config: Config) -> str:
    """The name of the graph that is meant, within the thread's own; "" for that one itself."""
    return config.get("configurable", {}).get("checkpoint_ns") or ""


def checkpoint_of(config: Config) -> CheckpointId | None:
    """The checkpoint that is meant; None for the newest."""
    found = config.get("configurable", {}).get("checkpoint_id")
    return CheckpointId(found) if found else None


def merged(config: Config, over: Config) -> Config:
    """A config, with what another says put over it: key by key in `configurable` and `metadata`, and tags added."""
    base, top = cast("dict[str, Any]", config), cast("dict[str, Any]", over)
    found = {**base, **top}
    for name in ("configurable", "metadata"):
        if name in base and name in top:
            found[name] = {**base[name], **top[name]}
    if "tags" in base and "tags" in top:
        found["tags"] = [*base["tags"], *top["tags"]]
    return cast("Config", found)
