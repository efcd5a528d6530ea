"""What the `openai` client raises → ModelUnavailable: one sentence for a person, no key, no body, no address.

The cause that it carries, for the log, is one line with the secrets taken out.
"""

import math
import re
from collections.abc import Callable

import openai

from graphs.models.errors import ModelUnavailable, TooLong
from graphs.models.provider_words import LONGEST_SAID, first_cause, names, retry_after, said, status_of
from graphs.texts.redaction import Redaction, without_tokens
from graphs.texts.surrogates import mended

_NO_CREDIT = "insufficient_quota"

PASSING = (408, 409, 425)
"""Too slow, in conflict with another request, too early: not about what is in the request."""

LONGEST_CAUSE = 1000
"""Characters of a provider's words that the log gets."""

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
_RATE = re.compile(r"per (?:min|minute|hour|day)|rate[\s_-]*limit|quota", re.IGNORECASE)
_LARGER_THAN_RATE = re.compile(r"request too large", re.IGNORECASE)
_NO_TOOLS = re.compile(
    r"(?:not|n't) support[^.]{0,40}(?:tool|function)s?\b"
    r"|(?:tool|function)\w*[^.]{0,40}(?:not|n't) (?:be )?(?:supported|available)"
    r"|no endpoints[^.]{0,40}support tool",
    re.IGNORECASE,
)


_BUSY = re.compile(r"rate_limit|too_many_requests|overloaded|resource_exhausted", re.IGNORECASE)
_LASTING = re.compile(r"invalid|not_found|policy|unsupported|permission|authentication", re.IGNORECASE)
"""Names of errors, as they stand in a stream that has none of HTTP's numbers."""

_LONG = 90
"""Seconds; a wait that is longer is told in minutes."""


class ProviderError(Exception):
    """What the provider or the way to it said, on one line, without secrets: for the log."""


def unavailable(error: openai.OpenAIError, model: str, redact: Redaction) -> ModelUnavailable:
    """The sentence for this error, with its cause."""
    unavailable = TooLong() if is_too_long(error) else _sentence(error, model)
    unavailable.__cause__ = cause(error, redact)
    return unavailable


def cause(error: Exception, redact: Redaction) -> ProviderError:
    """What the log is told of an error."""
    first = first_cause(error)
    words = dict.fromkeys([type(error).__name__, said(error), type(first).__name__, str(first)[:LONGEST_SAID]])
    line = " ".join(" ".join(words).split())
    return ProviderError(mended(without_tokens(redact(line)))[:LONGEST_CAUSE])


def is_too_long(error: Exception) -> bool:
    """Whether the provider refused because the messages are more than its model reads."""
    status = status_of(error)
    if status in (401, 403, 404):
        return False
    words = said(error)
    if status == 429:
        return _LARGER_THAN_RATE.search(words) is not None
    return status == 413 or (_TOO_LONG.search(words) is not None and _RATE.search(words) is None)


def is_about_request(error: Exception) -> bool:
    """Whether what is wrong may be something in the request."""
    if isinstance(error, openai.NotFoundError):  # of what is in the input, or else of the model
        return error.param is not None
    return isinstance(error, openai.APIError) and not isinstance(error, _OTHER_REASONS) and not is_too_long(error)


def is_busy(error: Exception) -> bool:
    """Whether the provider has too much to do, or we ask too often."""
    is_unpaid = _NO_CREDIT in names(error) or getattr(error, "code", None) == _NO_CREDIT
    return not is_unpaid and (status_of(error) in (429, 529) or _BUSY.search(names(error)) is not None)


def is_lasting(error: Exception) -> bool:
    """Whether what a stream reports as an error will be there the next time as well."""
    if is_busy(error):
        return False
    status = status_of(error)
    if status is not None:
        return status < 500 and status not in PASSING
    return _NO_CREDIT in names(error) or _LASTING.search(names(error)) is not None or is_too_long(error)


def _sentence(error: openai.OpenAIError, model: str) -> ModelUnavailable:
    for kind, describe in _KINDS:
        if isinstance(error, kind):
            return describe(error, model)
    return _reported(error, model)


def _reported(error: openai.OpenAIError, model: str) -> ModelUnavailable:
    """An error inside a stream, or of a kind of its own."""
    if is_busy(error) or _NO_CREDIT in names(error):
        return _busy(error, model)
    sentence = "The model's provider reported an error."
    if is_lasting(error):
        return ModelUnavailable(f"{sentence} It did not accept the request.", retryable=False)
    return ModelUnavailable(f"{sentence} {_again(error)}", retryable=True)


def _again(error: openai.OpenAIError, otherwise: str = "in a moment") -> str:
    """When to try again, as far as the provider said."""
    seconds = retry_after(error) or 0
    if seconds <= _LONG:
        return f"Please try again {otherwise}."
    minutes = math.ceil(seconds / 60)
    hours = math.ceil(minutes / 60)
    return f"Please try again in {minutes} minutes." if minutes <= 120 else f"Please try again in {hours} hours."


def _timeout(error: openai.OpenAIError, model: str) -> ModelUnavailable:
    if not isinstance(first_cause(error), TimeoutError):  # over aiohttp, openai calls every broken connection a timeout
        return _unreachable(error, model)
    return ModelUnavailable("The model did not answer in time. Please try again in a moment.", retryable=True)


def _unreachable(_error: openai.OpenAIError, _model: str) -> ModelUnavailable:
    sentence = "The model could not be reached, or the connection to it broke off. Please try again in a moment."
    return ModelUnavailable(sentence, retryable=True)


def _key(_error: openai.OpenAIError, _model: str) -> ModelUnavailable:
    sentence = "The model's provider refused our key; whoever runs this bot has to check OPENAI_API_KEY."
    return ModelUnavailable(sentence, retryable=False)


def _not_found(error: openai.OpenAIError, model: str) -> ModelUnavailable:
    if _NO_TOOLS.search(said(error)):
        return _no_tools(model)
    sentence = f"The provider does not have the model {model!r}; whoever runs this bot has to check OPENAI_MODEL."
    return ModelUnavailable(sentence, retryable=False)


def _busy(error: openai.OpenAIError, model: str) -> ModelUnavailable:
    if _NO_CREDIT in (getattr(error, "code", None), getattr(error, "type", None)):
        return _payment(error, model)
    return ModelUnavailable(f"The model is busy. {_again(error, 'in a minute')}", retryable=True)


def _refused(error: openai.OpenAIError, model: str) -> ModelUnavailable:
    status = getattr(error, "status_code", None)
    if status == 402:
        return _payment(error, model)
    if status in PASSING:
        return _server(error, model)
    if _NO_TOOLS.search(said(error)):
        return _no_tools(model)
    return ModelUnavailable("The model's provider did not accept the request.", retryable=False)


def _no_tools(model: str) -> ModelUnavailable:
    sentence = f"The model {model!r} cannot use tools; whoever runs this bot has to set another OPENAI_MODEL."
    return ModelUnavailable(sentence, retryable=False)


def _payment(_error: openai.OpenAIError, _model: str) -> ModelUnavailable:
    return ModelUnavailable("The account with the model's provider has no credit left.", retryable=False)


def _server(error: openai.OpenAIError, _model: str) -> ModelUnavailable:
    return ModelUnavailable(f"The model's provider has a problem of its own. {_again(error)}", retryable=True)


_OTHER_REASONS = (
    openai.APIConnectionError,
    openai.AuthenticationError,
    openai.PermissionDeniedError,
    openai.RateLimitError,
)
"""Not about what is in the request."""

# The first that fits counts: a timeout is a connection error, too.
_KINDS: tuple[tuple[type[openai.OpenAIError], Callable[[openai.OpenAIError, str], ModelUnavailable]], ...] = (
    (openai.APITimeoutError, _timeout),
    (openai.APIConnectionError, _unreachable),
    (openai.AuthenticationError, _key),
    (openai.PermissionDeniedError, _key),
    (openai.NotFoundError, _not_found),
    (openai.RateLimitError, _busy),
    (openai.InternalServerError, _server),
    (openai.APIStatusError, _refused),
)
