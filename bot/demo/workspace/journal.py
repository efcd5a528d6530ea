"""What happened, in order: every event sent, every ack, every API call with its answer, every fault."""

from collections import deque
from collections.abc import Callable
from typing import Any, Literal

Kind = Literal["event", "ack", "call", "fault"]

KEPT = 10_000
"""Entries kept; a demo that runs for days forgets the oldest."""


class Journal:
    """Numbered entries, for tests that ask what was sent and when."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._count = 0

    def add(self, kind: Kind, **details: Any) -> None:
        self._count += 1
        self._entries.append({"n": self._count, "at": self._clock(), "kind": kind, **details})

    def after(self, n: int) -> list[dict[str, Any]]:
        return [entry for entry in self._entries if entry["n"] > n]
