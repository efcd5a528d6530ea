"""OpenAI's Chat Completions wire, which many servers speak.

Source: OpenAI's API reference, "Create chat completion" and "The chat completion chunk object".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import openai

from graphs.models.chat_options import WORDS, Option, refused
from graphs.models.chat_reply import Reply
from graphs.models.chat_request import ChatRequests
from graphs.models.connection import OPENAI_URL
from graphs.models.provider_words import said
from graphs.models.wire import Messages, server_of
from graphs.models.wire_model import WireModel

# OpenAI, of models that are not to be had here, or not with tools.
_NAMES_RESPONSES = re.compile(r"\bv1/responses\b|\bresponses api\b", re.IGNORECASE)


class ChatWire:
    """See `Wire`."""

    path = "/chat/completions"
    words: Mapping[Any, str] = WORDS
    elsewhere = "The model can be used over Responses only; whoever runs this bot has to check LLM_API."

    def __init__(self, model: str, base_url: str) -> None:
        self._server = server_of("chat", base_url)
        self._requests = ChatRequests(model, self._server)

    def body(self, messages: Messages, tools: Sequence[Mapping[str, Any]], left_out: Collection[Option]) -> bytes:
        """See `Wire.body`."""
        return self._requests.body(messages, tools, left_out)

    def reply(self, *, starts_in_thought: bool) -> Reply:
        """See `Wire.reply`."""
        return Reply(self._server, starts_in_thought=starts_in_thought)

    def refused(self, said: str, messages: Messages, left_out: Collection[Option]) -> Option | None:
        """See `Wire.refused`."""
        return refused(said, messages, left_out)

    def is_elsewhere(self, error: Exception) -> bool:
        """See `Wire.is_elsewhere`."""
        is_refusal = isinstance(error, openai.BadRequestError | openai.NotFoundError)
        return is_refusal and _NAMES_RESPONSES.search(said(error)) is not None


class ChatModel(WireModel):
    """A model behind Chat Completions."""

    def __init__(self, *, model: str, base_url: str = OPENAI_URL, **options: Any) -> None:
        """`options` are those of `WireModel`."""
        super().__init__(ChatWire(model, base_url), model=model, base_url=base_url, **options)
