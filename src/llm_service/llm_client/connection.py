"""The one place that knows aiohttp: bytes go out, bytes come in, and its exceptions become ours.

What is not obvious from the code:

- LM Studio closes idle connections after five seconds, so ours are dropped after four. A request that meets a
  connection just closed is repeated by the retry policy, on a connection made for it.
- Answers are asked for uncompressed, and inflated in bounded steps where an engine compresses all the same: 200 kB on
  the wire can be 200 MB of text.
- aiohttp's C parser closes the connection on a malformed chunk that comes after the headers, but does not tell who
  reads: the read would hang for ever. So the pulse of every connection that is read from is felt now and then.
- Redirects are not followed and cookies not kept: an engine has no business sending us elsewhere.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager, suppress
from math import inf
from types import TracebackType
from typing import Any

import aiohttp
import orjson
from yarl import URL

from llm_service.chat_protocol import complaint, failure, retry_after
from llm_service.errors import (
    EngineBadResponse,
    EngineDisconnected,
    EngineError,
    EngineTimeout,
    EngineTooLarge,
    EngineUnavailable,
    SettingsError,
)

KEEP_ALIVE = 4.0
"""Seconds that an idle connection is kept: less than the five after which LM Studio hangs up."""

INFLATED_LIMIT = 512 * 1024
"""Bytes that one read may grow to where an engine compresses."""
PULSE = 0.5
"""Seconds between two looks at whether a connection that is read from still lives."""
READ_SIZE = 64 * 1024
ERROR_LIMIT = 64 * 1024
"""Bytes of an error's body that are read."""
INVENTORY_LIMIT = 4 * 1024 * 1024
"""Bytes of a listing; somebody may have a thousand models."""
TAIL_TIME = 0.05
"""Seconds to wait for the end of a body whose answer is complete, so that its connection can be used again."""
_THEIR_ERRORS = (aiohttp.ClientError, ConnectionError)


class Answer:
    """The body of an answer that has begun: read it piece by piece. Every piece has a time limit."""

    def __init__(self, response: aiohttp.ClientResponse, due: float = inf) -> None:
        self._response = response
        self._encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        self._inflater: Any = None
        self._loop = asyncio.get_running_loop()
        self._pulse = self._loop.call_later(PULSE, self._feel)
        self.due = due
        """When the next piece must be there, in the loop's time. Move it on at will: it costs nothing."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status

    @property
    def event_stream(self) -> bool:
        """Whether the engine says that it streams."""
        return self._response.headers.get("Content-Type", "").startswith("text/event-stream")

    async def read(self) -> bytes:
        """What has arrived, at least a byte; empty at the end. Raises our errors."""
        while True:
            try:
                data = await self._response.content.readany()
            except _THEIR_ERRORS as exc:
                raise _translated(exc) from exc
            if data and self._encoding != "identity":
                data = self._inflated(data)
                if not data:
                    continue
            return data

    def _inflated(self, data: bytes) -> bytes:
        """These bytes inflated, in a bounded step; it may take more of them before there is anything to give."""
        if self._inflater is None:
            if self._encoding not in {"gzip", "x-gzip", "deflate"}:
                raise EngineBadResponse
            self._inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        try:
            inflated: bytes = self._inflater.decompress(data, INFLATED_LIMIT)
        except zlib.error as exc:
            raise EngineBadResponse from exc
        if self._inflater.unconsumed_tail:
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

    def close(self) -> None:
        """The reading stops here. A body that has come to its end has left its connection to the next; else hang up."""
        self._pulse.cancel()
        if not self._response.closed:
            self._response.close()

    async def refusal(self) -> EngineError:
        """The error that a status other than 200 stands for."""
        if self.status < 400:
            return EngineBadResponse()
        with suppress(EngineTooLarge):
            body = await self.whole(ERROR_LIMIT)
            wait = retry_after(self._response.headers.get("Retry-After"))
            return failure(self.status, body.decode("utf-8", "replace"), wait=wait)
        return failure(self.status, "")

    def _feel(self) -> None:
        """End a read that nobody else would end: one that takes too long, or whose connection is gone."""
        content = self._response.content
        if content.is_eof() or content.exception() is not None:
            return
        now = self._loop.time()
        if now >= self.due:
            content.set_exception(EngineTimeout())
        elif not self._is_alive():
            content.set_exception(EngineBadResponse())
        else:
            self._pulse = self._loop.call_at(min(now + PULSE, self.due), self._feel)

    def _is_alive(self) -> bool:
        connection = self._response.connection
        return connection is not None and connection.protocol is not None and connection.protocol.is_connected()

    async def settle(self) -> None:
        """The answer is complete: see whether the body ends at once too, so that the connection can be kept."""
        if self._response.content.at_eof():
            return
        with suppress(TimeoutError, EngineError):
            async with asyncio.timeout(TAIL_TIME):
                while await self.read():
                    pass


class Connection:
    """A pool of connections to one engine. Opened by its first use, closed by ``close``."""

    def __init__(self, base_url: str, *, api_key: str | None = None, connect_timeout: float = 1.0) -> None:
        self._base, self._root = _urls(base_url)
        self._urls: dict[tuple[str, bool], URL] = {}
        self._headers = {"Accept-Encoding": "identity", "Content-Type": "application/json"}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._connect_timeout = connect_timeout
        self._pooled: aiohttp.ClientSession | None = None
        self._fresh: aiohttp.ClientSession | None = None

    def post(
        self, path: str, body: bytes, *, root: bool = False, fresh: bool = False, within: float | None = None
    ) -> AbstractAsyncContextManager[Answer]:
        """Send ``body`` to ``path`` and give the answer's body; leaving early hangs up.

        ``root`` starts from the server's root, where the engine's own API lives; ``fresh`` uses a connection made for
        this request; ``within`` so many seconds the first piece must be there. Raises our errors, those of a refusal
        included.
        """
        due = inf if within is None else asyncio.get_running_loop().time() + within
        return _Exchange(self._begin("POST", path, body, root=root, fresh=fresh, due=due), due, refusals=True)

    async def get_json(self, path: str, *, root: bool = False) -> Any:
        """The JSON at ``path``; None if what comes is not JSON with status 200.

        Raises our errors if the server cannot be reached or refuses our key.
        """
        async with _Exchange(self._begin("GET", path, None, root=root, fresh=False, due=inf), inf) as answer:
            if answer.status in {401, 403}:
                raise await answer.refusal()
            if answer.status != 200:
                return None
            body = await answer.whole(INVENTORY_LIMIT)
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            return None

    async def post_json(
        self, path: str, body: object, *, root: bool = False, once: bool = False, within: float | None = None
    ) -> Any:
        """The JSON answer to a JSON request, ``within`` so many seconds. Raises our errors.

        A kept connection may be closed at the moment it is used; the request is then repeated on a fresh one. What
        must not happen twice says ``once`` and gets a fresh one from the start.
        """
        try:
            async with asyncio.timeout(within):
                try:
                    return await self._post_json(path, body, root=root, fresh=once)
                except EngineDisconnected:
                    if once:
                        raise
                    return await self._post_json(path, body, root=root, fresh=True)
        except TimeoutError as exc:
            raise EngineTimeout from exc

    async def _post_json(self, path: str, body: object, *, root: bool, fresh: bool) -> Any:
        async with self.post(path, orjson.dumps(body), root=root, fresh=fresh) as answer:
            text = await answer.whole(INVENTORY_LIMIT)
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError as exc:
            raise EngineBadResponse from exc
        words = complaint(document)
        if words is not None:
            raise failure(200, words)
        return document

    async def post_lines(self, path: str, body: object, *, root: bool = False) -> AsyncIterator[bytes]:
        """The lines of a long answer, as they come: how Ollama tells its progress."""
        rest = b""
        async with self.post(path, orjson.dumps(body), root=root) as answer:
            while data := await answer.read():
                *lines, rest = (rest + data).split(b"\n")
                for line in filter(None, lines):
                    yield line

    async def close(self) -> None:
        """Close every connection."""
        for session in (self._pooled, self._fresh):
            if session is not None:
                await session.close()
        self._pooled = self._fresh = None

    async def _begin(
        self, method: str, path: str, body: bytes | None, *, root: bool, fresh: bool, due: float
    ) -> aiohttp.ClientResponse:
        """Send a request and wait for the head of its answer."""
        request = self._session(fresh).request(method, self._url(path, root), data=body, allow_redirects=False)
        try:
            if due == inf:
                return await request
            async with asyncio.timeout_at(due):
                return await request
        except _THEIR_ERRORS as exc:  # first: some of them are time-outs too, of a connection that was not made
            raise _translated(exc) from exc
        except TimeoutError as exc:
            raise EngineTimeout from exc

    def _url(self, path: str, root: bool) -> URL:
        url = self._urls.get((path, root))
        if url is None:
            url = self._urls[path, root] = (self._root if root else self._base) / path
        return url

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


class _Exchange(AbstractAsyncContextManager[Answer]):
    """A request, and its answer for as long as the ``with`` lasts. ``refusals`` says that they are raised."""

    __slots__ = ("_answer", "_beginning", "_due", "_refusals")

    def __init__(self, beginning: Awaitable[aiohttp.ClientResponse], due: float, *, refusals: bool = False) -> None:
        self._beginning = beginning
        self._due = due
        self._refusals = refusals

    async def __aenter__(self) -> Answer:
        self._answer = answer = Answer(await self._beginning, self._due)
        if self._refusals and answer.status != 200:
            try:
                raise await answer.refusal()
            finally:
                answer.close()
        return answer

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._answer.close()


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


def _translated(exc: aiohttp.ClientError | ConnectionError) -> EngineError:
    if isinstance(exc, (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)):
        return EngineUnavailable()
    if isinstance(exc, aiohttp.ClientPayloadError):
        return EngineBadResponse() if _is_malformed(exc) else EngineDisconnected()
    if isinstance(exc, (aiohttp.ClientConnectionError, ConnectionError)):
        return EngineDisconnected()
    return EngineBadResponse()


def _is_malformed(exc: aiohttp.ClientPayloadError) -> bool:
    """Whether the body's framing is wrong, and not just its end missing: of that the parsers say "not enough"."""
    cause = exc.__cause__
    return isinstance(cause, aiohttp.http_exceptions.TransferEncodingError) and "Not enough" not in str(cause)
