"""Answers as a bad network gives them: none, half of one, too slow ever to end, or a page of somebody else's."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

PAGE = "<!doctype html><html><body><h1>Sign in to the network</h1></body></html>"

_BEAT = 0.05
"""Seconds between looks whether the caller is still there."""


async def _html(request: web.Request) -> web.StreamResponse:
    return web.Response(text=PAGE, content_type="text/html")


async def _cut(request: web.Request) -> web.StreamResponse:
    return web.Response(text='{"ok": tr', content_type="application/json")


async def _reset(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _hang(request: web.Request) -> web.StreamResponse:
    await _gone(request)
    return web.Response()


async def _headers(request: web.Request) -> web.StreamResponse:
    response = await _begun(request)
    await _gone(request)
    return response


async def _trickle(request: web.Request) -> web.StreamResponse:
    response = await _begun(request)
    while _is_there(request):
        await response.write(b" ")
        await asyncio.sleep(_BEAT)
    return response


WAYS: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
    "html": _html,
    "cut": _cut,
    "reset": _reset,
    "hang": _hang,
    "headers": _headers,
    "trickle": _trickle,
}
"""How an answer can be broken, by name: `hang` never begins, `headers` never goes on, `trickle` never ends."""


async def _begun(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000000"})
    await response.prepare(request)
    return response


def _is_there(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()


async def _gone(request: web.Request) -> None:
    """Returns when the caller has given up."""
    while _is_there(request):  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(_BEAT)
