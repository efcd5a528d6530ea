"""What a provider's error is about: the length of the request, its account, its load, or the request itself.

Each provider words that in its own way, as a status, as a name, or as a sentence alone.
"""

from __future__ import annotations

import re

import openai

from graphs.models.provider_words import names, said, status_of

NO_CREDIT = "insufficient_quota"

PASSING = (408, 409, 425)
"""Too slow, in conflict with another request, too early: not about what is in the request."""

# How providers say that a request has more tokens than their model reads: OpenAI and whoever copies it (DeepSeek,
# vLLM, OpenRouter, Mistral, Azure), Anthropic, Gemini, llama.cpp, Ollama, LM Studio, SGLang, Groq, Together, TGI,
# Cohere, xAI, Moonshot, Zhipu, MiniMax, DashScope, Bedrock, GitHub Models.
_TOO_LONG = re.compile(
    r"context[\s_-]*(?:length|window|size|limit)"
    r"|max(?:imum)?[\s_-]*(?:model[\s_-]*)?(?:context|prompt|input|sequence)[\s_-]*(?:tokens?|length|len|size)"
    r"|max_model_len|maximum model length|exceed_context|tokens_limit_reached|string_above_max_length"
    r"|(?:prompt|inputs?|messages?|conversation|request|context)`?\s+(?:is|are|was)\s+"
    r"(?:too\s+(?:long|large)|longer than)"
    r"|(?:prompt|input)[^.]{0,80}(?:longer than|exceeds?)[^.]{0,40}(?:max|length|limit|tokens?)"
    r"|(?:token|tokens)[^.]{0,80}(?:exceed|too large|must be (?:<|less)|must have less)"
    r"|exceed\w*[^.]{0,80}(?:token|context)|must have less than \d+ tokens|too many (?:input |prompt )?tokens"
    r"|reduce the length|range of input length|max_new_tokens`? must be|request (?:entity|body|payload)? ?too large",
    re.IGNORECASE,
)
_OF_A_NAME = re.compile(r"\b(?:id|call_id|name|description|model|user)\W{1,4}string too long", re.IGNORECASE)
"""OpenAI calls it the same when a conversation has no end and when one id has a letter too many."""
_RATE = re.compile(r"per (?:min|minute|hour|day)|rate[\s_-]*limit|quota", re.IGNORECASE)
_LARGER_THAN_RATE = re.compile(r"request too large", re.IGNORECASE)
_BUSY = re.compile(r"rate_limit|too_many_requests|overloaded|resource_exhausted", re.IGNORECASE)
_LASTING = re.compile(r"invalid|not_found|policy|unsupported|permission|authentication", re.IGNORECASE)
"""Names of errors, as they stand in a stream that has none of HTTP's numbers."""
_OTHER_REASONS = (
    openai.APIConnectionError,
    openai.AuthenticationError,
    openai.PermissionDeniedError,
    openai.RateLimitError,
)
"""Not about what is in the request."""


def is_too_long(error: Exception) -> bool:
    """Whether the provider refused because the messages are more than its model reads."""
    status = status_of(error)
    if status in (401, 403, 404):
        return False
    words = said(error)
    if status == 429:
        return _LARGER_THAN_RATE.search(words) is not None
    is_of_less = any(each.search(words) for each in (_RATE, _OF_A_NAME))
    return status == 413 or (_TOO_LONG.search(words) is not None and not is_of_less)


def is_about_request(error: Exception) -> bool:
    """Whether what is wrong may be something in the request."""
    if isinstance(error, openai.NotFoundError):  # of what is in the input, or else of the model
        return error.param is not None
    return isinstance(error, openai.APIError) and not isinstance(error, _OTHER_REASONS) and not is_too_long(error)


def is_busy(error: Exception) -> bool:
    """Whether the provider has too much to do, or we ask too often."""
    is_unpaid = NO_CREDIT in names(error) or getattr(error, "code", None) == NO_CREDIT
    return not is_unpaid and (status_of(error) in (429, 529) or _BUSY.search(names(error)) is not None)


def is_lasting(error: Exception) -> bool:
    """Whether what a stream reports as an error will be there the next time as well."""
    if is_busy(error):
        return False
    status = status_of(error)
    if status is not None:
        return status < 500 and status not in PASSING
    return NO_CREDIT in names(error) or _LASTING.search(names(error)) is not None or is_too_long(error)
