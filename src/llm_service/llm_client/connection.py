"""The one place that knows aiohttp: bytes go out, bytes come in, and its exceptions become ours.

What is not obvious from the code:

- LM Studio closes idle connections after five seconds, so ours are dropped after four. A request that meets a
  connection just closed is repeated by the retry policy, on a connection made for it.
- Answers are asked for uncompressed, and inflated in bounded steps where an engine compresses all the same: 200 kB on
  the wire can be 200 MB of text.
- aiohttp's C parser forgets to report a malformed chunk that comes after the headers: the read would hang for ever.
  Every read here has a limit, and when it strikes, the state of the connection says what happened.
- Redirects are not followed and cookies not kept: an engine has no business sending us elsewhere.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import aiohttp
import orjson
from yarl import URL

from ..chat_protocol import failure, retry_after
from ..errors import (
    EngineBadResponse,
    EngineDisconnected,
    EngineError,
    EngineTooLarge,
    EngineUnavailable,
    SettingsError,
)

KEEP_ALIVE = 4.0
"""Seconds that an idle connection is kept: less than the five after which LM Studio hangs up."""

READ_SIZE = 64 * 1024
ERROR_LIMIT = 64 * 1024
"""Bytes of an error's body that are read."""
INVENTORY_LIMIT = 4 * 1024 * 1024
"""Bytes of a listing; somebody may have a thousand models."""
TAIL_TIME = 0.05
"""Seconds to wait for the end of a body whose answer is complete, so that its connection can be used again."""


class Answer:
    """The body of an answer that has begun: read it piece by piece. Every piece has a time limit."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._inflate = _inflater(response.headers.get("Content-Encoding", ""))
        self.lost = False
        """Whether the connection was gone when the reading stopped."""

    @property
    def event_stream(self) -> bool:
        """Whether the engine says that it streams."""
        return self._response.headers.get("Content-Type", "").startswith("text/event-stream")

    async def read(self) -> bytes:
        """What has arrived, at least a byte; empty at the end. Raises our errors."""
        with _our_errors():
            data = await self._response.content.readany()
        if data and self._inflate is not None:
            return self._inflated(data)
        return data

    def _inflated(self, data: bytes) -> bytes:
        assert self._inflate is not None
        try:
            inflated: bytes = self._inflate.decompress(data, ERROR_LIMIT * 8)
        except zlib.error as exc:
            raise EngineBadResponse from exc
        if self._inflate.unconsumed_tail:
            raise EngineTooLarge
        return inflated

    async def whole(self, limit: int) -> bytes:
        """The rest of the body. Raises EngineTooLarge at the limit."""
        body = bytearray()
        while data := await self.read():
            body += data
            if len(body) > limit:
                raise EngineTooLarge
        return bytes(body)

    def leave(self) -> None:
        """The reading stops here: see what is left of the connection."""
        connection = self._response.connection
        protocol = connection.protocol if connection is not None else None
        self.lost = protocol is None or not protocol.is_connected()

    async def settle(self) -> None:
        """The answer is complete: see whether the body ends at once too, so that the connection can be kept."""
        with suppress(TimeoutError, EngineError):
            async with asyncio.timeout(TAIL_TIME):
                while await self.read():
                    pass


class Connection:
    """A pool of connections to one engine. Opened by its first use, closed by ``close``."""

    def __init__(self, base_url: str, *, api_key: str | None = None, connect_timeout: float = 1.0) -> None:
        self._base, self._root = _urls(base_url)
        self._headers = {"Accept-Encoding": "identity", "Content-Type": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._connect_timeout = connect_timeout
        self._pooled: aiohttp.ClientSession | None = None
        self._fresh: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def post(self, path: str, body: bytes, *, fresh: bool = False) -> AsyncIterator[Answer]:
        """Send ``body`` to ``path`` under the base URL and give the answer's body; leaving early hangs up.

        ``fresh`` uses a connection made for this request. Raises our errors, those of a refusal included.
        """
        async with self._exchange("POST", self._base / path, body, fresh=fresh) as response:
            answer = Answer(response)
            if response.status != 200:
                raise await _refusal(response, answer)
            try:
                yield answer
            finally:
                answer.leave()

    async def get_json(self, path: str, *, root: bool = False) -> Any:
        """The JSON at ``path`` (under the server's root if asked); None if what comes is not JSON with status 200.

        Raises our errors if the server cannot be reached or refuses our key.
        """
        async with self._exchange("GET", (self._root if root else self._base) / path) as response:
            answer = Answer(response)
            if response.status in {401, 403}:
                raise await _refusal(response, answer)
            if response.status != 200:
                return None
            body = await answer.whole(INVENTORY_LIMIT)
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            return None

    async def post_json(self, path: str, body: object, *, root: bool = False) -> Any:
        """The JSON answer to a JSON request. Raises our errors, EngineBadResponse if it is not JSON."""
        url = (self._root if root else self._base) / path
        async with self._exchange("POST", url, orjson.dumps(body)) as response:
            answer = Answer(response)
            if response.status != 200:
                raise await _refusal(response, answer)
            text = await answer.whole(INVENTORY_LIMIT)
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as exc:
            raise EngineBadResponse from exc

    async def post_lines(self, path: str, body: object) -> AsyncIterator[Any]:
        """The JSON documents, one a line, of a long answer under the server's root: how Ollama tells its progress."""
        rest = b""
        async with self._exchange("POST", self._root / path, orjson.dumps(body)) as response:
            answer = Answer(response)
            if response.status != 200:
                raise await _refusal(response, answer)
            while data := await answer.read():
                *lines, rest = (rest + data).split(b"\n")
                for line in filter(None, lines):
                    yield orjson.loads(line)

    async def close(self) -> None:
        """Close every connection."""
        for session in (self._pooled, self._fresh):
            if session is not None:
                await session.close()
        self._pooled = self._fresh = None

    @asynccontextmanager
    async def _exchange(
        self, method: str, url: URL, body: bytes | None = None, *, fresh: bool = False
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        session = self._session(fresh)
        with _our_errors():
            response = await session.request(method, url, data=body, allow_redirects=False)
        try:
            yield response
        finally:
            response.close() if not response.content.at_eof() else response.release()

    def _session(self, fresh: bool) -> aiohttp.ClientSession:
        if self._pooled is None or self._fresh is None:
            self._pooled = self._new_session(aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE))
            self._fresh = self._new_session(aiohttp.TCPConnector(limit=0, force_close=True))
        return self._fresh if fresh else self._pooled

    def _new_session(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            headers=self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            read_bufsize=READ_SIZE,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_timeout),
        )


def _urls(base_url: str) -> tuple[URL, URL]:
    """The API's base, and the server's root, where the engine's own API lives."""
    try:
        url = URL(base_url.strip().rstrip("/"))
    except ValueError as exc:
        raise SettingsError("base_url is not a URL.") from exc
    if url.scheme not in {"http", "https"} or not url.host:
        raise SettingsError("base_url must begin with http:// or https:// and name a host.")
    if url.path in {"", "/"}:
        url = url / "v1"
    return url, url.parent if url.name == "v1" else url.origin()


async def _refusal(response: aiohttp.ClientResponse, answer: Answer) -> EngineError:
    """The error that a status other than 200 stands for."""
    try:
        body = await answer.whole(ERROR_LIMIT)
    except EngineTooLarge:
        body = b""
    if response.status < 400:
        return EngineBadResponse()
    wait = retry_after(response.headers.get("Retry-After"))
    return failure(response.status, body.decode("utf-8", "replace"), wait=wait)


def _inflater(encoding: str) -> Any:
    """Something that inflates in bounded steps, or None where there is nothing to inflate."""
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        return None
    if encoding in {"gzip", "x-gzip", "deflate"}:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    raise EngineBadResponse


@contextmanager
def _our_errors() -> Iterator[None]:
    """aiohttp's exceptions as ours, with the cause kept."""
    try:
        yield
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as exc:
        raise EngineUnavailable from exc
    except aiohttp.ClientResponseError as exc:
        raise EngineBadResponse from exc
    except aiohttp.ClientPayloadError as exc:
        raise _broken_body(exc) from exc
    except (aiohttp.ClientConnectionError, ConnectionError) as exc:
        raise EngineDisconnected from exc
    except aiohttp.ClientError as exc:
        raise EngineBadResponse from exc


def _broken_body(exc: aiohttp.ClientPayloadError) -> EngineError:
    """A body that ended early, or one whose framing is wrong; the parsers say "not enough data" of the first."""
    cause = exc.__cause__
    malformed = isinstance(cause, aiohttp.http_exceptions.TransferEncodingError) and "Not enough" not in str(cause)
    return EngineBadResponse() if malformed else EngineDisconnected()
