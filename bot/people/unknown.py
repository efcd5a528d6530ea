"""Those who wrote and cannot be looked up now. Cannot tell is not no: what they wrote waits, and is looked at again."""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.rests import REMEMBERED, Rests
from storage.recent import Recent

REST, LONGEST_REST = 2.0, 60.0
"""Seconds before the next look-up: at first, and at most."""

TELL_AFTER = 10.0
"""Seconds after which somebody is told that their message waits."""

WAITING = "I cannot look up who you are right now. I will read this when I can."


class Unknown:
    """Which messages wait for a look-up, by their event."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._rests = Rests(REST, LONGEST_REST, clock)
        self._told = Recent(REMEMBERED)

    def rests(self, event_id: str) -> bool:
        """Whether it is too early to look again."""
        return self._rests.left(event_id) > 0

    def failed(self, event_id: str) -> bool:
        """It was looked up, in vain. True when it is time to tell its author, which is once."""
        since = self._rests.failed(event_id).since
        if self._told.look(event_id) is not None or self._clock() - since < TELL_AFTER:
            return False
        self._told.put(event_id, True)
        return True
