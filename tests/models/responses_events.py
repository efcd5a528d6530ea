"""What a server sends over the Responses wire, event by event."""

from __future__ import annotations

import json
from typing import Any

USAGE = {"input_tokens": 7, "output_tokens": 2, "total_tokens": 9}


def event(kind: str, **fields: Any) -> bytes:
    """One server-sent event."""
    data = json.dumps({"type": kind} | fields)
    return f"event: {kind}\ndata: {data}\n\n".encode()


def said(text: str, **more: Any) -> dict[str, Any]:
    """A message as an output item."""
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [part]} | more


def called(call_id: str = "a", arguments: str = "{}", name: str = "pay", **more: Any) -> dict[str, Any]:
    """A call as an output item."""
    item = {"type": "function_call", "id": f"fc_{call_id}", "call_id": call_id, "name": name, "arguments": arguments}
    return item | {"status": "completed"} | more


def thought(encrypted: str = "gAAA", **more: Any) -> dict[str, Any]:
    """A reasoning item."""
    return {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": encrypted} | more


def piece(text: str) -> bytes:
    """A piece of the first message's text."""
    return event("response.output_text.delta", item_id="msg_1", output_index=0, content_index=0, delta=text)


def ended(*items: dict[str, Any], status: str = "completed", **more: Any) -> bytes:
    """The last event."""
    response = {"id": "resp_1", "object": "response", "status": status, "output": list(items), "usage": USAGE} | more
    return event(f"response.{status}", response=response)


SAYS_HI = piece("Hi") + piece("!") + ended(said("Hi!"))
