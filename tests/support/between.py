"""What stands between a bot and Slack, or its model: it hands on what it is sent, or makes it go wrong.

It knows nothing of either side but HTTP and WebSockets, so that what goes wrong here is what goes wrong on a network.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

Kind = Literal["status", "refusal", "html", "reset", "hang", "cut"]

FOR_EVER = 10**9

LIMIT = 20 * 2**20
"""Bytes of a request or an answer."""

DROPPED = ("host", "content-length", "transfer-encoding", "connection", "content-encoding", "accept-encoding")


@dataclass
class Fault:
    """What the next `times` calls of `method` (`*`: any) come to, after `spared` that go well.

    `says` is the status, or the error of a refusal. With `after` the call takes effect first and only its answer is
    lost. With `channel` only calls about that conversation count.
    """

    method: str
    kind: Kind
    says: Any = None
    after: bool = False
    times: int = 1
    spared: int = 0
    channel: str = ""
    met: int = 0

    def meets(self, method: str, channel: str) -> bool:
        if self.method not in (method, "*") or self.times <= 0 or self.channel not in ("", channel):
            return False
        if self.spared > 0:
            self.spared -= 1
            return False
        self.times -= 1
        self.met += 1
        return True


@dataclass
class Death:
    """Kill whoever calls at its `call`-th call from now on, of `method` (`*`: any), or at its `call`-th ack, where
    `acks`: before the call takes effect, or after that and before the answer. With `answers` the answer is sent all the
    same, to whom `kill` has only frozen.
    """

    call: int
    after: bool
    kill: Callable[[], None]
    acks: bool = False
    method: str = "*"
    answers: bool = False
    happened: asyncio.Event = field(default_factory=asyncio.Event)

    def comes(self, method: str = "*") -> bool:
        if self.method not in (method, "*"):
            return False
        self.call -= 1
        if self.call != 0:
            return False
        self.kill()
        self.happened.set()
        return True


class Between:
    """`url` is what the bot is told. `calls` are the methods that were called, as they came; `received` what came over
    its WebSockets for it, the greetings left out; `greeted` how many of those that are open have greeted it.
    """

    def __init__(self, target: str, http: aiohttp.ClientSession) -> None:
        self._target = target
        self._http = http
        self._released = asyncio.Event()
        self.url = ""
        self.calls: list[str] = []
        self.received: list[dict[str, Any]] = []
        self.greeted = 0
        self.faults: list[Fault] = []
        self.death: Death | None = None

    @contextmanager
    def meeting(self, *faults: Fault) -> Iterator[None]:
        """These go wrong until the block ends."""
        self.faults = list(faults)
        try:
            yield
        finally:
            self.disarm()

    def disarm(self) -> None:
        """From now on all goes well; what hangs ends."""
        self.faults = []
        self._released.set()
        self._released = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request)
        method = request.path.rpartition("/")[2]
        body = await request.read()
        self.calls.append(method)
        channel = _channel(request, body)
        fault = next((each for each in self.faults if each.meets(method, channel)), None)
        dies = self.death if self.death is not None and not self.death.acks and self.death.comes(method) else None
        if dies is not None and dies.answers:
            dies = None
        if (dies is not None and not dies.after) or (fault is not None and not fault.after):
            return await self._wrong(request, fault)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in DROPPED}
        async with self._http.request(
            request.method, self._target + request.path_qs, data=body, headers=headers
        ) as response:
            if fault is not None and fault.kind == "cut":
                return await self._cut(request, response)
            if dies is not None or fault is not None:
                await response.read()
                return await self._wrong(request, fault)
            return await self._hand_on(request, response)

    async def _hand_on(self, request: web.Request, response: aiohttp.ClientResponse) -> web.StreamResponse:
        """The answer as it is; what is streamed as it comes."""
        kept = {name: value for name, value in response.headers.items() if name.lower() not in DROPPED}
        if response.content_type == "text/event-stream":
            streamed = web.StreamResponse(status=response.status, headers=kept)
            await streamed.prepare(request)
            async for piece in response.content.iter_any():
                await streamed.write(piece)
            return streamed
        content = await response.read()
        if request.path.endswith("/apps.connections.open"):
            content = content.replace(self._target.partition("//")[2].encode(), self.url.partition("//")[2].encode())
        return web.Response(status=response.status, body=content, headers=kept)

    async def _cut(self, request: web.Request, response: aiohttp.ClientResponse) -> web.StreamResponse:
        """Half of the answer, and no more."""
        half = web.StreamResponse(status=response.status, headers={"Content-Type": response.content_type})
        await half.prepare(request)
        content = await response.read()
        await half.write(content[: len(content) // 2])
        _abort(request)
        return half

    async def _wrong(self, request: web.Request, fault: Fault | None) -> web.StreamResponse:
        match fault:
            case Fault(kind="status"):
                limited = {"Retry-After": "1"} if fault.says == web.HTTPTooManyRequests.status_code else {}
                return web.json_response({"ok": False, "error": "ratelimited"}, status=fault.says, headers=limited)
            case Fault(kind="refusal"):
                return web.json_response({"ok": False, "error": fault.says})
            case Fault(kind="html"):
                return web.Response(text="<html><body>Bad gateway</body></html>", content_type="text/html")
            case Fault(kind="hang"):
                await self._released.wait()
            case _:
                pass
        _abort(request)
        return web.Response()

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        """Both ways, message by message; what the bot sends are acks."""
        async with self._http.ws_connect(self._target + request.path_qs) as theirs:
            ours = web.WebSocketResponse(max_msg_size=LIMIT)
            await ours.prepare(request)
            down = asyncio.create_task(self._pass_on(theirs, ours))
            try:
                async for message in ours:
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        continue
                    is_ack = "envelope_id" in json.loads(message.data)
                    death = self.death if is_ack and self.death is not None and self.death.acks else None
                    dies = death is not None and death.comes()
                    if not dies or (death is not None and death.after):
                        await theirs.send_str(message.data)
            finally:
                down.cancel()
                await asyncio.gather(down, return_exceptions=True)
            return ours

    async def _pass_on(self, theirs: aiohttp.ClientWebSocketResponse, ours: web.WebSocketResponse) -> None:
        greeted = 0
        try:
            async for message in theirs:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    continue
                told = json.loads(message.data)
                if "envelope_id" in told:
                    self.received.append(told)
                await ours.send_str(message.data)
                if told["type"] == "hello":
                    greeted = 1
                    self.greeted += 1
            await ours.close()
        finally:
            self.greeted -= greeted


def _abort(request: web.Request) -> None:
    if request.transport is not None:  # who called is still there
        request.transport.abort()


def _channel(request: web.Request, body: bytes) -> str:
    """The conversation that a call is about; empty for none."""
    if request.content_type == "application/json":
        found = json.loads(body)
    else:
        found = {**request.query, **dict(parse_qsl(body.decode("utf-8", "replace")))}
    return str(found.get("channel") or found.get("channel_id") or "")


@asynccontextmanager
async def between(target: str) -> AsyncIterator[Between]:
    """Listens on a free port of loopback until the block ends."""
    async with aiohttp.ClientSession(auto_decompress=True) as http:
        found = Between(target, http)
        app = web.Application(client_max_size=LIMIT)
        app.router.add_route("*", "/{path:.*}", found.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        found.url = f"http://{host}:{port}"
        try:
            yield found
        finally:
            found.disarm()
            await runner.cleanup()
