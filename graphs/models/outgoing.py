"""A completed transcript as any provider takes it: nothing empty, and a reply between what people say.

For the wire only: what is stored says what was. Some providers refuse an empty content (Anthropic, Bedrock, Mistral),
some two users' messages in a row, as after a turn that failed (Gemma's and Mistral's templates), or a user's right
after a tool's. A message between them keeps apart who said what.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from graphs.models.serialised import as_json
from graphs.models.transcript import Message
from graphs.texts.objects import as_object, is_object

NO_REPLY: Message = {"role": "assistant", "content": "(There was no reply to this.)"}
NO_TEXT = "What can you do? (The message has no text: nothing but your name.)"
CALLS = "(I call a tool.)"
NO_RESULT = "(The tool returned nothing.)"

LONGEST_NAME = 64
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")  # OpenAI's API reference, "tools.function.name"


def outgoing(messages: Sequence[Message]) -> list[Message]:
    """The messages to send. Those that need no change are the very same objects."""
    sent: list[Message] = []
    for message in messages:
        role = message["role"]
        if not _is_empty(message.get("content")) or message.get("tool_calls"):
            filled = message
        elif role in ("user", "tool"):
            filled = {**message, "content": NO_TEXT if role == "user" else NO_RESULT}
        else:
            continue
        if role == "user" and sent and sent[-1]["role"] in ("user", "tool"):
            sent.append(NO_REPLY)
        sent.append(filled)
    return sent


def without_system(messages: Sequence[Message]) -> list[Message]:
    """The same for a model that has no place for instructions: they stand before the first thing that is said to it."""
    if not messages or messages[0]["role"] != "system":
        return list(messages)
    instructions, *rest = messages
    place = next((place for place, message in enumerate(rest) if message["role"] == "user"), None)
    if place is None:
        return [{**instructions, "role": "user"}, *rest]
    said = f"{instructions['content']}\n\n{rest[place]['content']}"
    return [*rest[:place], {**rest[place], "content": said}, *rest[place + 1 :]]


def with_words(messages: Sequence[Message]) -> list[Message]:
    """The same for a server that wants words in every message, also in one that only calls."""
    return [
        {**message, "content": CALLS} if message.get("tool_calls") and _is_empty(message.get("content")) else message
        for message in messages
    ]


def with_plain_ids(messages: Sequence[Message]) -> list[Message]:
    """The same with ids of nine letters and digits in the place of those that calls have: any server takes these."""
    return [_with_plain_ids(message) if message["role"] in ("assistant", "tool") else message for message in messages]


def _with_plain_ids(message: Message) -> Message:
    if message["role"] == "tool":
        return {**message, "tool_call_id": _plain_id(message["tool_call_id"])}
    if not message.get("tool_calls"):
        return message
    changed = {**message, "tool_calls": [{**call, "id": _plain_id(call["id"])} for call in message["tool_calls"]]}
    if extra := message.get("extra"):
        changed["extra"] = {**extra, "calls": {_plain_id(each): extra["calls"][each] for each in extra["calls"]}}
    return changed


def _plain_id(call_id: str) -> str:
    return hashlib.sha256(call_id.encode(errors="surrogatepass")).hexdigest()[:9]


def sent_call(call: Mapping[str, Any]) -> tuple[str, str]:
    """The name and arguments of a call as servers take them back: some read the arguments, and refuse the whole
    conversation when they cannot."""
    function = call["function"]
    name = _NOT_IN_NAMES.sub("_", function["name"])[:LONGEST_NAME] or "unnamed"
    arguments = as_object(function["arguments"])
    if not is_object(arguments):
        arguments = as_json({"unreadable": arguments}).decode()
    return name, arguments


def _is_empty(content: Any) -> bool:
    if isinstance(content, str):
        return not content.strip()
    if isinstance(content, Mapping):
        return _is_empty(cast("Mapping[str, Any]", content).get("text", "filled"))
    return not content or all(map(_is_empty, content))
