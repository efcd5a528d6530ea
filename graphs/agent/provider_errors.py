"""What the `openai` client raises → ModelUnavailable: one sentence for a person, no key, no body, no address."""

from collections.abc import Callable

import openai

from graphs.agent.errors import ModelUnavailable

_TOO_LONG = "context_length_exceeded"
_NO_CREDIT = "insufficient_quota"


def unavailable(error: openai.OpenAIError, model: str) -> ModelUnavailable:
    """The sentence for this error. The caller raises it `from error`, so that the log has the whole."""
    for kind, describe in _KINDS:
        if isinstance(error, kind):
            return describe(error, model)
    return ModelUnavailable("The model's provider reported an error. Please try again in a moment.", retryable=True)


def _timeout(error: openai.OpenAIError, model: str) -> ModelUnavailable:
    first: BaseException = error
    while first.__cause__ is not None:
        first = first.__cause__
    if not isinstance(first, TimeoutError):  # over aiohttp, openai calls every broken connection a timeout
        return _unreachable(error, model)
    return ModelUnavailable("The model did not answer in time. Please try again in a moment.", retryable=True)


def _unreachable(_error: openai.OpenAIError, _model: str) -> ModelUnavailable:
    sentence = "The model could not be reached, or the connection to it broke off. Please try again in a moment."
    return ModelUnavailable(sentence, retryable=True)


def _key(_error: openai.OpenAIError, _model: str) -> ModelUnavailable:
    sentence = "The model's provider refused our key; whoever runs this bot has to check OPENAI_API_KEY."
    return ModelUnavailable(sentence, retryable=False)


def _not_found(_error: openai.OpenAIError, model: str) -> ModelUnavailable:
    sentence = f"The provider does not have the model {model!r}; whoever runs this bot has to check OPENAI_MODEL."
    return ModelUnavailable(sentence, retryable=False)


def _busy(error: openai.OpenAIError, _model: str) -> ModelUnavailable:
    if getattr(error, "code", None) == _NO_CREDIT:
        return ModelUnavailable("The account with the model's provider has no credit left.", retryable=False)
    return ModelUnavailable("The model is busy. Please try again in a minute.", retryable=True)


def _refused(error: openai.OpenAIError, _model: str) -> ModelUnavailable:
    if getattr(error, "code", None) == _TOO_LONG:
        sentence = "This conversation has become too long for the model. Please start a new one."
        return ModelUnavailable(sentence, retryable=False)
    return ModelUnavailable("The model's provider did not accept the request.", retryable=False)


def _server(_error: openai.OpenAIError, _model: str) -> ModelUnavailable:
    return ModelUnavailable(
        "The model's provider has a problem of its own. Please try again in a moment.", retryable=True
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
