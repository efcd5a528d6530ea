"""`add_messages`: the reducer of conversations, and what it takes for a message."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Annotated, Any, TypedDict, cast

from graphs.runtime import left_out
from graphs.runtime.types import UNSET

Message = dict[str, Any]
"""{role, content, id, tool_calls?, tool_call_id?}. `{"role": "remove", "id": ...}` removes the message of that id."""

REMOVE = "remove"

REMOVE_ALL_MESSAGES = "__remove_all__"
"""The id by which all messages are removed that were written before it."""

_ROLES = {
    "human": "user",
    "HumanMessageChunk": "user",
    "ai": "assistant",
    "AIMessageChunk": "assistant",
    "system": "system",
    "SystemMessageChunk": "system",
    "tool": "tool",
    "ToolMessageChunk": "tool",
    "remove": REMOVE,
}
"""The role of a message that tells its kind as LangChain's do, by `type`."""


def add_messages(left: Any = UNSET, right: Any = UNSET, *, format: str | None = None) -> Any:  # noqa: A002
    """Merge messages by id: a known id is replaced in its place, a new one appended, one with role `remove` taken out;
    `{"role": "remove", "id": REMOVE_ALL_MESSAGES}` takes out all before it.

    Each side is a list of messages or one message: see `messages`. Messages that are not touched stay the very same
    objects. Called with nothing it is itself, as a reducer.

    Raises `ValueError` for what is no message, and for one to remove that is not there.
    """
    if format is not None:
        raise left_out.OPTIONS["format"].error("add_messages(format=)")
    if left is UNSET and right is UNSET:
        return add_messages
    if left is UNSET or right is UNSET:
        raise TypeError("add_messages merges two sides: add_messages(left, right)")
    (merged, places), incoming = _with_places(left), messages(right)
    cleared = max((place for place, each in enumerate(incoming) if _removes(each, REMOVE_ALL_MESSAGES)), default=None)
    if cleared is not None:
        merged, places, incoming = [], {}, incoming[cleared + 1 :]
    removed: set[int] = set()
    for message in incoming:
        place = places.get(message["id"])
        if message["role"] == REMOVE:
            if place is None:
                raise ValueError(f"no message with id {message['id']!r} to remove")
            removed.add(place)
        elif place is None:
            places[message["id"]] = len(merged)
            merged.append(message)
        else:
            merged[place] = message
            removed.discard(place)
    return [message for place, message in enumerate(merged) if place not in removed] if removed else merged


def _with_places(left: Any) -> tuple[list[Message], dict[str, int]]:
    """The messages so far, as a new list, and where each id stands. What was merged before is taken as it is: that does
    not cost a look at each of a long conversation's.
    """
    if type(left) is list and {*map(type, cast("list[Any]", left))} <= {dict}:
        known = cast("list[Message]", left)
        with suppress(KeyError):  # one of them is no message yet
            places = {message["id"]: place for place, message in enumerate(known) if message["role"]}
            if len(places) == len(known) and None not in places:
                return [*known], places
    merged = messages(left)
    return merged, {message["id"]: place for place, message in enumerate(merged)}


def messages(given: Any) -> list[Message]:
    """A list of messages, or one, as a new list of dicts with ids. A message is a dict with a role, a text (a user's),
    (role, text), or an object that gives such a dict by `model_dump` or `dict`; dicts and objects may also tell their
    `type`, as LangChain's messages do.

    Raises `ValueError` for anything else.
    """
    if given is None:
        return []
    if isinstance(given, list):
        return [_message(each) for each in cast("list[Any]", given)]
    if isinstance(given, tuple) and not _is_pair(given):
        return [_message(each) for each in cast("tuple[Any, ...]", given)]
    return [_message(given)]


def prepared(given: Any) -> Any:
    """What is written, one message or a list, as dicts with ids."""
    is_one = given is not None and not isinstance(given, list)
    made = messages(given)
    return made[0] if is_one and len(made) == 1 else made


setattr(add_messages, "prepare", prepared)  # noqa: B010 - of a function: see `Field`
setattr(add_messages, "holds", list[dict[str, Any]])  # noqa: B010


class MessagesState(TypedDict):
    """The state of a conversation. Add keys by inheriting from it."""

    messages: Annotated[list[dict[str, Any]], add_messages]


def _message(raw: Any) -> Message:
    if _is_message(raw):
        return cast("Message", raw)
    message = dict(_as_mapping(raw))
    role = message.get("role")
    if role is None and message.get("type") in _ROLES:
        message = {key: value for key, value in message.items() if key == "content" or not _is_nothing(value)}
        role = _ROLES[message.pop("type")]
    if not isinstance(role, str):
        raise ValueError(
            f"a message is a dict with a role and content, a text, or (role, text); not {raw!r}. "
            'Write {"role": "user", "content": "..."}'
        )
    if role == REMOVE and message.get("id") is None:
        raise ValueError("a message to remove is named by its id")
    named: Message = {"role": _ROLES.get(role, role), **{key: message[key] for key in message if key != "role"}}
    if named.get("id") is None:
        named["id"] = uuid.uuid4().hex
    return named


def _is_message(raw: Any) -> bool:
    """Whether it needs nothing done to it, as most do not."""
    if type(raw) is not dict:
        return False
    message = cast("Message", raw)
    return message.get("id") is not None and message.get("role") in _KNOWN_ROLES


_KNOWN_ROLES = frozenset({"user", "assistant", "system", "developer", "tool", REMOVE})


def _as_mapping(raw: Any) -> Mapping[str, Any]:
    if isinstance(raw, Mapping):
        return cast("Mapping[str, Any]", raw)
    if isinstance(raw, str):
        return {"role": "user", "content": raw}
    if _is_pair(raw):
        return {"role": raw[0], "content": raw[1]}
    for name in ("model_dump", "dict"):
        tells: Callable[[], Any] | None = getattr(raw, name, None)
        if callable(tells) and not isinstance(raw, type) and isinstance(told := tells(), dict):
            said = cast("dict[str, Any]", told)
            return {key: value for key, value in said.items() if key == "content" or not _is_nothing(value)}
    return {}


def _is_pair(raw: Any) -> bool:
    """Whether it is (role, content): a tuple, or the list that a tuple is as JSON."""
    return isinstance(raw, tuple | list) and len(cast("list[Any]", raw)) == 2 and isinstance(raw[0], str)


def _is_nothing(value: Any) -> bool:
    return value is None or value == {} or value == []


def _removes(message: Message, id_: str) -> bool:
    return message["role"] == REMOVE and message["id"] == id_
