"""Whether an answer helped: the two buttons below it. Pure."""

from __future__ import annotations

from bot.shown.text import Block, plain_text

FEEDBACK = "feedback"
GOOD, BAD = "good", "bad"


def blocks(message_id: str) -> tuple[Block, ...]:
    """The buttons below the answer that this message is."""
    element: Block = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": _button("Good Answer", "Say that this answer helped", f"{GOOD}:{message_id}"),
        "negative_button": _button("Bad Answer", "Say that this answer did not help", f"{BAD}:{message_id}"),
    }
    return ({"type": "context_actions", "block_id": FEEDBACK, "elements": [element]},)


def read(value: str) -> tuple[str, bool] | None:
    """Which message, and whether it helped; None for what is no value of ours."""
    said, _, message_id = value.partition(":")
    return (message_id, said == GOOD) if said in (GOOD, BAD) and message_id else None


def _button(label: str, read_out: str, value: str) -> Block:
    return {"text": plain_text(label), "accessibility_label": read_out, "value": value}
