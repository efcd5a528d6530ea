"""What the `openai` client raises → ModelUnavailable: one sentence for a person, no key, no body, no address.

The cause that it carries, for the log, is one line with the secrets taken out.
"""

import math
import re
from collections.abc import Callable, Mapping

import openai

from graphs.models.errors import ModelUnavailable, TooLong
from graphs.models.provider_kinds import NO_CREDIT, PASSING, is_busy, is_lasting, is_too_long
from graphs.models.provider_words import LONGEST_SAID, first_cause, names, retry_after, said
from graphs.texts.redaction import Redaction, without_tokens
from graphs.texts.surrogates import mended

LONGEST_CAUSE = 1000
"""Characters of a provider's words that the log gets."""

_NO_TOOLS = re.compile(
    r"(?:not|n't) support[^.]{0,40}(?:tool|function)s?\b"
    r"|(?:tool|function)\w*[^.]{0,40}(?:not|n't) (?:be )?(?:supported|available)"
    r"|no endpoints[^.]{0,40}support tool",
    re.IGNORECASE,
)

_A_MODEL = re.compile(r"\bmodels?\b|\bdeployments?\b|\bendpoints? found\b", re.IGNORECASE)
"""Of the two things that may not be found, the address and the model, it is the latter."""

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


def _sentence(error: openai.OpenAIError, model: str) -> ModelUnavailable:
    for kind, describe in _KINDS:
        if isinstance(error, kind):
            return describe(error, model)
    return _reported(error, model)


def _reported(error: openai.OpenAIError, model: str) -> ModelUnavailable:
    """An error inside a stream, or of a kind of its own."""
    if is_busy(error) or NO_CREDIT in names(error):
        return _busy(error, model)
    sentence = "The model's provider reported an error."
    if is_lasting(error):
        return ModelUnavailable(f"{sentence} It did not accept the request.", retryable=False, trouble="refused")
    return ModelUnavailable(f"{sentence} {_again(error)}", retryable=True, trouble="server")


def _again(error: openai.OpenAIError, otherwise: str = "in a moment") -> str:
    """When to try again, as far as the provider said."""
    seconds = retry_after(error) or 0
    if seconds <= _LONG:
        return f"Please try again {otherwise}."
    minutes = math.ceil(seconds / 60)
    hours = math.ceil(minutes / 60)
    days = math.ceil(hours / 24)
    wait = f"{minutes} minutes" if minutes <= 120 else f"{hours} hours" if hours <= 48 else f"{days} days"
    return f"Please try again in {wait}."


def _timeout(error: openai.OpenAIError, model: str) -> ModelUnavailable:
    if not isinstance(first_cause(error), TimeoutError):  # over aiohttp, openai calls every broken connection a timeout
        return _unreachable(error, model)
    return ModelUnavailable(
        "The model did not answer in time. Please try again in a moment.", retryable=True, trouble="timeout"
    )


def _unreachable(_error: openai.OpenAIError, _model: str) -> ModelUnavailable:
    sentence = "The model could not be reached, or the connection to it broke off. Please try again in a moment."
    return ModelUnavailable(sentence, retryable=True, trouble="unreachable")


def _key(_error: openai.OpenAIError, _model: str) -> ModelUnavailable:
    sentence = "The model's provider refused our key; whoever runs this bot has to check OPENAI_API_KEY."
    return ModelUnavailable(sentence, retryable=False, trouble="key")


def _not_found(error: openai.OpenAIError, model: str) -> ModelUnavailable:
    if _NO_TOOLS.search(said(error)):
        return _no_tools(model)
    is_page = not isinstance(getattr(error, "body", None), Mapping | list)
    if is_page or not _A_MODEL.search(said(error)):
        check = "whoever runs this bot has to check OPENAI_BASE_URL and OPENAI_MODEL."
        return ModelUnavailable(
            f"The model's server has nothing at this address; {check}", retryable=False, trouble="not_found"
        )
    sentence = f"The provider does not have the model {model!r}; whoever runs this bot has to check OPENAI_MODEL."
    return ModelUnavailable(sentence, retryable=False, trouble="not_found")


def _busy(error: openai.OpenAIError, model: str) -> ModelUnavailable:
    if NO_CREDIT in (getattr(error, "code", None), getattr(error, "type", None)):
        return _payment(error, model)
    return ModelUnavailable(f"The model is busy. {_again(error, 'in a minute')}", retryable=True, trouble="busy")


def _refused(error: openai.OpenAIError, model: str) -> ModelUnavailable:
    status = getattr(error, "status_code", None)
    if status == 402:
        return _payment(error, model)
    if status in PASSING:
        return _server(error, model)
    if _NO_TOOLS.search(said(error)):
        return _no_tools(model)
    return ModelUnavailable("The model's provider did not accept the request.", retryable=False, trouble="refused")


def _no_tools(model: str) -> ModelUnavailable:
    sentence = f"The model {model!r} cannot use tools; whoever runs this bot has to set another OPENAI_MODEL."
    return ModelUnavailable(sentence, retryable=False, trouble="no_tools")


def _payment(_error: openai.OpenAIError, _model: str) -> ModelUnavailable:
    return ModelUnavailable(
        "The account with the model's provider has no credit left.", retryable=False, trouble="no_credit"
    )


def _server(error: openai.OpenAIError, _model: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"The model's provider has a problem of its own. {_again(error)}", retryable=True, trouble="server"
    )


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
