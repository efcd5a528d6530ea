"""Those who wrote and cannot be looked up now. Cannot tell is not no: what they wrote waits, and is looked at again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from storage.recent import Recent

REST, LONGEST_REST = 2.0, 60.0
"""Seconds before the next look-up: at first, and the most that doubling makes of it."""

TELL_AFTER = 10.0
"""Seconds after which somebody is told that their message waits."""

REMEMBERED = 1000
"""Messages of which it is known how long they wait."""

WAITING = "I cannot look up who you are right now. I will read this when I can."


@dataclass
class _Wait:
    since: float
    until: float
    rest: float
    is_told: bool = False


class Unknown:
    """Which messages wait for a look-up, by their event."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waits = Recent(REMEMBERED)

    def rests(self, event_id: str) -> bool:
        """Whether it is too early to look again."""
        wait: _Wait | None = self._waits.look(event_id)
        return wait is not None and self._clock() < wait.until

    def failed(self, event_id: str) -> bool:
        """It was looked up, in vain. True when it is time to tell its author, which is once."""
        now = self._clock()
        wait: _Wait = self._waits.look(event_id) or _Wait(now, now, REST)
        wait.until = now + wait.rest
        wait.rest = min(2 * wait.rest, LONGEST_REST)
        tell = not wait.is_told and now - wait.since >= TELL_AFTER
        wait.is_told |= tell
        self._waits.put(event_id, wait)
        return tell
