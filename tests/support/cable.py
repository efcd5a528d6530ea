"""What stands between a program and a server: it hands on the bytes, or hands on none, as when a network is cut."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import pytest
import pytest_asyncio

from tests.support.postgres import NewServer, Server

PIECE = 65536


class Cable:
    """To a port of loopback; `port` is what the program is told. While it is cut everything stays open, what is sent
    waits, and whoever connects gets no answer.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._whole = asyncio.Event()
        self._whole.set()
        self._ends: set[asyncio.Task[None]] = set()
        self.port = 0

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Nothing is handed on until the block ends."""
        self._whole.clear()
        try:
            yield
        finally:
            self._whole.set()

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """As a callback and not a coroutine: asyncio would report each that `close` cancels."""
        task = asyncio.create_task(self._handle(reader, writer))
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._whole.wait()
        try:
            to_server = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        both = (self._hand_on(reader, to_server[1]), self._hand_on(to_server[0], writer))
        try:
            await asyncio.gather(*both)
        finally:
            for end in (writer, to_server[1]):
                end.close()

    async def _hand_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await source.read(PIECE):
                await self._whole.wait()
                target.write(piece)
                await target.drain()
        target.close()

    async def close(self) -> None:
        for each in list(self._ends):
            each.cancel()
        await asyncio.gather(*self._ends, return_exceptions=True)


@asynccontextmanager
async def cable(target: int) -> AsyncIterator[Cable]:
    """Listens on a free port of loopback until the block ends."""
    found = Cable(target)
    server = await asyncio.start_server(found.take, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        await found.close()


@pytest.fixture(scope="module")
def server(new_postgres: NewServer) -> Server:
    """A module's own, which may be restarted."""
    return new_postgres()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire(server: Server) -> AsyncIterator[Cable]:
    """Between a bot and the server."""
    async with cable(server.port) as found:
        yield found
