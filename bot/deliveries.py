"""What Slack posts to us in HTTP mode: whether it is Slack's, and what it holds. Only then is it the app's to handle.

Nothing of a request that Slack did not sign is read, and no more of it is held than a request of Slack's may have. What
is refused has changed nothing; of a body nothing is logged.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import Clock, SignatureVerifier

from bot.inbound import payloads
from storage.recent import Recent

logger = logging.getLogger(__name__)

TIMESTAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"

LARGEST = 8 * 2**20
"""Bytes of a request. A form with a hundred full inputs, its values and its view, each character escaped twice."""

MOST_HELD = 64 * 2**20
"""Bytes of all requests that are being read, whoever they are from: what is too much for the moment comes again."""

DROP_SECONDS = 1.0
"""How long the rest of what is refused is taken."""

AT_ONCE = 2**10
"""Bytes that are taken before others have their turn."""

BODY_SECONDS = 3.0
"""How long a request may take to come in once it has begun. Slack waits no longer for the answer to the whole."""

REMEMBERED = 50_000
"""Clicks, forms and commands of the last five minutes of which it is remembered that they came."""

SAID_EVERY = 60.0
"""Seconds for which a kind of refusal is logged once: whoever knows the address can cause as many as they like."""

JSON, FORM = "application/json", "application/x-www-form-urlencoded"

MOST_FIELDS = 50
"""Fields of a form. A command has about fifteen."""

_SIGNED = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


class _Refused(Exception):
    """Why a request is not taken, in a few words. `for_good`: it would not be taken later either."""

    def __init__(self, status: int, why: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.status = status
        self.for_good = for_good


class _Now(Clock):
    """The verifier's clock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now


class Deliveries:
    """The handler of Slack's address. `secret` is the app's signing secret, `now` tells the seconds since 1970."""

    def __init__(self, app: AsyncApp, secret: str, now: Callable[[], float] = time.time) -> None:
        self._app = app
        self._verifier = SignatureVerifier(secret, _Now(now))
        self._came = Recent(REMEMBERED)
        self._held = 0
        self._said: dict[str, float] = {}
        self.reading: set[web.RequestHandler] = set()
        """Connections over which something comes in that may be anybody's."""

    async def take(self, request: web.Request) -> web.Response:
        """Slack's address."""
        try:
            timestamp, signature = self._signed(request)
            kind = _kind(request)
            body = await self._read(request)
            self._verify(timestamp, signature, body)
            return await self._handle(request, signature, _parsed(kind, body))
        except _Refused as refused:
            await self._drop(request)
            return self._refuse(request, refused)

    def _signed(self, request: web.Request) -> tuple[str, str]:
        """When it was signed, and the signature. Looked at before the body is read."""
        timestamps, signatures = request.headers.getall(TIMESTAMP, ()), request.headers.getall(SIGNATURE, ())
        if len(timestamps) != 1 or len(signatures) != 1:
            raise _Refused(401, "it is not signed")
        timestamp, signature = timestamps[0], signatures[0]
        if not _SECONDS.fullmatch(timestamp) or not _SIGNED.fullmatch(signature):
            raise _Refused(401, "its signature is none of Slack's")
        return timestamp, signature

    async def _read(self, request: web.Request) -> bytes:
        body = bytearray()
        try:
            if (request.content_length or 0) > LARGEST:
                raise _Refused(413, "it is too large", for_good=True)
            async with aclosing(self._pieces(request, BODY_SECONDS)) as pieces:
                async for piece in pieces:
                    body += piece
                    self._held += len(piece)
                    if len(body) > LARGEST:
                        raise _Refused(413, "it is too large", for_good=True)
                    if self._held > MOST_HELD:
                        raise _Refused(503, "too much is coming in at once")
        finally:
            self._held -= len(body)
        return bytes(body)

    async def _drop(self, request: web.Request) -> None:
        """Take the rest of what is refused for a moment: whoever still sends would not hear the answer."""
        with suppress(_Refused):
            async for _ in self._pieces(request, DROP_SECONDS):
                pass

    async def _pieces(self, request: web.Request, seconds: float) -> AsyncGenerator[bytes]:
        """The body. A byte may come in a piece of its own, which takes long: others have their turn after some."""
        self.reading.add(request.protocol)
        try:
            async with asyncio.timeout(seconds):
                while piece := await request.content.read(AT_ONCE):
                    yield piece
                    await asyncio.sleep(0)
        except TimeoutError:
            raise _Refused(408, "it does not come in") from None
        except (web.RequestPayloadError, ConnectionError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and request.transport is not None:
                raise  # else it is what aiohttp says of a connection that was ended
            raise _Refused(400, "it is broken off") from None
        finally:
            self.reading.discard(request.protocol)

    def _verify(self, timestamp: str, signature: str, body: bytes) -> None:
        try:
            is_slacks = self._verifier.is_valid(body, timestamp, signature)
        except UnicodeDecodeError:  # Slack signs texts
            is_slacks = False
        if not is_slacks:
            raise _Refused(401, "its signature does not fit SLACK_SIGNING_SECRET, or it was not signed just now")

    async def _handle(self, request: web.Request, signature: str, body: Mapping[str, Any]) -> web.Response:
        match payloads.kind(body):
            case None:
                raise _Refused(400, "Slack signed it, and it is of a kind that is not known here", for_good=True)
            case payloads.RATE_LIMITED:
                logger.warning("Slack drops events: there were more than it delivers to one workspace within an hour")
                return web.Response()
            case payloads.EVENT | payloads.ADDRESS_CHECK:  # an event has a name of its own: one that came is known
                return await self._dispatch(request, body)
            case _:
                return await self._once(signature, lambda: self._dispatch(request, body))

    async def _once(self, signature: str, work: Callable[[], Any]) -> web.Response:
        """Slack sends a click, a form or a command once. The same request again is somebody else's."""
        if self._came.look(signature) is not None:
            raise _Refused(409, "it has come before")
        self._came.put(signature, True)
        is_taken = False
        try:
            answer: web.Response = await work()
            is_taken = answer.status < 500
            return answer
        finally:
            if not is_taken:
                self._came.take(signature)

    async def _dispatch(self, request: web.Request, body: Mapping[str, Any]) -> web.Response:
        """Handed over as Socket Mode does: it is known to be Slack's, and parsed. Of the headers, which nobody signs,
        Bolt gets those that say that it comes again.
        """
        again = {
            name: value
            for name in ("X-Slack-Retry-Num", "X-Slack-Retry-Reason")
            if (value := request.headers.get(name))
        }
        handed_over = AsyncBoltRequest(mode="socket_mode", body=dict(body), headers=dict(again))
        return await to_aiohttp_response(await self._app.async_dispatch(handed_over))

    def _refuse(self, request: web.Request, refused: _Refused) -> web.Response:
        now, why = time.monotonic(), str(refused)
        level = logging.DEBUG
        if now >= self._said.get(why, now):
            self._said[why], level = now + SAID_EVERY, logging.WARNING
        logger.log(level, "a request from %s is refused with %d: %s", request.remote, refused.status, why)
        answer = web.Response(status=refused.status, text=f"refused: {why}\n")
        if refused.for_good:
            answer.headers["X-Slack-No-Retry"] = "1"
        if not request.content.is_eof():  # the rest of it is not waited for
            answer.force_close()
        return answer


def _kind(request: web.Request) -> str:
    """The type of the content."""
    if request.headers.get("Content-Encoding") is not None:  # small here may be any size unpacked; Slack packs nothing
        raise _Refused(415, "it is packed", for_good=True)
    if request.content_type not in (JSON, FORM):
        raise _Refused(415, "it is neither JSON nor a form", for_good=True)
    return request.content_type


def _parsed(kind: str, body: bytes) -> dict[str, Any]:
    """An event is JSON; a command is a form; everything else is JSON in the field `payload` of a form."""
    try:
        text = body.decode("utf-8")
        if kind == FORM:
            pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=MOST_FIELDS)
            fields: dict[str, Any] = dict(pairs)
            if len(fields) != len(pairs):
                raise ValueError("a field comes twice")
            if "payload" not in fields:
                return fields
            text = fields["payload"]
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _Refused(400, "Slack signed it, and it cannot be read", for_good=True)
    return found
