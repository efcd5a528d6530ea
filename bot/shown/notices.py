"""What one person is told privately, where that has a button."""

from __future__ import annotations

from bot.shown.text import Block, plain_text

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
