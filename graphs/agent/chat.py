"""OpenAI's Chat Completions wire, which many servers speak: streaming, tool calls, retries before the first byte.

Source: OpenAI's API reference, "Create chat completion" and "The chat completion chunk object".
"""

import ipaddress
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import openai
from openai import AsyncOpenAI, AsyncStream, DefaultAioHttpClient, Timeout

from graphs.agent.chat_reply import Chunk, Reply
from graphs.agent.chat_request import ChatRequests
from graphs.agent.errors import ModelUnavailable
from graphs.agent.model import ModelReply, TextDelta
from graphs.agent.provider_errors import unavailable

OPENAI_URL = "https://api.openai.com/v1"


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
            # aiohttp reads HTTP in C: a streamed reply costs half as much. Proxies are taken from the environment, and
            # no proxy reaches this machine's own loopback.
            http_client=DefaultAioHttpClient(base_url=base_url, timeout=timeout, trust_env=not is_loopback(base_url)),
        )

    async def aclose(self) -> None:
        """Give back the connections."""
        await self._client.close()

    async def stream(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
    ) -> AsyncGenerator[TextDelta | ModelReply, None]:
        """See `Model.stream`."""
        request = self._requests.body(messages, tools)
        reply = Reply()
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
                    if text := reply.add(Chunk.model_validate(chunk)):
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
