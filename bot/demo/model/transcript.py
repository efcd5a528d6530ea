"""Reading the messages of a request: texts, the turn at hand, which calls were made in it and what came back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.demo.model.reply import Call

Message = Mapping[str, Any]


@dataclass(frozen=True)
class Made:
    """A tool call of the turn at hand, and the content of its tool message."""

    name: str
    arguments: Mapping[str, Any]
    result: str


def text_of(message: Message) -> str:
    """The text of a message, whether its content is a string, text parts or nothing."""
    content = message.get("content")
    if isinstance(content, list):
        return "".join(part["text"] for part in content)
    return content or ""


def last_user(messages: Sequence[Message]) -> int | None:
    """The index of the last user message."""
    return next((index for index in range(len(messages) - 1, -1, -1) if messages[index]["role"] == "user"), None)


def has_spoken(messages: Sequence[Message]) -> bool:
    """Whether an assistant message of this conversation already has text."""
    return any(message["role"] == "assistant" and text_of(message) for message in messages)


def made_calls(turn: Sequence[Message]) -> list[Made]:
    """The calls made since the last user message, in the sequence they were made."""
    results = {message["tool_call_id"]: text_of(message) for message in turn if message["role"] == "tool"}
    return [
        Made(call["function"]["name"], read_arguments(call["function"]["arguments"]), results[call["id"]])
        for message in turn
        if message["role"] == "assistant"
        for call in message.get("tool_calls") or []
    ]


def read_arguments(text: str) -> Mapping[str, Any]:
    """Arguments as an object; what is not one has no arguments."""
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def is_made(call: Call, made: Sequence[Made]) -> Made | None:
    """The made call that is this one: the transcript may spell its values otherwise and hold defaults as well."""
    return next((past for past in made if past.name == call.name and holds(past.arguments, call.arguments)), None)


def holds(past: Mapping[str, Any], planned: Mapping[str, Any] | str) -> bool:
    """Whether every planned value is among the past ones."""
    if isinstance(planned, str):
        return past == read_arguments(planned)
    return all(name in past and comparable(past[name]) == comparable(value) for name, value in planned.items())


def comparable(value: Any) -> Any:
    """A value in one spelling: 80, 80.0 and "80" are the same."""
    if isinstance(value, bool) or value is None or isinstance(value, (list, dict)):
        return json.dumps(value, sort_keys=True)
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return value
