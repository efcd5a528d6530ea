"""Whether and when a request is made once more: nothing of a reply that people saw is asked for again.

What passes (a broken connection, a reply that broke off, a server that is busy or has a problem) is tried again after
a pause, as long as the server says or growing. A silence that was waited out is not: it would be waited out again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp
import openai

from graphs.models.provider_kinds import PASSING, is_about_request, is_busy, is_lasting
from graphs.models.provider_words import first_cause, retry_after, said
from graphs.models.replies import BrokeOff

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
"""Seconds before the second attempt, and at most before a later one, where the server does not say how long."""

LONGEST_WAIT = 60.0
"""Seconds that a server may ask for; whoever waits in Slack for longer had better know."""

JITTER = 0.25
"""A pause is longer by up to this share of it, so that those who were refused together do not come back together."""


@dataclass
class Attempts:
    """What one turn has tried. `ends` is when it has to be over, by the event loop's clock."""

    left: int
    ends: float
    left_out: frozenset[str]
    is_shown: bool = False
    made: int = field(default=0, init=False)
    was_stale: bool = field(default=False, init=False)

    async def may_go_on(self, error: Exception, refused: Callable[[str], str | None]) -> bool:
        """Whether it is worth another try, once it is time for that: without what was refused, or as it was.

        `refused` says what is to be left out for a server that says this.
        """
        if self.is_shown:
            return False
        if is_about_request(error) and (option := refused(said(error))) is not None:
            self.left_out = self.left_out.union((option,))
            return True
        if not self.was_stale and _is_stale(error):
            self.was_stale = True
            return True
        if self.left <= 0 or not _passes(error):
            return False
        pause = self._pause(error)
        if pause is None or asyncio.get_running_loop().time() + pause >= self.ends:
            return False
        self.left -= 1
        self.made += 1
        await asyncio.sleep(pause)
        return True

    def _pause(self, error: Exception) -> float | None:
        """Seconds until the next try; None when the server wants too many."""
        asked = retry_after(error)
        if asked is not None and asked > LONGEST_WAIT:
            return None
        pause = asked or min(FIRST_PAUSE * 2**self.made, LONGEST_PAUSE)
        return pause * (1 + JITTER * random.random())


def _is_stale(error: Exception) -> bool:
    """Whether a connection was closed before anything came: mostly one that was kept from the last request. llama.cpp
    says that it keeps them, and does not."""
    gone = (aiohttp.ServerDisconnectedError, aiohttp.ClientConnectionResetError)
    return isinstance(error, openai.APIConnectionError) and isinstance(first_cause(error), gone)


def _passes(error: Exception) -> bool:
    """Whether the same request may work in a moment."""
    if isinstance(error, BrokeOff):
        return True
    if isinstance(error, openai.APITimeoutError):
        return not isinstance(error.__cause__, TimeoutError)  # the connection broke, or there was none in time
    if isinstance(error, openai.APIConnectionError):
        return True
    if isinstance(error, openai.APIStatusError):
        wish = error.response.headers.get("x-should-retry")
        is_passing = error.status_code in PASSING or error.status_code >= 500 or is_busy(error)
        return wish == "true" or (wish != "false" and is_passing)
    return isinstance(error, openai.APIError) and not is_lasting(error)
