"""What whoever runs a graph gets to see of it on the way: chunks, by mode and by the graph that they come from."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

Where = tuple[str, ...]
"""Which graph a chunk is of: "node:task id" of each task that called a graph, the outermost first. The root graph's
path is empty.
"""

STREAM_MODES = ("values", "updates", "messages", "custom")

WRITTEN = frozenset({"messages", "custom"})
"""What nodes write themselves: it comes through from whatever graph."""


def _nobody(where: Where, mode: str, chunk: Any) -> None:
    """Listens."""


@dataclass(frozen=True)
class Stream:
    """Who listens to a run: to which modes, and whether to the graphs within it too.

    `put` is told where a chunk comes from, its mode, and the chunk.
    """

    modes: frozenset[str] = frozenset()
    subgraphs: bool = False
    put: Callable[[Where, str, Any], None] = _nobody

    def wants(self, mode: str, where: Where) -> bool:
        """Whether anybody listens: a chunk that costs something to make is made then."""
        return mode in self.modes and (not where or self.subgraphs or mode in WRITTEN)

    def emit(self, where: Where, mode: str, chunk: Any) -> None:
        if self.wants(mode, where):
            self.put(where, mode, chunk)


UNHEARD = Stream()

Chunks = asyncio.Queue[tuple[Where, str, Any] | None]


def checked(modes: Collection[str]) -> frozenset[str]:
    """Raises `ValueError` for what is no stream mode."""
    if unknown := [mode for mode in modes if mode not in STREAM_MODES]:
        raise ValueError(f"{unknown[0]!r} is no stream mode; the modes are {list(STREAM_MODES)!r}")
    return frozenset(modes)


def queued(modes: Collection[str], *, subgraphs: bool = False) -> tuple[Stream, Chunks]:
    """A stream whose chunks are put into a queue, also from a node's worker thread."""
    chunks: Chunks = asyncio.Queue()
    loop, home = asyncio.get_running_loop(), threading.get_ident()

    def put(where: Where, mode: str, chunk: Any) -> None:
        if threading.get_ident() == home:
            chunks.put_nowait((where, mode, chunk))
        else:
            loop.call_soon_threadsafe(chunks.put_nowait, (where, mode, chunk))

    return Stream(checked(modes), subgraphs, put), chunks
