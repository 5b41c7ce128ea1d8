"""A slow and breakable piece of network between the store and its server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


class Proxy:
    """Forwards a port of its own to a server; can be slow, cut all connections, and be down."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self.delay = 0.0
        """Seconds that every piece from the server takes."""

    @property
    def url(self) -> str:
        """The server's URL, through here."""
        return urlunsplit(self._target._replace(netloc=f"{self._target.username}@127.0.0.1:{self._port}"))

    async def up(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Refuse new connections, and cut those that are open."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()

    def cut(self) -> None:
        """Reset every open connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            theirs, to_them = await asyncio.open_connection(self._target.hostname, self._target.port or 5432)
            both = {writer, to_them}
            self._writers |= both
            try:
                async with asyncio.TaskGroup() as pumps:
                    pumps.create_task(self._pump(reader, to_them, slow=False))
                    pumps.create_task(self._pump(theirs, writer, slow=True))
            except* OSError:
                pass
            finally:
                self._writers -= both
                for each in both:
                    each.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, slow: bool) -> None:
        while piece := await source.read(65_536):
            if slow and self.delay:
                await asyncio.sleep(self.delay)
            sink.write(piece)
            await sink.drain()
        sink.close()


@asynccontextmanager
async def proxy_to(url: str) -> AsyncIterator[Proxy]:
    """A proxy that listens."""
    proxy = Proxy(url)
    await proxy.up()
    try:
        yield proxy
    finally:
        await proxy.down()
