"""The HTTP server: both surfaces and the page on one loopback port."""

import errno
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from bot.demo import loopback
from bot.demo.workspace.client_api import ClientApi
from bot.demo.workspace.errors import ClientError, PortInUse
from bot.demo.workspace.stage_api import StageApi
from bot.demo.workspace.tokens import bearer, is_same
from bot.demo.workspace.web_api import WebApi
from bot.demo.workspace.workspace import Workspace

HOST = "127.0.0.1"
PAGE = Path(__file__).parent / "page"
SHUTDOWN = 1.0
"""Seconds that open requests get when the server stops."""

LARGEST_BODY = 64 * 1024 * 1024

BEARER_SURFACES = ("/api/", "/upload/", "/response/")
"""What the bot calls: these look at tokens of their own."""

UNKNOWN_PAGE = (
    "This call needs the page's token, and the one it came with is not of this start. Reload the page. "
    "(A program reads `token` from /client/boot and sends `Authorization: Bearer …`.)"
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Middleware = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]


def bind(port: int) -> socket.socket:
    """Takes `port` on loopback (0: a free one). Raises PortInUse."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart need not wait for old connections to fade
    try:
        bound.bind((HOST, port))
        bound.listen()
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port) from None
        raise
    return bound


@asynccontextmanager
async def serve(workspace: Workspace, bound: socket.socket) -> AsyncIterator[None]:
    """Serves the workspace on a bound socket until the block ends."""
    runner = web.AppRunner(_app(workspace), access_log=None, shutdown_timeout=SHUTDOWN, handle_signals=False)
    await runner.setup()
    try:
        await web.SockSite(runner, bound).start()
        workspace.url = f"http://{HOST}:{bound.getsockname()[1]}"
        yield
    finally:
        workspace.screens.close_all()
        await workspace.connections.close_all()
        await runner.cleanup()


def _app(workspace: Workspace) -> web.Application:
    middlewares = [_only_from_here, _only_with_the_pages_token(workspace), _client_errors]
    app = web.Application(middlewares=middlewares, client_max_size=LARGEST_BODY)
    app.add_routes(WebApi(workspace).routes())
    app.add_routes(ClientApi(workspace).routes())
    app.add_routes(StageApi(workspace).routes())
    app.router.add_get("/", _index)
    app.router.add_get("/archives/{place:.+}", _index)  # a link to a message: the page goes there
    app.router.add_static("/static", PAGE)
    app.on_response_prepare.append(_never_stale)
    app.on_response_prepare.append(loopback.protect)
    return app


async def _index(request: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / "index.html")


async def _never_stale(request: web.Request, response: web.StreamResponse) -> None:
    """Browsers ask again each time, so that a new version of the page is not mixed with an old one."""
    response.headers.setdefault("Cache-Control", "no-cache")


@web.middleware
async def _only_from_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    if loopback.comes_from_elsewhere(request):
        return web.json_response({"error": loopback.REFUSAL}, status=403)
    return await handler(request)


def _only_with_the_pages_token(workspace: Workspace) -> Middleware:
    """Whatever may change something is the page's to send, or somebody's who asked for its token."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        only_reads = request.method in ("GET", "HEAD")
        if only_reads or request.path.startswith(BEARER_SURFACES) or is_same(bearer(request), workspace.tokens.page):
            return await handler(request)
        return web.json_response({"error": UNKNOWN_PAGE}, status=403)

    return check


@web.middleware
async def _client_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ClientError as error:
        return web.json_response({"error": str(error)}, status=error.status)
