"""A reply as Chat Completions puts it on the wire: one body, or a stream of chunks.

Source: OpenAI's API reference, "Create chat completion" and "The chat completion chunk object".
"""

import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any

from bot.demo.model.transcript import Call, Reply

WORDS = re.compile(r"\s*\S+|\s+")
PIECES = re.compile(r"(.)(.{1,3})?(.{1,2})?", re.DOTALL)
CHARACTERS_PER_TOKEN = 4


class Completion:
    """The answer to a checked request `body`, with the ids that it keeps over all its chunks."""

    def __init__(self, reply: Reply, body: Mapping[str, Any]) -> None:
        self._reply = reply
        self._call_ids = [f"call_{secrets.token_hex(12)}" for _ in reply.calls]
        self._finish_reason = "tool_calls" if reply.calls else "stop"
        self._prompt_tokens = tokens(json.dumps([body["messages"], body.get("tools")]))
        self._head = {
            "id": f"chatcmpl-{secrets.token_hex(14)}",
            "created": int(time.time()),
            "model": body["model"],
            "service_tier": "default",
            "system_fingerprint": None,
        }

    def body(self) -> dict[str, Any]:
        """The `chat.completion` object of an answer that is not streamed."""
        message: dict[str, Any] = {"role": "assistant", "content": self._reply.text, "refusal": None}
        if self._reply.calls:
            message["tool_calls"] = [
                {"id": call_id, "type": "function", "function": {"name": call.name, "arguments": arguments_text(call)}}
                for call_id, call in zip(self._call_ids, self._reply.calls, strict=True)
            ]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish_reason}
        return {**self._head, "object": "chat.completion", "choices": [choice], "usage": self._usage()}

    def chunks(self, *, include_usage: bool) -> Iterator[dict[str, Any]]:
        """The `chat.completion.chunk` objects of a streamed answer, in their sequence."""
        head = self._head | {"object": "chat.completion.chunk"} | ({"usage": None} if include_usage else {})
        for delta in self._deltas():
            yield {**head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}]}
        last = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": self._finish_reason}
        yield {**head, "choices": [last]}
        if include_usage:
            yield {**head, "choices": [], "usage": self._usage()}

    def _deltas(self) -> Iterator[dict[str, Any]]:
        yield {"role": "assistant", "content": None if self._reply.text is None else "", "refusal": None}
        for piece in WORDS.findall(self._reply.text or ""):
            yield {"content": piece}
        for index, (call_id, call) in enumerate(zip(self._call_ids, self._reply.calls, strict=True)):
            function = {"name": call.name, "arguments": ""}
            yield {"tool_calls": [{"index": index, "id": call_id, "type": "function", "function": function}]}
            for piece in odd_pieces(arguments_text(call)):
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}

    def _usage(self) -> dict[str, int]:
        """Token counts, estimated from characters: no tokenizer runs here."""
        written = tokens((self._reply.text or "") + "".join(map(arguments_text, self._reply.calls)))
        prompt = self._prompt_tokens
        return {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}


def arguments_text(call: Call) -> str:
    """The arguments as the wire carries them: JSON in a string."""
    return call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments, ensure_ascii=False)


def odd_pieces(text: str) -> Iterator[str]:
    """Cut text where no reader expects it: inside numbers, escapes and words."""
    return (piece for match in PIECES.finditer(text) for piece in match.groups() if piece)


def tokens(text: str) -> int:
    """An estimate of how many tokens a text has."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)
