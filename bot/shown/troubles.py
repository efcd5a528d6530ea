"""Conversations that Slack does not take now.

It is said once when that begins and once when it is over, and tried ever more rarely in between.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from bot.rests import Rests
from bot.slack_errors import describe
from storage.ids import ThreadId

logger = logging.getLogger(__name__)

FIRST_REST, LONGEST_REST = 2.0, 60.0
"""Seconds before the second try, and at most before any other."""


class Troubles:
    """Which conversations were not taken, and until when each rests."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._rests = Rests(FIRST_REST, LONGEST_REST, clock)

    def began(self, thread_id: ThreadId, error: BaseException) -> None:
        """It was not taken."""
        if self._rests.failed(thread_id).failures == 1:
            logger.warning("conversation %s is not up to date: %s; trying again", thread_id, describe(error))

    def over(self, thread_id: ThreadId) -> None:
        """It was taken, or there is nothing to take."""
        if self._rests.over(thread_id):
            logger.warning("conversation %s is up to date again", thread_id)

    def rest(self, thread_id: ThreadId) -> float:
        """Seconds before the next try."""
        return self._rests.left(thread_id)
