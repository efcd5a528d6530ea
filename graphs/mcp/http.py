"""A server behind an address: the SDK's streamable HTTP, where one request that fails fails alone."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx2
from mcp.client.streamable_http import streamable_http_client

from graphs.mcp.lines import LARGEST_MESSAGE
from graphs.mcp.spec import ServerSpec

CONNECTS_WITHIN = 10.0
"""Seconds for a connection, and for each piece that is sent."""

HELD_OPEN = 600.0
"""Seconds that a stream may be silent: calls have times of their own."""

UNREACHED = -32098
"""The error code of a request that never reached its server. In JSON-RPC's range for servers, and no SDK's."""

CUT_OFF = -32097
"""That of a request whose connection was lost before its answer came."""


SESSION = "mcp-session-id"
"""The header of a session. Not found, it has to be begun anew, and nothing was done in it."""

REFUSED = -32096
"""That of a request by somebody whom the server does not know."""


@asynccontextmanager
async def endpoint(spec: ServerSpec) -> AsyncGenerator[tuple[Any, Any]]:
    """Its two streams."""
    assert spec.url is not None
    timeout = httpx2.Timeout(CONNECTS_WITHIN, read=HELD_OPEN)
    async with (
        httpx2.AsyncClient(transport=_Telling(), headers=_headers(spec), timeout=timeout) as client,
        streamable_http_client(spec.url, http_client=client, max_sse_event_size=LARGEST_MESSAGE) as streams,
    ):
        yield streams


def _headers(spec: ServerSpec) -> dict[str, str]:
    """Its own; and nothing is to come compressed, which has no bound until it is unpacked."""
    return {"accept-encoding": "identity", **spec.headers}


class _Telling(httpx2.AsyncBaseTransport):
    """Says of a request that was not answered whether it was sent at all.

    To the SDK an error here is the end of the connection with all that is under way on it. As a response it is about
    the one request.
    """

    def __init__(self) -> None:
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = await self._inner.handle_async_request(request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            return _refusal(request, UNREACHED, f"no connection to {request.url.host}: {_words(error)}")
        except httpx2.TransportError as error:
            return _refusal(request, CUT_OFF, f"the connection to {request.url.host} was lost: {_words(error)}")

        if response.status_code == 404 and SESSION in request.headers:
            await response.aclose()
            return _refusal(request, UNREACHED, f"{request.url.host} has ended the session")
        if response.status_code in (401, 403):
            await response.aclose()
            why = f"{request.url.host} answered {response.status_code}: look at the headers that it is configured with"
            return _refusal(request, REFUSED, why)
        is_json = response.headers.get("content-type", "").lower().startswith("application/json")
        if response.status_code >= 500 and not is_json:  # or a gateway did, while the server was at work
            await response.aclose()
            return _refusal(request, CUT_OFF, f"{request.url.host} answered {response.status_code}")
        if is_json:
            response.stream = _Bounded(cast("httpx2.AsyncByteStream", response.stream))
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass(frozen=True)
class _Bounded(httpx2.AsyncByteStream):
    """A body that is one message. The SDK reads it whole."""

    inner: httpx2.AsyncByteStream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        length = 0
        async for chunk in self.inner:
            length += len(chunk)
            if length > LARGEST_MESSAGE:
                raise httpx2.StreamError(f"it has more than {LARGEST_MESSAGE // 1_000_000} MB")
            yield chunk

    async def aclose(self) -> None:
        await self.inner.aclose()


def _words(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__


def _refusal(request: httpx2.Request, code: int, message: str) -> httpx2.Response:
    body = {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}}
    headers = {"content-type": "application/json"}
    return httpx2.Response(503, headers=headers, content=json.dumps(body).encode(), request=request)
