"""Socket Mode: Slack sends events, clicks and forms over a connection that we open. For a bot with an app token."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.slack_client import SlackClient
from bot.slack_errors import UNCERTAIN, describe, is_dead_token
from storage.pauses import doubling

logger = logging.getLogger(__name__)

sessions = logging.getLogger("slack_sdk.socket_mode")
"""Where Slack's client says of each connection that it begins and ends."""

PING_SECONDS = 10.0

CONNECT_SECONDS = 10.0
"""How long opening a connection may take."""

ACKNOWLEDGE_SECONDS = 3.0
"""How long what Slack sent may take to be acknowledged once the connection is to be closed: Slack waits no longer."""

CLOSE_SECONDS = 2.0
"""How long the other side may take to say goodbye."""

PAUSE, LONGEST_PAUSE = 0.5, 15.0
"""Seconds from one attempt to connect to the next: at first, and at most."""


@asynccontextmanager
async def socket_mode(
    app: AsyncApp, client: SlackClient, app_token: str, address: str | None = None
) -> AsyncGenerator[Callable[[], Awaitable[str | None]]]:
    """Take what Slack sends until the block ends; what came until then is acknowledged before the connection is closed.
    `address` is for the first attempt to connect, if it is known. Yields what says why there is no connection.

    Entering it takes as long as it takes to connect: whoever cannot wait for ever cancels it.
    """
    listening = _Listening(app_token, client, sessions)
    listening.wss_uri = address

    async def handle(_: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        began = time.time()
        answer = await run_async_bolt_app(app, request)
        try:
            await send_async_response(listening, request, answer, began)
        except UNCERTAIN as error:
            logger.warning("%s was not acknowledged, so it may come again: %s", request.type, describe(error))

    async def why_not() -> str | None:
        if listening.is_one_too_many:
            return "Slack takes no more connections of this app"
        return None if await listening.is_connected() else "it has no connection to Slack"

    listening.socket_mode_request_listeners.append(handle)
    try:
        await listening.connect()
        yield why_not
    finally:
        await listening.finish()
        await listening.close()


class _Listening(SocketModeClient):
    """Slack's client, whose attempts to connect end, each with an address of its own, and say so in a line.

    Its own `connect` waits minutes for an answer, uses an address again and again that Slack takes once, and logs a
    traceback each time.
    """

    def __init__(self, app_token: str, client: SlackClient, log: logging.Logger) -> None:
        super().__init__(app_token=app_token, logger=log, web_client=client, ping_interval=PING_SECONDS)
        self._is_away = False
        self._is_greeted = False
        self._rests = doubling(PAUSE, LONGEST_PAUSE)
        self.is_one_too_many = False
        self._handling: set[asyncio.Task[None]] = set()

    async def process_message(self) -> None:
        """As the base class, which keeps no hold of the tasks that it starts."""
        raw = await self.message_queue.get()
        message = json.loads(raw) if raw.startswith("{") else {}
        match message:
            case {"type": "hello"}:
                self._say_greeted()
            case {"type": "disconnect", "reason": "too_many_websockets"}:
                self._say_one_too_many()
            case _:
                pass
        task = asyncio.create_task(self.run_message_listeners(message, raw))
        self._handling.add(task)
        task.add_done_callback(self._handling.discard)

    async def finish(self) -> None:
        """Take no more from Slack, which sends it again, and acknowledge what was taken."""
        if self.message_receiver is not None:
            self.message_receiver.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                while self._handling or not self.message_queue.empty():
                    await (asyncio.wait(self._handling) if self._handling else asyncio.sleep(0))

    async def connect(self) -> None:
        """Try until it is connected, or closed."""
        for pause in doubling(PAUSE, LONGEST_PAUSE):
            if self.closed:
                return
            try:
                await self._attempt()
            except UNCERTAIN as error:
                if not self.closed:
                    self._say_away(error)
            else:
                self._say_back()
                return
            await asyncio.sleep(pause)

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        """What the base class calls when the connection is lost, or when Slack asks for another (`force`). After one
        that ended before Slack greeted it there is a rest.
        """
        lost = self.current_session
        async with self.connect_operation_lock:
            if self.current_session is not lost:  # it has another one: both its end and Slack's word for it came here
                return
            if force or not await self.is_connected():
                if not self._is_greeted:
                    await asyncio.sleep(next(self._rests))
                self.wss_uri = None
                await self.connect()

    async def _attempt(self) -> None:
        """Connect once. An address is good for one attempt, whatever comes of it."""
        if self.current_session is not None:
            with suppress(*UNCERTAIN):
                await self.current_session.close()
        address, self.wss_uri = self.wss_uri, None
        if address is None:
            answer = await self.web_client.apps_connections_open(app_token=self.app_token)
            address = str(answer["url"])
        async with asyncio.timeout(CONNECT_SECONDS):
            self.current_session = await self.aiohttp_client_session.ws_connect(
                address,
                autoping=False,
                heartbeat=self.ping_interval,
                proxy=self.proxy,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),  # pyright: ignore[reportCallIssue] (attrs)
            )
        self._is_greeted = False
        self.auto_reconnect_enabled = self.default_auto_reconnect_enabled
        self.stale = False
        self.last_ping_pong_time = None
        for task in (self.current_session_monitor, self.message_receiver):
            if task is not None:
                task.cancel()
        self.current_session_monitor = asyncio.ensure_future(self.monitor_current_session())
        self.message_receiver = asyncio.ensure_future(self.receive_messages())

    def _say_greeted(self) -> None:
        self._is_greeted, self._rests = True, doubling(PAUSE, LONGEST_PAUSE)
        if self.is_one_too_many:
            logger.info("Slack takes the connection of this bot now")
        self.is_one_too_many = False

    def _say_one_too_many(self) -> None:
        if not self.is_one_too_many:
            logger.warning(
                "Slack takes ten connections of an app, and has them: this bot works, and hears nothing from Slack "
                "until another one ends. For more bots use HTTP mode: SLACK_SIGNING_SECRET, and no SLACK_APP_TOKEN"
            )
        self.is_one_too_many = True

    def _say_away(self, error: Exception) -> None:
        if not self._is_away and not is_dead_token(error):
            logger.warning("Slack cannot be listened to (%s); trying again until it can", describe(error))
        self._is_away = True

    def _say_back(self) -> None:
        if self._is_away:
            logger.info("Slack can be listened to again")
        self._is_away = False
