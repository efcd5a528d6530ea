"""HTTP mode: Slack posts events, clicks, forms and commands to one address of ours. For a bot without an app token.

Bolt checks the signature and the time of every request before anything of ours sees it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from bot.manifest import ENDPOINT
from bot.settings import BadSettings

logger = logging.getLogger(__name__)

SHUTDOWN_SECONDS = 3.0
"""How long requests that have begun may take once the bot is told to stop: Slack waits no longer itself."""

Ready = Callable[[], Awaitable[bool]]
"""Whether the bot can take requests now."""


def web_app(app: AsyncApp | None, ready: Ready, also: Sequence[web.RouteDef] = ()) -> web.Application:
    """What is served: Slack's address, unless there is no app to take what comes there (Socket Mode); `/healthz`, which
    says that the process lives; `/readyz`, whether it may be sent to; and `also`.
    """

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def readyz(_: web.Request) -> web.Response:
        return web.Response(text="ready") if await ready() else web.Response(text="not ready", status=503)

    served = web.Application()
    if app is not None:
        served.router.add_post(ENDPOINT, _slack(app))
    served.router.add_get("/healthz", healthz)
    served.router.add_get("/readyz", readyz)
    served.add_routes(also)
    return served


def _slack(app: AsyncApp) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def slack(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    return slack


@asynccontextmanager
async def http_mode(
    app: AsyncApp | None, port: int, ready: Ready, host: str | None = None, also: Sequence[web.RouteDef] = ()
) -> AsyncGenerator[int]:
    """Serve `web_app` until the block ends, on every address of this machine unless `host` is given; yields the port.

    Raises `BadSettings` when the port cannot be used.
    """
    runner = web.AppRunner(web_app(app, ready, also), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise BadSettings([f"PORT is {port}, which cannot be listened on: {error.strerror}."]) from error
        port = int(runner.addresses[0][1])
        logger.debug("listening on port %s for what Slack posts to %s", port, ENDPOINT)
        yield port
    finally:
        await runner.cleanup()
