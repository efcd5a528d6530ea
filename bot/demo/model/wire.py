"""A reply as Chat Completions puts it on the wire: one body, or a stream of chunks.

Source: OpenAI's API reference, "Create chat completion" and "The chat completion chunk object".
"""

import itertools
import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.demo.model.reply import Call, Reply

WORDS = re.compile(r"\s*\S+|\s+")
ARGUMENT_PIECES = (1, 3, 2)
CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True)
class Completion:
    """One answer with the ids it keeps over all its chunks."""

    reply: Reply
    model: str
    prompt_tokens: int
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(14)}")
    created: int = field(default_factory=lambda: int(time.time()))
    call_ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, reply: Reply, body: Mapping[str, Any]) -> "Completion":
        """The answer to a checked request body."""
        call_ids = tuple(f"call_{secrets.token_hex(12)}" for _ in reply.calls)
        return cls(reply, body["model"], tokens(json.dumps([body["messages"], body.get("tools")])), call_ids=call_ids)

    @property
    def finish_reason(self) -> str:
        return "tool_calls" if self.reply.calls else "stop"

    def usage(self) -> dict[str, int]:
        """Token counts, estimated from characters: no tokenizer runs here."""
        written = tokens((self.reply.text or "") + "".join(arguments_text(call) for call in self.reply.calls))
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": written,
            "total_tokens": self.prompt_tokens + written,
        }

    def body(self) -> dict[str, Any]:
        """The `chat.completion` object of an answer that is not streamed."""
        message: dict[str, Any] = {"role": "assistant", "content": self.reply.text, "refusal": None}
        if self.reply.calls:
            message["tool_calls"] = [
                {"id": call_id, "type": "function", "function": {"name": call.name, "arguments": arguments_text(call)}}
                for call_id, call in zip(self.call_ids, self.reply.calls, strict=True)
            ]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.finish_reason}
        return {**self._head("chat.completion"), "choices": [choice], "usage": self.usage()}

    def chunks(self, *, include_usage: bool) -> Iterator[dict[str, Any]]:
        """The `chat.completion.chunk` objects of a streamed answer, in their sequence."""
        head = self._head("chat.completion.chunk") | ({"usage": None} if include_usage else {})
        for delta in self._deltas():
            yield {**head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}]}
        last = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": self.finish_reason}
        yield {**head, "choices": [last]}
        if include_usage:
            yield {**head, "choices": [], "usage": self.usage()}

    def _head(self, kind: str) -> dict[str, Any]:
        head = {"id": self.id, "object": kind, "created": self.created, "model": self.model}
        return head | {"service_tier": "default", "system_fingerprint": None}

    def _deltas(self) -> Iterator[dict[str, Any]]:
        yield {"role": "assistant", "content": None if self.reply.text is None else "", "refusal": None}
        for piece in WORDS.findall(self.reply.text or ""):
            yield {"content": piece}
        for index, (call_id, call) in enumerate(zip(self.call_ids, self.reply.calls, strict=True)):
            function = {"name": call.name, "arguments": ""}
            yield {"tool_calls": [{"index": index, "id": call_id, "type": "function", "function": function}]}
            for piece in odd_pieces(arguments_text(call)):
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def arguments_text(call: Call) -> str:
    """The arguments as the wire carries them: JSON in a string."""
    return call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments, ensure_ascii=False)


def odd_pieces(text: str) -> Iterator[str]:
    """Cut text where no reader expects it: inside numbers, escapes and words."""
    start = 0
    for size in itertools.cycle(ARGUMENT_PIECES):
        if start >= len(text):
            return
        yield text[start : start + size]
        start += size


def tokens(text: str) -> int:
    """An estimate of how many tokens a text has."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)
