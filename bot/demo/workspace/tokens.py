"""The secrets of one start: each opens one surface, and the next start has others."""

import secrets
from dataclasses import dataclass, field

from aiohttp import web


def _secret() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Tokens:
    """`bot` and `app` are what Slack calls so, and `signing` is the signing secret, for HTTP mode. `page` is the
    page's: `/client/boot` tells it to who may look.
    """

    bot: str = field(default_factory=lambda: f"xoxb-local-{_secret()}", repr=False)
    app: str = field(default_factory=lambda: f"xapp-local-{_secret()}", repr=False)
    signing: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    page: str = field(default_factory=_secret, repr=False)


def is_same(given: str, expected: str) -> bool:
    """Whether a token that came is the one; the time that it takes tells nothing."""
    return secrets.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def bearer(request: web.Request) -> str:
    """The token of a request's `Authorization` header; empty without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
