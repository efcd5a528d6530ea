"""The transcript as a model takes it: every tool call answered exactly once, right after it was made (rule C5)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Message = Mapping[str, Any]

_WIRE_KEYS = ("role", "content", "tool_calls", "tool_call_id")


def settle(messages: Sequence[Message], outcome_of: Callable[[str], str]) -> list[dict[str, Any]]:
    """`messages` with exactly one tool message per tool call, directly after the call's message, in the calls' order.

    A tool message belongs to the nearest assistant message before it that has its call; wherever it stood, it moves
    there. A missing one is made from `outcome_of(call id)`; of several the first wins; one that belongs to no call is
    dropped. All else keeps its order. Settling twice changes nothing.
    """
    answers = _answers(messages)
    settled: list[dict[str, Any]] = []
    for position, message in enumerate(messages):
        if message["role"] == "tool":
            continue
        settled.append(dict(message))
        for call_id in call_ids(message):
            answer = answers.get((position, call_id))
            settled.append(dict(answer) if answer is not None else tool_message(call_id, outcome_of(call_id)))
    return settled


def tool_message(call_id: str, content: str) -> dict[str, Any]:
    """The answer to one tool call."""
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def call_ids(message: Message) -> list[str]:
    """The ids of the tool calls of an assistant message, in order; none for any other."""
    if message["role"] != "assistant":
        return []
    return list(dict.fromkeys(str(call["id"]) for call in message.get("tool_calls") or ()))


def to_wire(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """The messages with the keys that Chat Completions knows, and no others (our ids and authors stay here)."""
    return [_wire(message) for message in messages]


def _wire(message: Message) -> dict[str, Any]:
    kept = {key: message[key] for key in _WIRE_KEYS if key in message}
    if not kept.get("tool_calls"):
        kept.pop("tool_calls", None)
    elif not kept.get("content"):
        kept["content"] = None  # a message that only calls has no text; some servers refuse an empty one
    return kept


def _answers(messages: Sequence[Message]) -> dict[tuple[int, str], Message]:
    """The first tool message of each call, by the assistant message's position and the call's id."""
    asked_at: dict[str, int] = {}
    found: dict[tuple[int, str], Message] = {}
    for position, message in enumerate(messages):
        for call_id in call_ids(message):
            asked_at[call_id] = position
        if message["role"] == "tool" and (call_id := message.get("tool_call_id")) in asked_at:
            found.setdefault((asked_at[call_id], call_id), message)
    return found
