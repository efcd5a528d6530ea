"""OpenAI's Responses wire, without anything that is kept at the provider.

Source: OpenAI's API reference, "Create a model response" and "Streaming events"; "Reasoning models: encrypted
reasoning items".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import openai

from graphs.models.connection import OPENAI_URL
from graphs.models.provider_words import said, status_of
from graphs.models.responses_options import WORDS, Option, refused
from graphs.models.responses_reply import ResponsesReply
from graphs.models.responses_request import ResponsesRequests
from graphs.models.wire import Messages, server_of
from graphs.models.wire_model import WireModel

_ABOUT_ANOTHER = re.compile(
    r"\bmodels?\b|\bdeployments?\b|\bitem\b|\bendpoints? found\b|\bprevious_response", re.IGNORECASE
)
"""What else may not be found at an address that is there."""

_UNKNOWN_ADDRESS = re.compile(
    r"(?:unknown|invalid|unsupported|unrecognized|no such)[\W_]{0,2}(?:request )?[\W_]?(?:url|path|route|endpoint)"
    r"|(?:url|path|route|endpoint)\b[^.]{0,60}(?:not found|not supported|does not exist|unknown)"
    r"|/responses\b[^.]{0,40}(?:not (?:found|supported|available|implemented)|unsupported)"
    r"|responses api\b[^.]{0,60}\b(?:only|not|unsupported)\b|(?:not|n't) (?:be )?supported[^.]{0,40}responses api"
    r"|operation is (?:unsupported|not supported)",
    re.IGNORECASE,
)
_CHAT_ONLY = re.compile(r"\bv1/chat/completions\b|\bchat completions\b", re.IGNORECASE)


class ResponsesWire:
    """See `Wire`."""

    path = "/responses"
    words: Mapping[Any, str] = WORDS
    elsewhere = "The model's server has no Responses; whoever runs this bot has to check LLM_API and OPENAI_BASE_URL."

    def __init__(self, model: str, base_url: str) -> None:
        self._server = server_of("responses", base_url, model)
        self._requests = ResponsesRequests(model, self._server)

    def body(self, messages: Messages, tools: Sequence[Mapping[str, Any]], left_out: Collection[Option]) -> bytes:
        """See `Wire.body`."""
        return self._requests.body(messages, tools, left_out)

    def reply(self, *, starts_in_thought: bool) -> ResponsesReply:
        """See `Wire.reply`."""
        return ResponsesReply(self._server, starts_in_thought=starts_in_thought)

    def refused(self, said: str, messages: Messages, left_out: Collection[Option]) -> Option | None:
        """See `Wire.refused`."""
        return refused(said, messages, left_out, self._server)

    def is_elsewhere(self, error: Exception) -> bool:
        """See `Wire.is_elsewhere`. A page, as of a web server, is about the address."""
        words, status = said(error), status_of(error)
        if not isinstance(error, openai.APIStatusError):
            return False
        if status in (405, 501):
            return True
        is_page = not isinstance(error.body, Mapping | list)
        if status == 404:
            return is_page or _ABOUT_ANOTHER.search(words) is None or _UNKNOWN_ADDRESS.search(words) is not None
        return status == 400 and bool(_UNKNOWN_ADDRESS.search(words) or _CHAT_ONLY.search(words))


class ResponsesModel(WireModel):
    """A model behind Responses."""

    def __init__(self, *, model: str, base_url: str = OPENAI_URL, **options: Any) -> None:
        """`options` are those of `WireModel`."""
        super().__init__(ResponsesWire(model, base_url), model=model, base_url=base_url, **options)
