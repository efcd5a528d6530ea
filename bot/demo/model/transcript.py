"""The messages of a request, read; and the reply that the model gives to them."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

Message = Mapping[str, Any]


class Call(NamedTuple):
    """One tool call: the tool's name as it was sent, and its arguments (a text only from a script, sent as it is)."""

    name: str
    arguments: Mapping[str, Any] | str


class Reply(NamedTuple):
    """One assistant message: words for the person, tool calls, or both."""

    text: str | None = None
    calls: Sequence[Call] = ()


class Made(NamedTuple):
    """A tool call that was made, and the content of its tool message."""

    name: str
    arguments: Mapping[str, Any]
    result: str = ""


_AUTHOR = re.compile(r"(?:[^\n]{1,100} \([UW][A-Z0-9]+\)|[UW][A-Z0-9]+): ")
"""How a message begins where several people write in one conversation."""


def text_of(message: Message) -> str:
    """The text of a message, whether its content is a string, text parts or nothing; without who wrote it."""
    content = message.get("content")
    text = "".join(part["text"] for part in content) if isinstance(content, list) else content or ""
    return _AUTHOR.sub("", text, count=1) if message["role"] == "user" and _AUTHOR.match(text) else text


def last_user(messages: Sequence[Message]) -> int:
    """The index of the last user message; -1 when there is none."""
    return max((index for index, message in enumerate(messages) if message["role"] == "user"), default=-1)


def made_calls(messages: Sequence[Message]) -> list[Made]:
    """The calls that were made, one after the other; an id that is used again means its latest call."""
    made: list[Made] = []
    places: dict[str, int] = {}
    for message in messages:
        for call in message.get("tool_calls") or []:
            places[call["id"]] = len(made)
            made.append(Made(call["function"]["name"], read_arguments(call["function"]["arguments"])))
        if message["role"] == "tool":
            place = places[message["tool_call_id"]]
            made[place] = made[place]._replace(result=text_of(message))
    return made


def read_arguments(text: str) -> Mapping[str, Any]:
    """Arguments as an object; what is not one has no arguments."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
