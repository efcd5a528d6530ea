"""A way to a server that is cut at a chosen moment: what stands between a bot and its database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

When = Literal["before", "after"]


@dataclass
class Way:
    """Passes bytes on. The next client that sends `cut_at` loses its connection: `before` the server has it, or `after`
    the server has answered and before the client hears.
    """

    url: str = ""
    cut_at: bytes | None = None
    when: When = "after"
    cuts: int = 0
    is_open: bool = True
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut_next(self, said: bytes, when: When) -> None:
        self.cut_at, self.when = said, when

    def close(self) -> None:
        """End all connections, and take none until `open`."""
        self.is_open = False
        for writer in self._writers:
            writer.transport.abort()

    def open(self) -> None:
        self.is_open = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
        if not self.is_open:
            writer.transport.abort()
            return
        server_reader, server_writer = await asyncio.open_connection(host, port)
        both = {writer, server_writer}
        self._writers |= both
        back = asyncio.create_task(self._back(server_reader, writer))
        try:
            while data := await reader.read(65536):
                if self.cut_at is not None and self.cut_at in data:
                    self.cut_at = None
                    self.cuts += 1
                    if self.when == "after":
                        back.cancel()
                        await asyncio.gather(back, return_exceptions=True)
                        server_writer.write(data)
                        await server_reader.read(65536)
                    break
                server_writer.write(data)
        except ConnectionError:
            pass
        finally:
            back.cancel()
            self._writers -= both
            for each in both:
                each.transport.abort()

    @staticmethod
    async def _back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.transport.abort()


@asynccontextmanager
async def way_to(url: str) -> AsyncIterator[Way]:
    """A way to the server of the URL; its own `url` leads over it."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    way = Way()
    tasks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(way.serve(reader, writer, str(parts.hostname), int(parts.port or 0)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    place = parts.netloc.rpartition("@")[0]
    way.url = urlunsplit((parts.scheme, f"{place}@127.0.0.1:{port}", parts.path, parts.query, ""))
    try:
        yield way
    finally:
        server.close()
        way.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
