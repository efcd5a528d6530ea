"""The bot's open WebSockets, and the acks that come back over them (Socket Mode's wire)."""

import asyncio
import json
import uuid
from collections.abc import Callable, Collection
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from bot.demo.workspace.journal import Journal

Json = dict[str, Any]

REFRESH = {"type": "disconnect", "reason": "refresh_requested", "debug_info": {"host": "local"}}


TOO_MANY = {"type": "disconnect", "reason": "too_many_websockets", "debug_info": {"host": "local"}}

LIMIT = 10
"""Connections that an app may have at once."""


class Lost(Exception):
    """The connection closed before the envelope was acked."""


class Way(Protocol):
    """What envelopes are sent by. `number` is its name."""

    number: int

    async def send(self, envelope: Json, ack_timeout: float) -> Json:
        """Sends an envelope and returns the ack's payload ({} when it has none).

        Raises TimeoutError when no ack came in time, Lost when it cannot come any more.
        """
        ...


class Connection:
    """One WebSocket of the bot, and the envelopes sent over it that wait for their ack. `number` is its name."""

    def __init__(self, socket: web.WebSocketResponse, number: int) -> None:
        self.socket = socket
        self.number = number
        self._waiting: dict[str, asyncio.Future[Json]] = {}

    async def send(self, envelope: Json, ack_timeout: float) -> Json:
        """See `Way`."""
        envelope_id: str = envelope["envelope_id"]
        ack = self._waiting[envelope_id] = asyncio.get_running_loop().create_future()
        try:
            await self.socket.send_str(json.dumps(envelope))
            async with asyncio.timeout(ack_timeout):
                return await ack
        except ConnectionError as error:
            raise Lost from error
        finally:
            self._waiting.pop(envelope_id, None)

    def acked(self, envelope_id: str, payload: Json) -> bool:
        """Whether somebody still waited for this ack."""
        ack = self._waiting.get(envelope_id)
        if ack is None or ack.done():
            return False
        ack.set_result(payload)
        return True

    def lose(self) -> None:
        for ack in self._waiting.values():
            if not ack.done():
                ack.set_exception(Lost())


class Connections:
    """All connections of the bot; envelopes go to them in turn, as Slack does."""

    def __init__(self, app_id: str, journal: Journal, changed: Callable[[], None]) -> None:
        self._app_id = app_id
        self._journal = journal
        self._changed = changed
        self._all: list[Connection] = []
        self._in_rotation: list[Way] = []
        self._opened = 0

    def __bool__(self) -> bool:
        return bool(self._in_rotation)

    def next(self, after: Collection[Way] = ()) -> Way:
        """The one whose turn it is; there must be one. None of those that had it before (`after`) and did not ack, if
        there is another.
        """
        others = [each for each in self._in_rotation if each not in after]
        connection = (others or self._in_rotation)[0]
        self._in_rotation.remove(connection)
        self._in_rotation.append(connection)
        return connection

    def add(self, way: Way) -> None:
        """From now on it has its turn too."""
        self._in_rotation.append(way)
        self._changed()

    async def serve(self, socket: web.WebSocketResponse) -> None:
        """Greets a new connection and reads its acks until it closes. One too many is sent away instead."""
        if len(self._all) >= LIMIT:
            await socket.send_str(json.dumps(TOO_MANY))
            await socket.close()
            return
        self._opened += 1
        connection = Connection(socket, self._opened)
        self._all.append(connection)
        await socket.send_str(json.dumps(self._hello()))
        self._in_rotation.append(connection)
        self._changed()
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._read(connection, json.loads(frame.data))
        finally:
            self._all.remove(connection)
            self._retire(connection)
            connection.lose()
            self._changed()

    async def refresh(self) -> None:
        """Asks every connection to reconnect. It may still ack what it has, but gets nothing new."""
        for connection in [each for each in self._all if each in self._in_rotation]:
            self._retire(connection)
            await connection.socket.send_str(json.dumps(REFRESH))
        self._changed()

    async def close_all(self) -> None:
        for connection in list(self._all):
            await connection.socket.close()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._all),
            "debug_info": {"host": "local", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._app_id},
        }

    def _retire(self, connection: Connection) -> None:
        if connection in self._in_rotation:
            self._in_rotation.remove(connection)

    def _read(self, connection: Connection, frame: Json) -> None:
        envelope_id, payload = frame.get("envelope_id", ""), frame.get("payload") or {}
        in_time = connection.acked(envelope_id, payload)
        self._journal.add(
            "ack", envelope_id=envelope_id, payload=payload, in_time=in_time, connection=connection.number
        )


def new_envelope(kind: str, payload: Json, **extra: Any) -> Json:
    return {"envelope_id": str(uuid.uuid4()), "type": kind, "payload": payload, **extra}
