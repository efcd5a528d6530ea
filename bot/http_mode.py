"""The port: in HTTP mode Slack posts events, clicks, forms and commands to it; in both modes it says how the bot is.

It closes last. While the bot stops, requests are taken as before, and each connection ends with its answer, so that a
balancer that has seen that the bot is not ready any more goes elsewhere before there is nothing to go to.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.deliveries import Deliveries
from bot.health import Health
from bot.manifest import ENDPOINT
from bot.settings import BadSettings

logger = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 2.0
"""How long requests that have begun may take once nothing new is taken, and then, cut off, to end."""

LINGERS = 6.0
"""Seconds from when the bot is to stop until the port closes, where somebody asks whether it is ready: time to hear
that it is not, three times in a row.
"""

ASKS_EVERY = 60.0
"""Seconds after which whoever has not asked again is taken not to ask at all."""

HEAD_SECONDS = 10.0
"""How long a new connection may take to send the first head of a request."""

KEPT_SECONDS = 75.0
"""How long a connection may do nothing between two requests: longer than balancers keep it, which are to close it."""

MOST_CONNECTIONS = 400
"""At once: files and the database need their places too. A new one takes that of the oldest that sends nothing, or that
does not come to the end of what it sends.
"""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

served = logging.getLogger(f"{__name__}.requests")
"""Where aiohttp says what went wrong with a request."""


@asynccontextmanager
async def http_mode(
    slack: Deliveries | None,
    health: Health,
    port: int,
    host: str | None = None,
    also: Sequence[web.RouteDef] = (),
) -> AsyncGenerator[int]:
    """Listen until the block ends, on every address of this machine unless `host` is given; yields the port.

    `slack` takes what Slack posts; None with Socket Mode. `also` are further addresses.

    Raises `BadSettings` when the port cannot be used.
    """
    connections = _Connections(set() if slack is None else slack.reading)
    app = web.Application(middlewares=[connections.note])
    if slack is not None:
        app.router.add_post(ENDPOINT, slack.take)
    app.add_routes([*health.routes(), *also])

    async def is_last(_: web.Request, response: web.StreamResponse) -> None:
        if health.stopped_at is not None:
            response.headers["Connection"] = "close"  # its headers are made already
            response.force_close()

    app.on_response_prepare.append(is_last)
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=served,
        shutdown_timeout=SHUTDOWN_SECONDS,
        keepalive_timeout=KEPT_SECONDS,
        lingering_time=0.0,  # Slack's address does so by itself, in small pieces
        auto_decompress=False,
    )
    await runner.setup()
    assert runner.server is not None
    try:
        server = await _listen(connections.protocols(runner.server), port, host)
        try:
            port = server.sockets[0].getsockname()[1]
            logger.debug("listening on port %s", port)
            yield port
            await _linger(health)
        finally:
            server.close()
    finally:
        await runner.cleanup()


async def _linger(health: Health) -> None:
    """Let whoever asks whether the bot is ready notice that it is not."""
    if health.stopped_at is None or health.asked_at is None:
        return
    if health.asked_at > health.stopped_at - ASKS_EVERY:
        await asyncio.sleep(max(0.0, health.stopped_at + LINGERS - time.monotonic()))


async def _listen(protocols: Callable[[], asyncio.BaseProtocol], port: int, host: str | None) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(protocols, host, port)
    except OSError as error:
        raise BadSettings([f"PORT is {port}, which cannot be listened on: {error.strerror}."]) from error


class _Connections:
    """Which connections a server keeps: as many as the process can do with, and none that never asks for anything."""

    def __init__(self, reading: Collection[web.RequestHandler]) -> None:
        """`reading`: those whose request is still on its way, from anybody."""
        self._reading = reading
        self._busy: set[web.RequestHandler] = set()
        self._heard: set[web.RequestHandler] = set()
        self._ended: set[web.RequestHandler] = set()

    def protocols(self, server: web.Server) -> Callable[[], asyncio.BaseProtocol]:
        """Makes the server's protocol for each new connection."""

        def protocol() -> asyncio.BaseProtocol:
            there = server.connections  # oldest first
            self._heard.intersection_update(there)
            self._ended.intersection_update(there)
            if len(there) - len(self._ended) >= MOST_CONNECTIONS and not self._make_place(there):
                return _Full()
            made = server()
            asyncio.get_running_loop().call_later(HEAD_SECONDS, self._end_silent, made)
            return made

        return protocol

    def _make_place(self, there: Sequence[web.RequestHandler]) -> bool:
        """End the oldest that waits for a request; else the oldest that still sends one."""
        left = [each for each in there if each not in self._ended]
        waiting = (each for each in left if each not in self._busy)
        found = next(waiting, None) or next((each for each in left if each in self._reading), None)
        if found is None:
            return False
        self._ended.add(found)
        found.force_close()
        return True

    @web.middleware
    async def note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """A middleware: there is a request."""
        there = request.protocol
        self._heard.add(there)
        self._busy.add(there)
        try:
            return await handler(request)
        finally:
            self._busy.discard(there)

    def _end_silent(self, connection: web.RequestHandler) -> None:
        if connection not in self._heard:
            connection.force_close()


class _Full(asyncio.BaseProtocol):
    """Ends a connection that there is no place for."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether it is about a fault of ours: who sends what is no HTTP is answered so, and may do it all day."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


served.addFilter(_is_ours)
