"""Turns: a run of a thread, for a message or for an answer, as whoever watches is told of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from storage.ids import ThreadId

Outcome = Literal["finished", "failed", "stopped"]
"""`finished`: it came to its end, or waits for somebody, or was left at the border of a step because the bot stops."""


@dataclass
class TurnEnd:
    """How a run ended. `outcome` is None while it runs, and for good where another process had the thread, or nothing
    could be stored: that is no turn.
    """

    outcome: Outcome | None = None
    error: str = ""
    """The class of what it failed by."""


Watched = Callable[[ThreadId, str | None], AbstractAsyncContextManager[TurnEnd]]
"""Around a run of a thread: on this message (Slack's name for it) when it begins, on None when it goes on."""


@asynccontextmanager
async def unwatched(thread_id: ThreadId, message: str | None) -> AsyncGenerator[TurnEnd]:
    """Nobody is told."""
    yield TurnEnd()
