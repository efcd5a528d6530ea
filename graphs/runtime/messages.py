"""`add_messages`: the reducer of conversations."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, cast

Message = dict[str, Any]
"""{role, content, id, tool_calls?, tool_call_id?}. `{"role": "remove", "id": ...}` removes the message of that id."""

REMOVE = "remove"


def add_messages(left: Sequence[Message] | None, right: Message | Sequence[Message] | None) -> list[Message]:
    """Merge messages by id: a known id is replaced in its place, a new one appended, one with role `remove` taken out.

    A message without an id gets one. Messages that are not touched stay the very same objects.
    """
    merged = list(left or [])
    incoming: Sequence[Any] = [right] if isinstance(right, Mapping) else list(right or [])
    places: dict[str, int] | None = None
    removed: set[int] = set()
    for raw in incoming:
        message = _message(raw)
        if "id" in raw or message["role"] == REMOVE:
            places = _places(merged) if places is None else places
            place = places.get(message["id"])
        else:
            place = None
        if message["role"] == REMOVE:
            if place is None:
                raise ValueError(f"no message with id {message['id']!r} to remove")
            removed.add(place)
        elif place is None:
            merged.append(message)
            if places is not None:
                places[message["id"]] = len(merged) - 1
        else:
            merged[place] = message
            removed.discard(place)
    return [message for place, message in enumerate(merged) if place not in removed] if removed else merged


def _places(messages: Sequence[Message]) -> dict[str, int]:
    return {message["id"]: place for place, message in enumerate(messages)}


def _message(raw: Any) -> Message:
    if isinstance(raw, tuple | list):
        role, content = cast("tuple[str, Any]", raw)
        raw = {"role": role, "content": content}
    if not isinstance(raw, Mapping) or "role" not in raw:
        raise ValueError(f"a message is a dict with a role, not {raw!r}")
    message = dict(cast("Mapping[str, Any]", raw))
    if message["role"] == REMOVE and "id" not in message:
        raise ValueError("a message to remove is named by its id")
    if message.get("id") is None:
        message["id"] = uuid.uuid4().hex
    return message
