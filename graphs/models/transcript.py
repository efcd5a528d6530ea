"""The transcript as a model takes it: every tool call answered exactly once, right after it was made (rule C5)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

Message = Mapping[str, Any]

Outcomes = Callable[[Sequence[str]], Awaitable[Mapping[str, str]]]
"""What became of these calls, by their ids, in words for the model."""


async def complete(messages: Sequence[Message], outcomes_of: Outcomes) -> list[Message]:
    """`messages` with exactly one tool message per tool call, directly after the call's message, in the calls' order.

    A tool message belongs to the nearest assistant message before it that has its call; wherever it stood, it moves
    there. Missing ones are made from what `outcomes_of` says of these calls; of several the first wins; one that
    belongs to no call is dropped. All else keeps its order, and every message that was there is the very same object.
    Completing twice changes nothing.
    """
    answers = _answers(messages)
    missing = [call_id for (_, call_id), answer in answers.items() if answer is None]
    outcomes = await outcomes_of(missing) if missing else dict[str, str]()
    completed: list[Message] = []
    for position, message in enumerate(messages):
        if message["role"] != "tool":
            completed.append(message)
        if "tool_calls" in message:
            completed.extend(
                answers[position, call_id] or tool_message(call_id, outcomes[call_id]) for call_id in call_ids(message)
            )
    return completed


def tool_message(call_id: str, content: str) -> dict[str, Any]:
    """The answer to one tool call."""
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def call_ids(message: Message) -> list[str]:
    """The ids of the tool calls of an assistant message, in order; none for any other."""
    calls: Sequence[Mapping[str, Any]] = message.get("tool_calls") or ()
    return list(dict.fromkeys([str(call["id"]) for call in calls])) if message["role"] == "assistant" else []


def _answers(messages: Sequence[Message]) -> dict[tuple[int, str], Message | None]:
    """The first tool message of each call, by the assistant message's position and the call's id."""
    asked_at: dict[str, int] = {}
    found: dict[tuple[int, str], Message | None] = {}
    for position, message in enumerate(messages):
        if message["role"] == "tool":
            call_id = message.get("tool_call_id")
            if call_id in asked_at and found[asked_at[call_id], call_id] is None:
                found[asked_at[call_id], call_id] = message
        elif "tool_calls" in message:
            for call_id in call_ids(message):
                asked_at[call_id] = position
                found[position, call_id] = None
    return found
