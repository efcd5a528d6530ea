"""How far a model goes by itself upon one request: calls in one reply, calls and replies in all, and calls in a row
before the person is asked whether to go on. What is counted is the transcript, so it is the same after a restart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from graphs.errors import QuestionExpired
from graphs.models.transcript import Message, call_ids
from graphs.runtime.asking import interrupt
from graphs.runtime.effects import idempotency_key

ANSWERED = "answered"
"""A tool message has this where a person had a part in its call, or has said since that the calls may go on."""

ENDED = "ended"
"""An assistant message has this that ends a turn in the model's place; its `notice` says why."""

WAITS = timedelta(hours=24)
"""How long the question whether to go on waits."""

_DONE = "What was done is done. Write again to go on."


@dataclass(frozen=True)
class Bounds:
    """`calls` and `replies` of a turn: everything upon one message of a person. `calls_of_reply` are those in one of
    the model's replies, `in_a_row` those without a person: nobody clicked, answered or wrote in between.
    """

    calls_of_reply: int = 64
    calls: int = 400
    replies: int = 200
    in_a_row: int = 25

    def reached(self, messages: Sequence[Message]) -> str | None:
        """Why the model is not asked again in this turn, as a sentence; None while it is."""
        replies = [message for message in _turn(messages) if message["role"] == "assistant"]
        calls = sum(len(call_ids(message)) for message in replies)
        if calls >= self.calls:
            return f"This request has taken {calls} calls, the most that one may take, so it ends here. {_DONE}"
        if len(replies) >= self.replies:
            return (
                f"This request has taken {len(replies)} replies, the most that one may take, so it ends here. {_DONE}"
            )
        return None

    def too_many(self, proposed: int, messages: Sequence[Message]) -> str | None:
        """Why none of the calls of a reply is run, as a sentence; None when they may run."""
        made = sum(len(call_ids(message)) for message in _turn(messages))
        if proposed > self.calls_of_reply:
            wanted = f"The model wanted {_calls(proposed)} at once; one reply may have {self.calls_of_reply}."
            return f"{wanted} None was run. Ask for less at a time."
        if made + proposed > self.calls:
            wanted = f"The model wanted {_calls(proposed)} more after {made}; one request may have {self.calls}."
            return f"{wanted} None of these was run. Write again to go on."
        return None

    def asks(self, messages: Sequence[Message]) -> bool:
        """Whether the person is to be asked before the model goes on."""
        return in_a_row(messages) >= self.in_a_row


def in_a_row(messages: Sequence[Message]) -> int:
    """The newest calls that no person had a part in."""
    count, is_answered = 0, False
    for message in reversed(_turn(messages)):
        if message["role"] == "tool":
            is_answered = is_answered or message.get(ANSWERED) is True
        elif is_answered:
            break
        else:
            count += len(call_ids(message))
    return count


def end(why: str) -> dict[str, Any]:
    """The message that ends a turn in the model's place. For a node."""
    return {"role": "assistant", "id": idempotency_key("reply"), "content": "", "notice": why, ENDED: True}


async def go_on(state: dict[str, Any]) -> dict[str, Any]:
    """A node: ask the person whether the model is to go on. Where not, the turn ends with a sentence."""
    messages: list[dict[str, Any]] = state["messages"]
    count = in_a_row(messages)
    try:
        question = f"{_calls(count)} in a row for this request. Go on?"
        is_to = interrupt({"question": question}, response_schema=bool, expires_after=WAITS)
    except QuestionExpired:
        return {"messages": [end(f"Nobody said whether to go on after {_calls(count)} in a row. {_DONE}")]}
    if not is_to:
        return {"messages": [end(f"Ended after {_calls(count)} in a row, as asked for. {_DONE}")]}
    return {"messages": [{**messages[-1], ANSWERED: True}]}


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count} calls"


def _turn(messages: Sequence[Message]) -> Sequence[Message]:
    """What was said and done since a person wrote last."""
    start = next((n for n in range(len(messages), 0, -1) if messages[n - 1]["role"] == "user"), 0)
    return messages[start:]
