"""Trying again ever more rarely."""

from __future__ import annotations

from collections.abc import Iterator


def doubling(first: float, longest: float) -> Iterator[float]:
    """How long to wait before each further attempt, in seconds; without end."""
    pause = first
    while True:
        yield pause
        pause = min(2 * pause, longest)
