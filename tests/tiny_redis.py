"""As much of a Redis as the response cache needs, for machines without one: the real protocol on a real socket."""

from __future__ import annotations

import asyncio
import time
from fnmatch import fnmatchcase


class TinyRedis:
    """Strings with a time to live, in memory, on loopback. Commands that it does not know are answered with OK."""

    def __init__(self) -> None:
        self.values: dict[bytes, tuple[bytes, float]] = {}
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Listen; on the same port as before, if there was one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Go away, with everything that was stored."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self.values.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while head := await reader.readline():
                writer.write(self._answer([await _argument(reader) for _ in range(int(head[1:]))]))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, command: list[bytes]) -> bytes:
        match command:
            case [b"MGET", *names]:
                return _list([self._get(name) for name in names])
            case [b"SET", name, value]:
                self.values[name] = (value, float("inf"))
            case [b"SET", name, value, b"PX", milliseconds]:
                self.values[name] = (value, time.monotonic() + int(milliseconds) / 1000)
            case [b"INCRBY", name, b"1"]:
                number = int(self._get(name) or 0) + 1
                self.values[name] = (b"%d" % number, float("inf"))
                return b":%d\r\n" % number
            case [b"SCAN", _, b"MATCH", pattern, *_]:
                names = [name for name in self.values if fnmatchcase(name.decode(), pattern.decode())]
                return b"*2\r\n" + _bulk(b"0") + _list(names)
            case [b"UNLINK", *names]:
                return b":%d\r\n" % sum(self.values.pop(name, None) is not None for name in names)
        return b"+OK\r\n"

    def _get(self, name: bytes) -> bytes | None:
        value, expires = self.values.get(name, (None, 0.0))
        return value if time.monotonic() < expires else None


async def _argument(reader: asyncio.StreamReader) -> bytes:
    size = int((await reader.readline())[1:])
    return (await reader.readexactly(size + 2))[:-2]


def _bulk(value: bytes | None) -> bytes:
    return b"$-1\r\n" if value is None else b"$%d\r\n%s\r\n" % (len(value), value)


def _list(values: list[bytes] | list[bytes | None]) -> bytes:
    return b"*%d\r\n" % len(values) + b"".join(map(_bulk, values))
