"""What concerns one person, of all conversations: values, for their Home and for what they ask by a command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from graphs.approvals.states import State
from storage.usage import Sum

T = TypeVar("T")


@dataclass(frozen=True)
class Waiting:
    """A question that waits. `approvers` are as in its terms, `votes` the approvals so far; `link` leads to the message
    to decide at, where this person can see one. Times are Unix seconds.
    """

    title: str
    requester: str
    channel: str | None
    approvers: Sequence[str]
    quorum: int
    self_approval: bool
    votes: Sequence[str]
    expires_at: float | None
    link: str | None
    for_reader: bool
    """Whether the decision of whoever reads this would count."""
    about: Literal["call", "doubt", "answer"] = "call"
    """Whether a call may run; whether one ran that may have; or what a graph of one's own asks, or stopped at."""


@dataclass(frozen=True)
class Decided:
    """A question that somebody decided, or nobody in time. `state` is where what it asked about stands now, None for
    what is no call; `decision` is "continue" for a stop that was passed, None for an answer.
    """

    title: str
    state: State | None
    decision: str | None
    by: Sequence[str]
    at: float | None
    reason: str
    link: str | None


@dataclass(frozen=True)
class Some(Generic[T]):
    """The first of several, and how many there are in all."""

    shown: Sequence[T] = ()
    in_all: int = 0

    @property
    def more(self) -> int:
        return self.in_all - len(self.shown)

    def first(self, limit: int) -> Some[T]:
        """The same with no more than these."""
        return Some(self.shown[:limit], self.in_all)


@dataclass(frozen=True)
class Usage:
    """What the model's replies took: today and in the last seven days (UTC), by day, and by person the most first."""

    today: Sequence[Sum]
    week: Sequence[Sum]
    people: Sequence[Sum]


@dataclass(frozen=True)
class Overview:
    """What concerns `reader`: `waiting` waits for them, `theirs` is of theirs and waits for others. `refusal` says why
    they may not talk to the bot, None when they may. `is_new`: they never wrote to it. `unclear`: it cannot be told now
    whether more waits for them. `messages` leads to where they write to the bot. `usage` is for admins.
    """

    reader: str
    waiting: Some[Waiting] = field(default_factory=Some[Waiting])
    theirs: Some[Waiting] = field(default_factory=Some[Waiting])
    doubts: Some[Waiting] = field(default_factory=Some[Waiting])
    decided: Sequence[Decided] = ()
    refusal: str | None = None
    messages: str | None = None
    is_new: bool = False
    unclear: bool = False
    usage: Usage | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.waiting.in_all or self.theirs.in_all or self.doubts.in_all or self.decided)
