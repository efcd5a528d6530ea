"""Who listens to a run, and to what of it: chunks by mode, and by the graph that they come from."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, cast

Where = tuple[str, ...]
"""Which graph a chunk is of: "node:task id" of each task that called a graph, the outermost first. The root graph's
path is empty.
"""

STREAM_MODES = ("values", "updates", "messages", "custom", "tasks", "checkpoints", "debug")


@dataclass(frozen=True)
class Listener:
    """One who listens: to which modes, from which graph on (`base`), and whether to the graphs within that too.

    `put` is told where a chunk comes from as seen from `base`, its mode, and the chunk.
    """

    modes: frozenset[str]
    put: Callable[[Where, str, Any], None]
    subgraphs: bool = False
    base: Where = ()

    def hears(self, mode: str, where: Where, unless: Collection[str] = ()) -> bool:
        """Whether it listens to this mode of this graph, and to none of the others."""
        return mode in self.modes and (self.subgraphs or where == self.base) and self.modes.isdisjoint(unless)


@dataclass(frozen=True)
class Stream:
    """Everybody who listens to a graph."""

    listeners: tuple[Listener, ...] = ()

    def wants(self, mode: str, where: Where) -> bool:
        """Whether anybody listens: a chunk that costs something to make is made then."""
        return any(listener.hears(mode, where) for listener in self.listeners)

    def emit(self, where: Where, mode: str, chunk: Any, unless: Collection[str] = ()) -> None:
        """To all who listen, but for those who hear one of the modes in `unless`."""
        for listener in self.listeners:
            if listener.hears(mode, where, unless):
                listener.put(where[len(listener.base) :], mode, chunk)

    def takes(self, mode: str) -> bool:
        """Whether anybody listens to what nodes write themselves in this mode."""
        return any(mode in listener.modes for listener in self.listeners)

    def write(self, where: Where, mode: str, chunk: Any) -> None:
        """What a node writes itself comes through from whatever graph."""
        for listener in self.listeners:
            if mode in listener.modes:
                listener.put(where[len(listener.base) :], mode, chunk)

    def joined(self, others: Stream, base: Where) -> Stream:
        """This stream, and beside it those who listen from the graph at `base` on."""
        if not others.listeners:
            return self
        moved = [Listener(each.modes, each.put, each.subgraphs, base) for each in others.listeners]
        return Stream((*self.listeners, *moved))


UNHEARD = Stream()

Chunks = asyncio.Queue[tuple[Where, str, Any] | None]


def checked(modes: str | Collection[str]) -> frozenset[str]:
    """The modes that are asked for. Raises `ValueError` for what is no stream mode."""
    if not isinstance(cast(object, modes), Iterable):
        raise TypeError(f"a stream mode is one of {list(STREAM_MODES)!r}, or a list of them; not {modes!r}")
    names = [modes] if isinstance(modes, str) else list(modes)
    if unknown := [mode for mode in names if mode not in STREAM_MODES]:
        raise ValueError(f"{unknown[0]!r} is no stream mode; the modes are {list(STREAM_MODES)!r}")
    return frozenset(names)


def queued(modes: Collection[str], *, subgraphs: bool = False) -> tuple[Listener, Chunks]:
    """A listener whose chunks are put into a queue, also from a node's worker thread."""
    chunks: Chunks = asyncio.Queue()
    loop, home = asyncio.get_running_loop(), threading.get_ident()

    def put(where: Where, mode: str, chunk: Any) -> None:
        if threading.get_ident() == home:
            chunks.put_nowait((where, mode, chunk))
        else:
            loop.call_soon_threadsafe(chunks.put_nowait, (where, mode, chunk))

    return Listener(checked(modes), put, subgraphs), chunks
