"""OpenAI's Chat Completions wire, which many servers speak: streaming, tool calls, retries before anything is shown.

Source: OpenAI's API reference, "Create chat completion" and "The chat completion chunk object".
"""

import asyncio
import contextlib
import ipaddress
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
import httpx2
import openai
from openai import AsyncOpenAI, AsyncStream, DefaultAioHttpClient, Timeout

from graphs.models.chat_options import WORDS, Option, refused
from graphs.models.chat_reply import BrokeOff, Reply, broke_off, reported_error
from graphs.models.chat_request import ChatRequests
from graphs.models.chat_stream import END, Event, EventReader
from graphs.models.errors import ModelUnavailable
from graphs.models.model import ModelReply, TextDelta, new_call_id
from graphs.models.provider_errors import cause, said, unavailable
from graphs.texts.redaction import Redaction, keys_among
from graphs.texts.surrogates import mended

logger = logging.getLogger(__name__)

OPENAI_URL = "https://api.openai.com/v1"

DRAIN_SECONDS = 0.1
"""How long the rest of an answer is waited for once the server has said that there is none."""


class ChatModel:
    """A model behind Chat Completions. Close it with `aclose`.

    `idle_timeout` is the longest silence, in seconds, before and between chunks; `patience` how long a server may say
    that it is still at work, and nothing else. A request is repeated `max_retries`
    times while nothing of its reply was given on; one that broke off later is not, because its beginning has been
    shown. What the server refuses of what may be left out is left out from then on.
    """

    def __init__(
        self,
        *,
        api_key: str,
        model: str,
        base_url: str = OPENAI_URL,
        connect_timeout: float = 10.0,
        idle_timeout: float = 60.0,
        patience: float = 600.0,
        max_retries: int = 2,
        new_id: Callable[[], str] = new_call_id,
    ) -> None:
        self._model = model
        self._server = f"chat {urlsplit(base_url).hostname}"
        self._requests = ChatRequests(model, self._server)
        self._new_id = new_id
        self._max_retries = max_retries
        self._patience = patience
        self._left_out: frozenset[Option] = frozenset()
        self._starts_in_thought = False
        self._redact = Redaction(keys := keys_among([api_key]), masked=keys)
        timeout = Timeout(idle_timeout, connect=connect_timeout)
        self._client = AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            max_retries=max_retries,
            # aiohttp reads HTTP in C: a streamed reply costs half as much. Proxies are taken from the environment, and
            # no proxy reaches this machine's own loopback.
            http_client=DefaultAioHttpClient(base_url=base_url, timeout=timeout, trust_env=not is_loopback(base_url)),
        )

    @property
    def name(self) -> str:
        """The model's, as its provider calls it."""
        return self._model

    async def aclose(self) -> None:
        """Give back the connections."""
        await self._client.close()

    async def stream(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
    ) -> AsyncGenerator[TextDelta | ModelReply, None]:
        """See `Model.stream`."""
        attempt = _Attempt(self._left_out, self._max_retries)
        while True:
            reply = Reply(self._server, starts_in_thought=self._starts_in_thought)
            try:
                request = self._requests.body(messages, tools, attempt.left_out)
                async with aclosing(self._text(request, reply)) as pieces:
                    async for text in pieces:
                        attempt.is_shown = True
                        yield TextDelta(text)
                whole = reply.whole(messages, self._new_id)
                break
            except (openai.OpenAIError, BrokeOff, ValueError, aiohttp.ClientError) as error:
                if attempt.may_go_on(error, messages, is_begun=reply.is_begun):
                    continue
                failure = self._unavailable(error)
            raise failure  # out here, where the error that names our secrets is no context of it
        if new := attempt.left_out - self._left_out:
            logger.info("the model's server refuses %s; left out from now on", ", ".join(WORDS[each] for each in new))
        self._left_out |= attempt.left_out
        self._starts_in_thought |= reply.starts_in_thought
        yield whole

    async def _text(self, request: bytes, reply: Reply) -> AsyncGenerator[str]:
        """The text of the answer as it comes; the rest is in `reply`. Raises OpenAIError, BrokeOff, ValueError."""
        # Not `chat.completions.create`: that walks the whole conversation, and again to serialise it; and it reads no
        # other answers than OpenAI's.
        answer = await self._client.post(
            "/chat/completions",
            content=request,
            options={"security": {"bearer_auth": True}},
            cast_to=object,
            stream=True,
            stream_cls=AsyncStream[object],
        )
        async with answer, aclosing(_events(answer.response, self._patience)) as events:
            is_anything = False
            try:
                async for event in events:
                    is_anything = True
                    if event is END:
                        reply.is_complete = True
                    elif text := _read(event, reply, answer.response.request):
                        yield text
            except openai.APIConnectionError:
                if not reply.is_all_said:  # some servers never close what they are done with
                    raise
        if is_anything and not (reply.is_begun or reply.is_complete):
            raise ValueError("nothing that was sent is a part of a reply")
        if text := reply.end():
            yield text

    def _unavailable(self, error: Exception) -> ModelUnavailable:
        """What a person is told of this error; the log gets its cause."""
        if isinstance(error, openai.OpenAIError):
            return unavailable(error, self._model, self._redact)
        if isinstance(error, BrokeOff):
            return broke_off()
        sentence = "The model's server sent something that is no reply; whoever runs this bot has to check it."
        failure = ModelUnavailable(sentence, retryable=False)
        failure.__cause__ = cause(error, self._redact)
        return failure


@dataclass
class _Attempt:
    """How often one request was made, and without what."""

    left_out: frozenset[Option]
    repeats: int
    is_shown: bool = False

    def may_go_on(self, error: Exception, messages: Sequence[Mapping[str, Any]], *, is_begun: bool) -> bool:
        """Whether it is worth another try: without what was refused, or because an answer broke off that nobody saw."""
        if self.is_shown:
            return False
        if isinstance(error, BrokeOff | openai.APIConnectionError):
            self.repeats -= 1
            return is_begun and self.repeats >= 0 and not isinstance(error, openai.APITimeoutError)
        if isinstance(error, openai.APIError) and not isinstance(error, _OTHER_REASONS):
            option = refused(said(error), messages, self.left_out)
            if option is not None:
                self.left_out = self.left_out.union((option,))
            return option is not None
        return False


# Not about what is in the request.
_OTHER_REASONS = (
    openai.AuthenticationError,
    openai.PermissionDeniedError,
    openai.NotFoundError,
    openai.RateLimitError,
)


async def _events(response: httpx2.Response, patience: float) -> AsyncGenerator[Event]:
    """What the body says, as it comes. Raises OpenAIError when the connection breaks, ValueError for no JSON."""
    reader = EventReader()
    pieces = response.aiter_bytes()
    last, is_anything = time.monotonic(), False
    try:
        async for piece in pieces:
            for event in reader.feed(piece):
                last, is_anything = time.monotonic(), True
                yield event
            if reader.is_done:
                break
            if time.monotonic() - last > patience:
                raise openai.APITimeoutError(response.request) from TimeoutError()
    except httpx2.TimeoutException as error:
        raise openai.APITimeoutError(response.request) from error
    except httpx2.RequestError as error:
        raise openai.APIConnectionError(request=response.request) from error
    for event in reader.end():
        is_anything = True
        yield event
    if reader.foreign and not is_anything:
        raise ValueError(f"what was sent is no stream of events, and begins with {reader.foreign[:200]!r}")
    if reader.is_done:
        await _drain(pieces)


async def _drain(pieces: AsyncIterator[bytes]) -> None:
    """The connection serves the next request when nothing is left on it."""
    with contextlib.suppress(TimeoutError, httpx2.HTTPError):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in pieces:
                pass


def _read(event: Event, reply: Reply, request: httpx2.Request) -> str:
    """Take an event into the reply; the text that it brought. Raises APIError when it says that it went wrong."""
    data = event.data
    if isinstance(data, list):  # one error, as Gemini reports it, or all chunks at once
        return "".join(_read_one(each, event, reply, request) for each in cast("list[Any]", data))
    return _read_one(data, event, reply, request)


def _read_one(data: Any, event: Event, reply: Reply, request: httpx2.Request) -> str:
    error = reported_error(data, event.name)
    if error is not None:
        raise openai.APIError(mended(str(error.get("message") or error)), request, body=error)
    if data is None:  # a sign of life
        return ""
    if not isinstance(data, Mapping):
        raise ValueError(f"what was sent is no object: {str(data)[:200]!r}")
    text = reply.add(cast("Mapping[str, Any]", data))
    reply.is_complete |= event.is_document and reply.is_begun
    return text


def is_loopback(url: str) -> bool:
    """Whether the address is this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
