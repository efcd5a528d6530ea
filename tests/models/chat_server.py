"""A server that speaks either wire exactly as a test tells it to, byte by byte, on loopback."""

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Answer:
    """What the next request gets: a status with a body, or a stream of byte pieces and then its end."""

    pieces: list[bytes] = field(default_factory=list)
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    end: str = "close"
    """After the pieces: "close" it properly, "cut" the connection, or "hang" until the client goes away."""


Answers = Answer | Callable[[dict[str, Any]], Answer]
"""An answer, or what a server that reads the request answers to it."""


@dataclass
class ChatServer:
    """A running server: `answers` are given in order, the last one again and again."""

    url: str
    answers: list[Answers]
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    """When each request came, by the event loop's clock."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set with the first request."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client left a hanging answer."""


def chunk(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """One `chat.completion.chunk`; without a delta one without choices."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return head | {"choices": choices} | more


def call(index: int, arguments: str = "", **more: Any) -> dict[str, Any]:
    """A delta with a piece of a tool call."""
    name = more.pop("name", None)
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return {"tool_calls": [{"index": index, "function": function} | more]}


def sse(*chunks: dict[str, Any], done: bool = True) -> bytes:
    """The chunks as server-sent events."""
    text = "".join(f"data: {json.dumps(each, ensure_ascii=False)}\n\n" for each in chunks)
    return (text + ("data: [DONE]\n\n" if done else "")).encode()


@asynccontextmanager
async def serve(*answers: Answers) -> AsyncIterator[ChatServer]:
    """Serve these answers until the block ends."""
    server = ChatServer("", list(answers))
    app = web.Application()
    for path in ("/v1/chat/completions", "/v1/responses"):
        app.router.add_post(path, functools.partial(_complete, server))
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield server
    finally:
        await runner.cleanup()


async def _complete(server: ChatServer, request: web.Request) -> web.StreamResponse:
    server.requests.append(await request.json())
    server.headers.append(dict(request.headers))
    server.paths.append(request.path)
    server.asked.set()
    server.times.append(asyncio.get_running_loop().time())
    answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
    if not isinstance(answer, Answer):
        answer = answer(server.requests[-1])
    if answer.status != 200 and isinstance(answer.body, bytes):
        return web.Response(body=answer.body, status=answer.status, headers=answer.headers)
    if answer.status != 200:
        return web.json_response(answer.body, status=answer.status, headers=answer.headers)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"} | answer.headers)
    await response.prepare(request)
    for piece in answer.pieces:
        await response.write(piece)
    if answer.end == "cut" and request.transport is not None:
        request.transport.abort()
    if answer.end == "hang":
        try:
            await asyncio.Event().wait()
        finally:
            server.gone.set()
    return response
