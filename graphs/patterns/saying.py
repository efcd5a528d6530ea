"""What the patterns have in common as conversations: what was asked for, and what is said."""

from collections.abc import Sequence
from typing import Any


def asked(messages: Sequence[dict[str, Any]], verb: str) -> str:
    """What somebody wants done: what stands behind the verb in their last message, or all of it."""
    said = next((message["content"] for message in reversed(messages) if message["role"] == "user"), "")
    words = str(said).strip().rstrip(".!?").split()
    return " ".join(words[1:] if words and words[0].lower() == verb else words) or "it"


def says(text: str) -> dict[str, Any]:
    """The update of a state whose `messages` are a conversation."""
    return {"messages": [{"role": "assistant", "content": text}]}
