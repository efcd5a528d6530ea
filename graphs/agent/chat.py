"""OpenAI's Chat Completions wire, which many servers speak: streaming, tool calls, retries before the first byte.

Source: OpenAI's API reference, "Create chat completion" and "The chat completion chunk object".
"""

import ipaddress
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import openai
from openai import AsyncOpenAI, AsyncStream, DefaultAsyncHttpxClient, Timeout
from pydantic import BaseModel

from graphs.agent.chat_request import ChatRequests
from graphs.agent.errors import ModelUnavailable
from graphs.agent.model import Finish, ModelReply, TextDelta, ToolCall, Usage
from graphs.agent.provider_errors import unavailable
from graphs.agent.transcript import Message, call_ids

OPENAI_URL = "https://api.openai.com/v1"

_FINISHES: Mapping[str, Finish] = {"length": "length", "content_filter": "content_filter"}


def new_call_id() -> str:
    """An id for a call whose server gave none."""
    return f"call_{secrets.token_hex(12)}"


class ChatModel:
    """A model behind Chat Completions. Close it with `aclose`.

    `idle_timeout` is the longest silence, in seconds, before and between chunks. A request that did not get as far as
    an answer is repeated `max_retries` times; a reply that broke off is not, because its beginning has been shown.
    """

    def __init__(
        self,
        *,
        api_key: str,
        model: str,
        base_url: str = OPENAI_URL,
        connect_timeout: float = 10.0,
        idle_timeout: float = 60.0,
        max_retries: int = 2,
        new_id: Callable[[], str] = new_call_id,
    ) -> None:
        self._model = model
        self._requests = ChatRequests(model)
        self._new_id = new_id
        timeout = Timeout(idle_timeout, connect=connect_timeout)
        self._client = AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            max_retries=max_retries,
            # The HTTP client takes proxies from the environment, and no proxy reaches this machine's own loopback.
            http_client=DefaultAsyncHttpxClient(
                base_url=base_url, timeout=timeout, trust_env=not is_loopback(base_url)
            ),
        )

    async def aclose(self) -> None:
        """Give back the connections."""
        await self._client.close()

    async def stream(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
    ) -> AsyncGenerator[TextDelta | ModelReply, None]:
        """See `Model.stream`."""
        request = self._requests.body(messages, tools)
        reply = _Reply()
        try:
            # Not `chat.completions.create`: that walks the whole conversation, and again to serialise it.
            chunks = await self._client.post(
                "/chat/completions",
                content=request,
                options={"security": {"bearer_auth": True}},
                cast_to=object,
                stream=True,
                stream_cls=AsyncStream[object],
            )
            async with chunks:
                async for chunk in chunks:
                    if text := reply.add(_Chunk.model_validate(chunk)):
                        yield TextDelta(text)
        except openai.OpenAIError as error:
            raise unavailable(error, self._model) from error
        except ValueError as error:
            sentence = "The model's server sent something that is no reply; whoever runs this bot has to check it."
            raise ModelUnavailable(sentence, retryable=False) from error
        yield reply.whole(messages, self._new_id)


def is_loopback(url: str) -> bool:
    """Whether the address is this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class _Function(BaseModel):
    name: str | None = None
    arguments: str | None = None


class _CallPiece(BaseModel):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(BaseModel):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_CallPiece] | None = None


class _Choice(BaseModel):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Tokens(BaseModel):
    prompt_tokens: int
    completion_tokens: int


class _Chunk(BaseModel):
    """What is read of a chunk. Servers leave out, or send as null, nearly everything in it."""

    choices: list[_Choice]
    usage: _Tokens | None = None


@dataclass
class _Call:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list[str])


class _Reply:
    """A reply that grows by chunks."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._calls: list[_Call] = []
        self._open: dict[int | None, _Call] = {}
        self._finish: str | None = None
        self._usage: Usage | None = None

    def add(self, chunk: _Chunk) -> str:
        """Take a chunk; returns the text it brought."""
        if chunk.usage is not None:
            self._usage = Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        self._finish = choice.finish_reason or self._finish
        delta = choice.delta
        if delta is None:
            return ""
        self._add_calls(delta)
        text = delta.content or delta.refusal or ""
        self._text.append(text)
        return text

    def _add_calls(self, delta: _Delta) -> None:
        for piece in delta.tool_calls or ():
            call = self._open.get(piece.index)
            # Some servers number all calls 0; another id is another call.
            if call is None or (piece.id and call.id and piece.id != call.id):
                call = self._open[piece.index] = _Call()
                self._calls.append(call)
            call.id = call.id or piece.id or ""
            if piece.function is not None:
                call.name = call.name or piece.function.name or ""
                call.arguments.append(piece.function.arguments or "")

    def whole(self, transcript: Sequence[Message], new_id: Callable[[], str]) -> ModelReply:
        """The finished reply. A call whose id is missing, or taken by a call of the transcript, gets a new one.

        Calls in a reply that a filter cut are dropped: nobody knows what was left out of them. Those cut at the length
        limit stay, since arguments cut short are no valid JSON. Raises ModelUnavailable if the stream broke off.
        """
        if self._finish is None:
            sentence = "The model's reply broke off in the middle. Please try again in a moment."
            raise ModelUnavailable(sentence, retryable=True)
        calls: list[ToolCall] = []
        taken = {call_id for message in transcript for call_id in call_ids(message)} if self._calls else set[str]()
        for call in self._calls if self._finish != "content_filter" else ():
            call_id = call.id if call.id and call.id not in taken else new_id()
            taken.add(call_id)
            calls.append(ToolCall(call_id, call.name, "".join(call.arguments)))
        finish = _FINISHES.get(self._finish, "tool_calls" if calls else "stop")
        return ModelReply("".join(self._text), tuple(calls), finish, self._usage)
