"""What one person is told privately, where that has a button; and what a thread that is being stopped says."""

from __future__ import annotations

from collections.abc import Sequence

from bot.shown.cards import Shown
from bot.shown.shown_calls import LINE_LIMIT
from bot.shown.text import Block, escape_visible, fitted, plain_text, plain_visible

REJECT_AND_SEND = "reject_and_send"


def queued(said: str, event_id: str) -> tuple[Block, ...]:
    """A message is kept until a call is decided; who asked for that call may have it read now."""
    button: Block = {
        "type": "button",
        "text": plain_text("Reject and Send This"),
        "action_id": REJECT_AND_SEND,
        "value": event_id,
    }
    return (
        {"type": "section", "text": plain_text(said)},
        {"type": "actions", "block_id": "queued", "elements": [button]},
    )


def stopping(calls: Sequence[str]) -> Shown:
    """Nothing more is begun, and these calls, whose effects cannot be cut off, come to their end."""
    text = f"Stopped. Still running: {fitted('; '.join(calls), LINE_LIMIT)}. What comes of it is shown at the call."
    return Shown(escape_visible(text), ({"type": "section", "text": plain_visible(text)},))
