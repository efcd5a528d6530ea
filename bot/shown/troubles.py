"""Conversations that Slack does not take now.

It is said once when that begins and once when it is over, and tried ever more rarely in between.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from bot.slack_errors import describe
from storage.ids import ThreadId
from storage.recent import Recent

logger = logging.getLogger(__name__)

FIRST_REST, LONGEST_REST = 2.0, 60.0
"""Seconds before the second try, and at most before any other; each rest is twice as long as the one before."""

REMEMBERED = 1000


class Troubles:
    """How often in a row each conversation was not taken, and until when it rests."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = Recent(REMEMBERED)
        self._rests_until = Recent(REMEMBERED)

    def began(self, thread_id: ThreadId, error: BaseException) -> None:
        """It was not taken."""
        failures: int = self._failures.look(thread_id) or 0
        if not failures:
            logger.warning("conversation %s is not up to date: %s; trying again", thread_id, describe(error))
        self._failures.put(thread_id, failures + 1)
        self._rests_until.put(thread_id, self._clock() + min(FIRST_REST * 2 ** min(failures, 16), LONGEST_REST))

    def over(self, thread_id: ThreadId) -> None:
        """It was taken, or there is nothing to take."""
        self._rests_until.take(thread_id)
        if self._failures.take(thread_id):
            logger.warning("conversation %s is up to date again", thread_id)

    def rest(self, thread_id: ThreadId) -> float:
        """Seconds before the next try."""
        return max(0.0, (self._rests_until.look(thread_id) or 0.0) - self._clock())
