"""A Responses request as the bytes that are sent. Nothing of a conversation is kept at the provider: all goes along.

What came with a reply (reasoning that is encrypted, ids, phases) goes back in its place, in the order in which it came,
to the server and model that sent it. What was said and called stands in the message, and is taken from there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from graphs.models.outgoing import outgoing, sent_call, with_plain_ids, without_system
from graphs.models.replies import text_of
from graphs.models.responses_items import said_in
from graphs.models.responses_options import Option
from graphs.models.serialised import KEPT_BYTES, Serialised, as_json
from graphs.models.transcript import Message

ENCRYPTED = "reasoning.encrypted_content"

Item = dict[str, Any]


class ResponsesRequests:
    """Makes the requests to one model at one server. The messages it is given are not to be changed afterwards."""

    def __init__(self, model: str, server: str = "", kept_bytes: int = KEPT_BYTES) -> None:
        self._model = model
        self._server = server
        self._serialised = Serialised(kept_bytes)

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        return self._serialised.size

    def body(
        self,
        messages: Sequence[Message],
        tools: Sequence[Mapping[str, Any]],
        left_out: Collection[Option] = (),
    ) -> bytes:
        """The request for a reply to these messages. Raises ValueError for what no JSON can carry."""
        sent = outgoing(messages)
        sent = without_system(sent) if "instructions" in left_out else sent
        sent = with_plain_ids(sent) if "ids" in left_out else sent
        head: dict[str, Any] = {"model": self._model, "stream": "stream" not in left_out}
        if "store" not in left_out:
            head["store"] = False
        if "include" not in left_out:
            head["include"] = [ENCRYPTED]
        if sent and sent[0]["role"] == "system":
            head["instructions"] = text_of(sent[0].get("content"))
            sent = sent[1:]
        if tools:
            head["tools"] = [_tool(tool, is_lenient="strict" not in left_out) for tool in tools]
        server = None if "items" in left_out else self._server
        texts = self._serialised.texts(sent, server or "", lambda message: items_of(message, server))
        return b"".join((as_json(head)[:-1], b',"input":', *texts, b"}"))


def _tool(definition: Mapping[str, Any], *, is_lenient: bool) -> dict[str, Any]:
    """A function definition of Chat Completions as Responses has it, where strict is the default."""
    lenient = {"strict": False} if is_lenient else {}
    return {"type": "function", **definition["function"], **lenient}


def items_of(message: Message, server: str | None = None) -> list[Item]:
    """The input items that say what the message says, with what came along with it from this `server`."""
    match message["role"]:
        case "tool":
            output = text_of(message.get("content"))
            return [{"type": "function_call_output", "call_id": message["tool_call_id"], "output": output}]
        case "assistant":
            kept: Mapping[str, Any] = message.get("extra") or {}
            is_theirs = server is not None and kept.get("server") == server
            return _reply(message, kept["message"].get("items", ()) if is_theirs else ())
        case role:
            return [{"type": "message", "role": role, "content": text_of(message.get("content"))}]


def _reply(message: Message, kept: Sequence[Item]) -> list[Item]:
    """The reply's own items, as they came; where they do not fit what the message says, that alone."""
    content = text_of(message.get("content"))
    calls = [_call(call) for call in message.get("tool_calls") or ()]
    if len(calls) != sum(item["type"] == "function_call" for item in kept):
        kept = ()
    if said_in(kept).strip() == content.strip():
        items = list(kept)
    else:
        items = [item for item in kept if item["type"] != "message"]
        place = next((place for place, item in enumerate(items) if item["type"] == "function_call"), len(items))
        items[place:place] = [{"type": "message", "role": "assistant", "content": content}] if content.strip() else []
    if not kept:
        return [*items, *calls]
    return [{**item, **calls.pop(0)} if item["type"] == "function_call" else item for item in items]


def _call(call: Mapping[str, Any]) -> Item:
    name, arguments = sent_call(call)
    return {"type": "function_call", "call_id": call["id"], "name": name, "arguments": arguments}
