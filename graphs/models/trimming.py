"""A conversation that has become more than a model reads: its older turns are left out, whole ones only.

A turn begins with what a person wrote. A call and its result are in one turn, so they stay together.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import accumulate

from graphs.models.transcript import Message

BEGINS_AT = "begins_at"
"""A reply's message has the id of the first message that its request had, when older ones were left out of it."""

NOTICE = "This conversation has become too long for the model: I no longer see its older part."


def still_sent(messages: Sequence[Message]) -> Sequence[Message]:
    """The messages without those that an earlier request could not have any more."""
    begins_at = next((message[BEGINS_AT] for message in reversed(messages) if BEGINS_AT in message), None)
    if begins_at is None:
        return messages
    places = (place for place, message in enumerate(messages) if message.get("id") == begins_at)
    return messages[next(places, 0) :]


def shorter(messages: Sequence[Message]) -> Sequence[Message] | None:
    """The newest turns that are at most half as long together, at least the last one; None when there is but one."""
    borders = [place for place, message in enumerate(messages) if message["role"] == "user" and place > 0]
    if not borders:
        return None
    sizes = (len(json.dumps(message, ensure_ascii=False, default=str)) for message in messages)
    before = list(accumulate(sizes, initial=0))
    half = before[-1] / 2
    return messages[next((place for place in borders if before[place] >= half), borders[-1]) :]
