"""What a call of a graph is told by name, held against what it may be before anything begins."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, get_args

from graphs.errors import GraphMisused
from graphs.runtime.session import Durability

ON_WAITING = ("reject", "cancel")
_OF_THE_RUN = "it is said for the whole run, by whoever calls the graph that has the checkpointer"


def check(given: Mapping[str, Any]) -> None:
    """Raises `ValueError` or `TypeError` that names the option and what it takes. None is what was not given."""
    _one_of("durability", given["durability"], get_args(Durability))
    _one_of("on_waiting", given["on_waiting"], ON_WAITING)
    for name in ("stop", "also"):
        if given[name] is not None and not callable(given[name]):
            raise TypeError(f"{name}= is a function, not {given[name]!r}")
    if given["halt"] is not None and not isinstance(given["halt"], asyncio.Event):
        raise TypeError(f"halt= is an asyncio.Event, not {given['halt']!r}")
    if given["by"] is not None and not isinstance(given["by"], str):
        raise TypeError(f"by= is the text that says who gave the input, not {given['by']!r}")


def check_nested(given: Mapping[str, Any], durability: Durability) -> None:
    """For a call inside a node, which runs in the caller's thread as a part of that run. Raises `GraphMisused` for what
    cannot count there; the run's own `durability` may be said again.
    """
    said = {name: value for name, value in given.items() if value is not None}
    if (said.get("durability") == "exit") == (durability == "exit"):
        said.pop("durability", None)
    for name in said:
        raise GraphMisused(
            f"{name}= cannot count for a graph that is called in a node of another: {_OF_THE_RUN}. Pass it there, or "
            "compile this graph with a checkpointer and give it a thread_id of its own"
        )


def _one_of(name: str, value: Any, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise ValueError(f"{name}={value!r}: it is one of {list(known)!r}")
