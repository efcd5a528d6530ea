"""Who may call a server of the demo: its own page, and programs of this machine. No other web page, on whatever port.

A browser names the page that makes it send a request: in `Origin`, and in `Sec-Fetch-Site`, which also comes with an
image, a frame or a link. A program sends neither. That `Host` is a name of this machine keeps a page out whose own name
was made to mean this machine (DNS rebinding).
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

NAMES = frozenset({"127.0.0.1", "localhost"})

REFUSAL = "Only the page of this server, and programs of this machine, may call it."

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""What every answer says to a browser: it is not for frames, windows or scripts of other pages."""


def comes_from_elsewhere(request: web.Request) -> bool:
    """Whether another web page made a browser send this."""
    try:
        name = request.url.host
    except ValueError:  # a `Host` that is none
        return True
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "none")
    return (
        name not in NAMES
        or origin not in (None, f"http://{request.host.lower()}")
        or (site not in ("none", "same-origin") and not _is_a_visit(request))
    )


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """Adds `HEADERS`: for an application's `on_response_prepare`."""
    response.headers.update(HEADERS)


def _is_a_visit(request: web.Request) -> bool:
    """Whether a person follows a link to the page: it is shown in a tab of its own, and nothing else happens."""
    wanted = (request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest"))
    page = request.path == "/" or request.path.startswith("/archives/")  # the page itself, or at a place in it
    return request.method == "GET" and page and wanted == ("navigate", "document")
