"""The rule that matters most to an agent: every tool call has a tool message before anything else is said."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.demo.model.errors import ApiError


def check_pairs(messages: Sequence[Mapping[str, Any]]) -> None:
    """Every tool call is answered before the next message of another role, once, and nothing else is."""
    open_calls: dict[str, int | None] = {}
    caller = 0
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            answer_call(open_calls, message["tool_call_id"], index)
            continue
        refuse_unanswered(open_calls, caller)
        caller = index
        open_calls = {call["id"]: None for call in message.get("tool_calls") or []}
    refuse_unanswered(open_calls, caller)


def answer_call(open_calls: dict[str, int | None], call_id: str, index: int) -> None:
    """Note that the tool message at `index` answers `call_id`."""
    if call_id not in open_calls:
        text = (
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
        )
        raise ApiError(text, param=f"messages.[{index}].role")
    earlier = open_calls[call_id]
    if earlier is not None:
        where = f"in messages[{earlier}] and messages[{index}]"
        text = f"Invalid parameter: Duplicate value for 'tool_call_id' of '{call_id}', {where}."
        raise ApiError(text, param=f"messages.[{index}].tool_call_id")
    open_calls[call_id] = index


def refuse_unanswered(open_calls: Mapping[str, int | None], caller: int) -> None:
    """Refuse to go on while a call of the assistant message at index `caller` has no tool message."""
    unanswered = [call_id for call_id, answered in open_calls.items() if answered is None]
    if unanswered:
        text = (
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(unanswered)}"
        )
        raise ApiError(text, param=f"messages.[{caller}].role")
