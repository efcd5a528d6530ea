"""Configs: which thread, and which of its checkpoints, a caller means."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

from graphs.runtime import left_out
from graphs.runtime.types import Config
from storage.ids import CheckpointId, ThreadId, thread_id_text

_KEYS = ("configurable", "recursion_limit", "metadata", "tags", "run_name", "run_id")


def checked(config: Any) -> Config:
    """A config as a caller may give it, without what is None in it.

    Raises `TypeError` for what is no config, `ValueError` for a key that a config does not have or a limit that is
    none, and `LeftOut` for a key that is left out.
    """
    if not isinstance(config, Mapping):
        raise TypeError(f'a config is a dict, {{"configurable": {{"thread_id": "..."}}}}, not {config!r}')
    given = cast("Mapping[str, Any]", config)
    for name, value in given.items():
        if value is None or (name in left_out.CONFIG and not value):
            continue
        if name in left_out.CONFIG:
            raise left_out.CONFIG[name].error(f"config[{name!r}]")
        if name not in _KEYS:
            raise ValueError(
                f"a config has no key {name!r}: its keys are {list(_KEYS)!r}. What names a thread (thread_id), and "
                'keys of your own, stand in config["configurable"]'
            )
        if name in ("configurable", "metadata") and not isinstance(value, Mapping):
            raise TypeError(f"config[{name!r}] is a dict, not {value!r}")
        if name == "tags" and (isinstance(value, str) or not isinstance(value, Sequence)):
            raise TypeError(f"config['tags'] is a list of texts, not {value!r}")
        if name == "recursion_limit" and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise ValueError(f"config['recursion_limit'] is how many steps an input may take, 1 or more; not {value!r}")
    return cast("Config", {name: value for name, value in given.items() if value is not None})


def config_of(thread_id: ThreadId) -> Config:
    """What names a thread, at its newest checkpoint."""
    return {"configurable": {"thread_id": thread_id}}


def thread_id_of(config: Config) -> ThreadId:
    """Raises `ValueError` that names `thread_id` when the config has none that can be one."""
    given = cast("Mapping[str, Any]", config.get("configurable", {})).get("thread_id")
    if (thread_id := thread_id_text(given)) is None:
        found = "" if given is None else f", not {type(given).__name__}" if given != "" else ", not an empty one"
        raise ValueError(
            'a durable thread needs a thread_id: config = {"configurable": {"thread_id": "..."}}, '
            f"a text, an int or a UUID{found}"
        )
    return thread_id


def names_another(config: Config, other: Config) -> bool:
    """Whether a config names a thread, and not the one that the other names."""
    given, known = (
        cast("Mapping[str, Any]", each.get("configurable", {})).get("thread_id") for each in (config, other)
    )
    return given is not None and thread_id_text(given) != thread_id_text(known)


def graph_of(config: Config) -> str:
    """The name of the graph that is meant, within the thread's own; "" for that one itself."""
    return config.get("configurable", {}).get("checkpoint_ns") or ""


def noted(config: Config) -> dict[str, Any]:
    """What a config says for the record, in its `metadata` and beside what it names: texts, numbers and truth values.
    Each checkpoint of the run has it in its metadata, so that a history can be filtered by it.
    """
    found: dict[str, Any] = {}
    for given in (config.get("configurable", {}), config.get("metadata", {})):
        for key, value in cast("Mapping[Any, Any]", given).items():
            is_plain = isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value))
            if isinstance(key, str) and is_plain and key not in _OURS and not key.startswith(("__", "langgraph_")):
                found[key] = value
    return found


_NAMES = ("thread_id", "checkpoint_id", "checkpoint_ns", "checkpoint_map")
_OURS = frozenset({*_NAMES, "source", "step", "since", "by", "ran", "parents"})
"""What names a checkpoint, and what its metadata says of itself."""


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
