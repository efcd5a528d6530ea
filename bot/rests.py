"""What failed rests before it is tried again, ever longer."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass

from storage.pauses import doubling
from storage.recent import Recent

REMEMBERED = 1000
"""Things of which it is remembered that they rest."""


@dataclass
class Rest:
    """That something failed: how often in a row, since when, and until when it rests (the clock's seconds)."""

    pauses: Iterator[float]
    since: float
    until: float
    failures: int = 0


class Rests:
    """Of up to `REMEMBERED` things. Each rest is twice as long as the one before, from `first` to `longest` seconds."""

    def __init__(self, first: float, longest: float, clock: Callable[[], float]) -> None:
        self._first = first
        self._longest = longest
        self._clock = clock
        self._kept = Recent(REMEMBERED)

    def failed(self, key: Hashable) -> Rest:
        """It was tried, in vain."""
        now = self._clock()
        rest: Rest = self._kept.look(key) or Rest(doubling(self._first, self._longest), now, now)
        rest.failures += 1
        rest.until = now + next(rest.pauses)
        self._kept.put(key, rest)
        return rest

    def over(self, key: Hashable) -> bool:
        """It was tried, and went well. True when it had failed before."""
        return self._kept.take(key) is not None

    def left(self, key: Hashable) -> float:
        """Seconds before it is worth another try."""
        rest: Rest | None = self._kept.look(key)
        return max(0.0, rest.until - self._clock()) if rest is not None else 0.0
