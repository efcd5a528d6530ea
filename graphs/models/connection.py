"""One server of models over HTTP, whatever the wire: a request's bytes out, the events of its answer as they come.

How long anything may take is set here, and not by the client that is used: `Deadlines`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
import openai
from openai import AsyncOpenAI, AsyncStream, DefaultAioHttpClient, Timeout

from graphs.models.event_stream import Event, EventReader

OPENAI_URL = "https://api.openai.com/v1"

DRAIN_SECONDS = 0.1
"""How long the rest of an answer is waited for once the server has said that there is none."""

OVER = "a deadline of ours is over"
"""The cause of an error that is a silence, and no broken connection: over aiohttp, both are timeouts."""


@dataclass(frozen=True)
class Deadlines:
    """How long a server may take, in seconds. The first one that is over ends the request."""

    connect: float = 10.0
    """Until there is a connection."""
    first: float = 120.0
    """From the request until the first byte of the answer's body: a server may load the model first."""
    between: float = 120.0
    """Between two pieces of the answer, while the model may think; a comment that says "at work" is a piece."""
    turn: float = 900.0
    """For a whole reply, with all that is tried again for it and all that is waited in between."""


class Connection:
    """Sends requests to one server. Close it with `aclose`."""

    def __init__(self, *, api_key: str, base_url: str, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        timeout = Timeout(None, connect=deadlines.connect)
        self._client = AsyncOpenAI(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            max_retries=0,  # see `Attempts`, which knows what was shown, and tries again what fails later as well
            # aiohttp reads HTTP in C: a streamed reply costs half as much. Proxies are taken from the environment, and
            # no proxy reaches this machine's own loopback.
            http_client=DefaultAioHttpClient(base_url=base_url, timeout=timeout, trust_env=not is_loopback(base_url)),
        )

    async def aclose(self) -> None:
        """Give back the connections."""
        await self._client.close()

    def turn_ends(self) -> float:
        """When a turn that begins now has to be over, by the event loop's clock."""
        return asyncio.get_running_loop().time() + self._deadlines.turn

    async def ask(
        self, path: str, body: bytes, ends: float, is_over: Callable[[], bool]
    ) -> AsyncGenerator[tuple[Event, httpx2.Request]]:
        """The events of the answer, each with the request it answers, until it `is_over`, or the turn `ends`.

        Raises OpenAIError when there is no answer or it breaks off, ValueError for what is no JSON.
        """
        first = min(ends, asyncio.get_running_loop().time() + self._deadlines.first)
        try:
            async with asyncio.timeout_at(first):
                # Not `chat.completions.create`: that walks the whole conversation, and again to serialise it; and it
                # reads no other answers than OpenAI's.
                answer = await self._client.post(
                    path,
                    content=body,
                    options={"security": {"bearer_auth": True}},
                    cast_to=object,
                    stream=True,
                    stream_cls=AsyncStream[object],
                )
        except TimeoutError:
            raise openai.APITimeoutError(_unsent(self._client, path)) from TimeoutError(OVER)
        async with answer, aclosing(self._events(answer.response, first, ends, is_over)) as events:
            async for event in events:
                yield event, answer.response.request

    async def _events(
        self, response: httpx2.Response, first: float, ends: float, is_over: Callable[[], bool]
    ) -> AsyncGenerator[Event]:
        reader = EventReader()
        pieces = response.aiter_bytes()
        until, is_anything = first, False
        try:
            while not (reader.is_done or is_over()):
                async with asyncio.timeout_at(until):
                    piece = await anext(pieces, None)
                if piece is None:
                    break
                for event in reader.feed(piece):
                    is_anything = True
                    yield event
                # Counted from here: whoever reads may have taken their time with it.
                until = min(ends, asyncio.get_running_loop().time() + self._deadlines.between)
        except TimeoutError:
            raise openai.APITimeoutError(response.request) from TimeoutError(OVER)
        except httpx2.TimeoutException as error:
            raise openai.APITimeoutError(response.request) from error
        except httpx2.RequestError as error:
            raise openai.APIConnectionError(request=response.request) from error
        if reader.is_done or is_over():
            await _drain(pieces)
            return
        for event in reader.end():
            is_anything = True
            yield event
        if reader.foreign and not is_anything:
            raise ValueError(f"what was sent is no stream of events, and begins with {reader.foreign[:200]!r}")


async def _drain(pieces: AsyncIterator[bytes]) -> None:
    """The connection serves the next request when nothing is left on it."""
    with contextlib.suppress(TimeoutError, httpx2.HTTPError):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in pieces:
                pass


def _unsent(client: AsyncOpenAI, path: str) -> httpx2.Request:
    """The request that errors are about, where none came to be."""
    return httpx2.Request("POST", str(client.base_url.join(path.removeprefix("/"))))


def is_loopback(url: str) -> bool:
    """Whether the address is this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
