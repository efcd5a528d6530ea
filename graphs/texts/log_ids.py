"""The ids of what is worked on, for the log: known to whatever runs in a block, and to all that it begins.

Ids and nothing else: no arguments, no words of people.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Literal

LogId = Literal["team", "channel", "person", "event", "ts", "thread", "run", "trace", "question", "call"]
"""`person` wrote, clicked, or is worked for; `event` is Slack's id of what it delivered, `ts` its name for the message;
`run` is one run of a `thread`, `trace` what all runs for one message have in common.
"""

_known: ContextVar[Mapping[LogId, str]] = ContextVar("_known", default=MappingProxyType({}))


def log_ids() -> Mapping[LogId, str]:
    """Those that are known here."""
    return _known.get()


@contextmanager
def known(ids: Mapping[LogId, str | None]) -> Generator[None]:
    """While the block runs, these are known beside those that were, or in their place."""
    token = _known.set({**_known.get(), **{name: value for name, value in ids.items() if value}})
    try:
        yield
    finally:
        _known.reset(token)
