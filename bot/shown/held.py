"""A conversation that this process shows."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.shown.posting import Known
from storage.posts import Conversation


@dataclass
class Held:
    """Up to the thread's `version`. Its first `settled` messages are shown and can change no more; `known` are the
    posts of the others. What Slack shows of those in `unseen` is only on record: they were posted by another process,
    perhaps in a later life of the database.
    """

    conversation: Conversation
    known: Known
    settled: int = 0
    version: int = -1
    unseen: set[str] = field(default_factory=set[str])
