"""An engine that does wrong in every way we know of: raw sockets, one fault for each request.

``FAULTS`` lists what engines, proxies and networks were seen to do; each entry plays on a connection what happens
after a chat request was read, and says what a caller must see of it. Listings (GET) are answered well, so that only
the answer is at fault.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any, Self

TEXT = "Hello there"
OK = "ok"
"""A whole reply."""
EITHER = "either"
"""A whole reply or one of our errors: both are right."""


@dataclass
class Call:
    """One chat request that was read, and the connection to answer it on."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int
    """Which chat request of this engine it is, from 1."""
    reused: bool
    """Whether the connection has served another request before."""

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status: str = "200 OK", *headers: str) -> None:
        await self.send("\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode())

    async def respond(self, body: bytes, status: str = "200 OK", *headers: str, kind: str = "application/json") -> None:
        """A well-framed answer."""
        content_type = [f"Content-Type: {kind}"] if kind else []
        await self.head(status, *content_type, f"Content-Length: {len(body)}", *headers)
        await self.send(body)

    async def events(self, *pieces: bytes, kind: str = "text/event-stream", pause: float = 0.0) -> None:
        """A chunked answer in these pieces."""
        await self.head("200 OK", f"Content-Type: {kind}", "Transfer-Encoding: chunked")
        for piece in pieces:
            await self.chunk(piece)
            await asyncio.sleep(pause)
        await self.send(b"0\r\n\r\n")

    async def chunk(self, data: bytes) -> None:
        await self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def reset(self) -> None:
        """RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.close()

    def close(self) -> None:
        self.writer.close()

    async def silence(self) -> None:
        """Nothing, until the caller hangs up."""
        while await self.reader.read(1024):
            pass

    async def well(self) -> None:
        """What a healthy engine does."""
        await self.events(*HEALTHY)


Play = Callable[[Call], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """One way to do wrong, and what a caller must see."""

    words: str
    play: Play
    expect: str
    """OK, EITHER, or the code of the error."""
    attempts: int = 1
    """How often the engine may be asked, at most."""
    also: tuple[str, ...] = ()
    """Other codes that are as good."""
    text: str | None = TEXT
    """What the reply says, where there is one; None if it does not matter."""
    visible: bool = True
    """Whether a viewer would see something of the reply."""
    deadline: float = 10.0
    finish: str = "stop"
    second: bool = False
    """Whether the fault strikes on a connection that has served a request before."""


# ── The words of a healthy engine ──


def event(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"model": "m", "choices": [choice]}, ensure_ascii=False).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
STOP = event({}, "stop")
HELLO = event({"role": "assistant", "content": "Hello "})
THERE = event({"role": "assistant", "content": "there"})
HEALTHY = (HELLO, THERE, STOP, DONE)


def completion(message: object = None, finish: str = "stop", **fields: Any) -> bytes:
    message = {"role": "assistant", "content": TEXT} if message is None else message
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return json.dumps({"model": "m", "choices": [choice], **fields}).encode()


def says(content: object, finish: str = "stop") -> bytes:
    return completion({"role": "assistant", "content": content}, finish)


# ── Plays ──


def body(data: bytes, status: str = "200 OK", *headers: str, kind: str = "application/json") -> Play:
    return lambda call: call.respond(data, status, *headers, kind=kind)


def refuses(status: str, document: Any = None, *headers: str) -> Play:
    return body(json.dumps(document if document is not None else {"error": "no"}).encode(), status, *headers)


def stream(*pieces: bytes, kind: str = "text/event-stream", pause: float = 0.0) -> Play:
    return lambda call: call.events(*pieces, kind=kind, pause=pause)


def first(play: Play) -> Play:
    """Goes wrong once; then the engine is well."""

    async def scene(call: Call) -> None:
        await (play(call) if call.number == 1 else call.well())

    return scene


def when_reused(play: Play) -> Play:
    async def scene(call: Call) -> None:
        await (play(call) if call.reused else call.well())

    return scene


def sends(*parts: bytes, reset: bool = False, pause: float = 0.02) -> Play:
    """These bytes, a moment apart, and then the end of the connection."""

    async def scene(call: Call) -> None:
        for part in parts:
            await call.send(part)
            await asyncio.sleep(pause)
        if reset:
            call.reset()
        else:
            call.close()

    return scene


def sends_then_silence(*parts: bytes) -> Play:
    async def scene(call: Call) -> None:
        for part in parts:
            await call.send(part)
        await call.silence()

    return scene


def for_ever(start: bytes, part: bytes, pause: float = 0.05) -> Play:
    async def scene(call: Call) -> None:
        await call.send(start)
        while not call.writer.is_closing():
            await call.send(part)
            await asyncio.sleep(pause)

    return scene


def later(seconds: float) -> Play:
    async def scene(call: Call) -> None:
        await asyncio.sleep(seconds)
        await call.well()

    return scene


def dripping(data: bytes, pause: float) -> Play:
    async def scene(call: Call) -> None:
        await call.head("200 OK", "Content-Type: application/json", f"Content-Length: {len(data)}")
        for at in range(len(data)):
            await call.send(data[at : at + 1])
            await asyncio.sleep(pause)

    return scene


def chunked_dribble(data: bytes) -> Play:
    """Every byte in a chunk of its own."""
    return stream(*(data[at : at + 1] for at in range(len(data))))


def flood(head: bytes, part: bytes, times: int) -> Play:
    async def scene(call: Call) -> None:
        await call.head("200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked")
        await call.chunk(head)
        for _ in range(times):
            await call.chunk(part)
        await call.chunk(DONE)
        await call.send(b"0\r\n\r\n")

    return scene


def large(size: int) -> Play:
    async def scene(call: Call) -> None:
        start = b'{"model":"m","choices":[{"index":0,"message":{"content":"'
        end = b'"},"finish_reason":"stop"}]}'
        await call.head("200 OK", "Content-Type: application/json", f"Content-Length: {len(start) + size + len(end)}")
        await call.send(start)
        for _ in range(size // 65536):
            await call.send(b"a" * 65536)
        await call.send(end)

    return scene


async def many_headers(call: Call) -> None:
    await call.head("200 OK", *(f"X-Header-{number}: yes" for number in range(20_000)), "Content-Length: 2")
    await call.send(b"{}")


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LENGTH = HEAD + b"Content-Length: %d\r\n\r\n"
WHOLE = completion()
FAR = format_datetime(datetime.now(UTC) + timedelta(days=300), usegmt=True)
OVERFLOW = {"error": "The number of tokens to keep is greater than the context length (n_keep: 9000>= n_ctx: 4096)."}
BOMB = gzip.compress(says("a" * 30_000_000))

DISCONNECTED = "upstream_disconnected"
TIMEOUT = "upstream_timeout"
BAD = "upstream_bad_response"
ERROR = "upstream_error"
REJECTED = "upstream_rejected"
OVERLOADED = "upstream_overloaded"
EMPTY = "upstream_empty_reply"
LARGE = "upstream_too_large"


async def _reset(call: Call) -> None:
    call.reset()


async def _close(call: Call) -> None:
    call.close()


async def _silence(call: Call) -> None:
    await call.silence()


# ── The list ──

FAULTS: dict[str, Fault] = {
    # Connections.
    "F01": Fault("nothing listens", _close, "upstream_unavailable", 0),
    "F02": Fault("reset as soon as it is accepted, then well", first(_reset), OK, 2),
    "F03": Fault("reset after the request, then well", first(_reset), OK, 2),
    "F04": Fault("closed after the request, then well", first(_close), OK, 2),
    "F05": Fault("closed after every request", _close, DISCONNECTED, 3),
    "F06": Fault("reset within the headers", sends(HEAD, reset=True), DISCONNECTED, 2),
    "F07": Fault("closed within the headers", sends(HEAD), DISCONNECTED, 2),
    "F08": Fault("bytes that are no HTTP", sends(b"220 mail.example ESMTP ready\r\n\r\n"), BAD),
    "F09": Fault("reset within the body", sends(LENGTH % len(WHOLE), WHOLE[:40], reset=True), DISCONNECTED, 2),
    "F10": Fault("reset within the body, then well", first(sends(LENGTH % len(WHOLE), WHOLE[:40], reset=True)), OK, 2),
    "F11": Fault("closed within the body", sends(LENGTH % len(WHOLE), WHOLE[:40]), DISCONNECTED, 2),
    "F12": Fault("a body shorter than it says", sends(LENGTH % (len(WHOLE) + 50), WHOLE), DISCONNECTED, 2),
    "F13": Fault("a body longer than it says", sends(LENGTH % (len(WHOLE) - 9), WHOLE), BAD, 2),
    "F14": Fault(
        "a chunk whose size is no number",
        sends_then_silence(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b'5\r\n{"cho\r\n', b"zz\r\n"),
        BAD,
        also=(TIMEOUT, DISCONNECTED),
    ),
    "F15": Fault("two lengths", sends(HEAD + b"Content-Length: 10\r\nContent-Length: 20\r\n\r\n", WHOLE), BAD),
    "F16": Fault(
        "a length and chunks at once",
        sends(
            HEAD + b"Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"%x\r\n" % len(WHOLE) + WHOLE + b"\r\n0\r\n\r\n",
        ),
        EITHER,
        2,
    ),
    "F17": Fault("HTTP/1.0, ended by closing", sends(b"HTTP/1.0 200 OK\r\n\r\n", WHOLE), OK),
    "F18": Fault("the kept connection is reset by the next request on it", when_reused(_reset), OK, 2, second=True),
    "F19": Fault(
        "early hints first", sends(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", LENGTH % len(WHOLE) + WHOLE), OK
    ),
    # Silence.
    "F20": Fault("silence before the headers", _silence, TIMEOUT, deadline=0.3),
    "F21": Fault("silence after the headers", sends_then_silence(LENGTH % len(WHOLE)), TIMEOUT, deadline=0.3),
    "F22": Fault("silence within the body", sends_then_silence(LENGTH % len(WHOLE), WHOLE[:40]), TIMEOUT, deadline=0.3),
    "F23": Fault(
        "100 Continue, then silence", sends_then_silence(b"HTTP/1.1 100 Continue\r\n\r\n"), TIMEOUT, deadline=0.3
    ),
    "F24": Fault("blanks for ever", for_ever(LENGTH % 10_000, b" "), TIMEOUT, deadline=0.3),
    "F25": Fault("header lines for ever", for_ever(HEAD, b"X-More: yes\r\n"), TIMEOUT, also=(BAD,), deadline=0.3),
    "F26": Fault("a byte at a time", dripping(WHOLE, 0.001), OK),
    "F27": Fault("a slow start", later(0.3), OK),
    # Statuses.
    "F28": Fault("500 always", refuses("500 Oops"), ERROR, 2),
    "F29": Fault("500 once", first(refuses("500 Oops")), EITHER, 2),
    "F30": Fault("502 once", first(refuses("502 Bad Gateway")), OK, 2),
    "F31": Fault("503 once, come back at once", first(refuses("503 Busy", None, "Retry-After: 0")), OK, 2),
    "F32": Fault("503 always", refuses("503 Busy"), OVERLOADED, 3),
    "F33": Fault("429 once, come back in a second", first(refuses("429 Busy", None, "Retry-After: 1")), EITHER, 2),
    "F34": Fault("429, come back in an hour", refuses("429 Busy", None, "Retry-After: 3600"), OVERLOADED),
    "F35": Fault("503, come back next year", refuses("503 Busy", None, f"Retry-After: {FAR}"), OVERLOADED),
    "F36": Fault("503, come back soon", refuses("503 Busy", None, "Retry-After: soon"), OVERLOADED, 3),
    "F37": Fault("504", refuses("504 Gateway Timeout"), TIMEOUT),
    "F38": Fault("400", refuses("400 Bad Request"), REJECTED),
    "F39": Fault("401", refuses("401 Unauthorized"), "upstream_auth"),
    "F40": Fault("404", refuses("404 Not Found"), REJECTED),
    "F41": Fault("413", refuses("413 Too Large"), REJECTED, 2),
    "F42": Fault("502 with a page", body(b"<html>Bad gateway</html>", "502 Bad Gateway", kind="text/html"), ERROR, 3),
    "F43": Fault("500 with nothing", body(b"", "500 Oops", kind=""), ERROR, 2),
    "F44": Fault("204", lambda call: call.head("204 No Content"), BAD),
    "F45": Fault("302", refuses("302 Found", None, "Location: /canary"), BAD),
    "F46": Fault("307", refuses("307 Temporary Redirect", None, "Location: /canary"), BAD),
    "F47": Fault("a cookie", body(WHOLE, "200 OK", "Set-Cookie: a=b; Path=/"), OK),
    # What LM Studio says.
    "F50": Fault(
        "no model loaded",
        refuses("404 Not Found", {"error": {"message": "No models loaded.", "code": "model_not_found"}}),
        "model_not_loaded",
    ),
    "F51": Fault("crashed", refuses("400 Bad Request", {"error": "The model has crashed (Exit code: null)"}), ERROR, 2),
    "F52": Fault("unloaded once", first(refuses("400 Bad Request", {"error": "Model is unloaded."})), EITHER, 2),
    "F53": Fault("overflow", refuses("400 Bad Request", OVERFLOW), "context_overflow", 2),
    "F54": Fault("overflow once", first(refuses("400 Bad Request", OVERFLOW)), EITHER, 2, also=("context_overflow",)),
    "F55": Fault("overflow with status 200", refuses("200 OK", OVERFLOW), "context_overflow", 2),
    "F56": Fault("an answer without text", body(says("")), EMPTY, 2),
    "F57": Fault("a wrong path", refuses("200 OK", {"error": "Unexpected endpoint or method. (POST /x)"}), BAD),
    "F58": Fault(
        "template", refuses("400 Bad Request", {"error": "Error rendering prompt with jinja template"}), REJECTED, 2
    ),
    "F59": Fault("another model", body(completion(None, model="stranger")), OK),
    "F60": Fault("200 with an error", refuses("200 OK", {"error": "something new"}), BAD),
    "F61": Fault("200 with an error object", refuses("200 OK", {"error": {"message": "something new"}}), BAD),
    # Bodies that are no answer.
    "F62": Fault("a page", body(b"<html><body>Hi</body></html>", kind="text/html"), BAD),
    "F63": Fault("nothing", body(b""), BAD),
    "F64": Fault("half a document", body(WHOLE[: len(WHOLE) // 2]), BAD),
    "F65": Fault("null", body(b"null"), BAD),
    "F66": Fault("a list", body(b"[]"), BAD),
    "F67": Fault("text", body(b'"hi"'), BAD),
    "F68": Fault("no choices", body(b'{"id": "x"}'), BAD),
    "F69": Fault("empty choices", body(b'{"choices": []}'), BAD),
    "F70": Fault("null choices", body(b'{"choices": null}'), BAD),
    "F71": Fault("choices that are an object", body(b'{"choices": {}}'), BAD),
    "F72": Fault("a null message", body(b'{"choices": [{"message": null}]}'), BAD),
    "F73": Fault("null content", body(says(None)), EMPTY, 2),
    "F74": Fault("no content", body(completion({"role": "assistant"})), EMPTY, 2),
    "F75": Fault("empty content", body(says("")), EMPTY, 2),
    "F76": Fault("blanks that nobody sees", body(says(" \u200b\n\u200b ")), EMPTY, 2),
    "F77": Fault("content in parts", body(says([{"type": "text", "text": TEXT}])), EITHER),
    "F78": Fault("a number as content", body(says(42)), EITHER, 2, text=None),
    "F79": Fault(
        "nothing but thought", body(completion({"content": "", "reasoning_content": "hm"}, "length")), EMPTY, 2
    ),
    "F80": Fault("a thought without end", body(says("<think>hm")), OK, text=None, visible=False),
    "F81": Fault("a thought, then text", body(says(f"<think>hm</think>{TEXT}")), OK, text=f"<think>hm</think>{TEXT}"),
    "F82": Fault(
        "a tool call that nobody wanted",
        body(completion({"content": None, "tool_calls": [{"id": "1", "function": {"name": "x", "arguments": "{}"}}]})),
        EMPTY,
        2,
    ),
    "F83": Fault("filtered", body(says("", "content_filter")), EMPTY, 2),
    "F84": Fault("cut by length", body(says(TEXT, "length")), OK, finish="length"),
    "F85": Fault("control tokens", body(says(f"{TEXT}<|im_end|><|im_start|>user")), OK, text=None),
    "F86": Fault("markup", body(says("<img src=x onerror=alert(1)> javascript:alert(1)")), OK, text=None),
    "F87": Fault("64 MB in one document", large(64 * 1024 * 1024), LARGE),
    "F88": Fault("a header of 200 kB", body(WHOLE, "200 OK", f"X-Long: {'x' * 200_000}"), BAD),
    "F89": Fault("20,000 headers", many_headers, BAD),
    "F90": Fault("a compressed bomb", body(BOMB, "200 OK", "Content-Encoding: gzip"), LARGE),
    "F91": Fault("compressed, it says", body(WHOLE, "200 OK", "Content-Encoding: gzip"), BAD),
    "F92": Fault("JSON called text", body(WHOLE, kind="text/plain"), EITHER),
    "F93": Fault("JSON without a name", body(WHOLE, kind=""), EITHER),
    "F94": Fault("an unknown charset", body(WHOLE, kind="application/json; charset=x-klingon"), EITHER),
    "F95": Fault("bytes that are no UTF-8", body(WHOLE.replace(b"Hello", b"He\xffo")), EITHER, text=None),
    "F96": Fault("half an emoji", body(WHOLE.replace(b"Hello", b"He\\ud83d")), EITHER, text=None),
    "F97": Fault("control characters", body(WHOLE.replace(b"Hello", b"H\\u0000\\u0007\\u001b")), EITHER, text=None),
    "F98": Fault("a byte order mark", body(b"\xef\xbb\xbf" + WHOLE), EITHER),
    "F99": Fault("UTF-16", body(WHOLE.decode().encode("utf-16")), EITHER),
    "F100": Fault("NaN", body(completion(None, extra=float("nan"), more=float("inf"))), EITHER),
    "F101": Fault("200,000 brackets", body(b"[" * 200_000), BAD),
    "F102": Fault(
        "a number of 6,000 digits", body(WHOLE.replace(b"{", b'{"created":' + b"1" * 6000 + b",", 1)), EITHER
    ),
    "F103": Fault("keys twice", body(WHOLE.replace(b"{", b'{"choices":[],', 1)), EITHER),
    "F104": Fault(
        "two choices, out of order",
        body(b'{"choices":[{"index":1,"message":{"content":"No"}},{"index":0,"message":{"content":"Hello there"}}]}'),
        EITHER,
    ),
    # Streams.
    "F110": Fault("CRLF", stream(b"".join(HEALTHY).replace(b"\n", b"\r\n")), OK),
    "F111": Fault("CR", stream(b"".join(HEALTHY).replace(b"\n", b"\r")), EITHER),
    "F112": Fault("comments", stream(b": ping\n\n", HELLO, b": ping\n", THERE, STOP, DONE), OK),
    "F113": Fault("other fields", stream(b"id: 1\nretry: 5\nevent: message\n" + HELLO, THERE, STOP, DONE), OK),
    "F114": Fault("no blank after the colon", stream(b"".join(HEALTHY).replace(b"data: ", b"data:")), OK),
    "F115": Fault("a document over several lines", stream(HELLO.replace(b', "', b',\ndata: "'), THERE, STOP, DONE), OK),
    "F116": Fault("a byte order mark in a stream", stream(b"\xef\xbb\xbf" + HELLO, THERE, STOP, DONE), OK),
    "F117": Fault(
        "every byte alone", chunked_dribble(event({"content": "Grüße 👋🏽"}) + STOP + DONE), OK, text="Grüße 👋🏽"
    ),
    "F118": Fault("everything at once", stream(b"".join(HEALTHY)), OK),
    "F119": Fault(
        "usage without choices", stream(HELLO, THERE, STOP, b'data: {"choices":[],"usage":{}}\n\n', DONE), OK
    ),
    "F120": Fault(
        "nulls",
        stream(
            b'data: {"choices":[{"index":0,"delta":null}]}\n\n',
            b'data: {"choices":[{"index":0,"delta":{"content":null}}]}\n\n',
            b'data: {"choices":null}\n\n',
            *HEALTHY,
        ),
        OK,
    ),
    "F121": Fault("the end twice", stream(*HEALTHY, DONE), OK),
    "F122": Fault("more after the end", stream(*HEALTHY, event({"content": "!!!"})), OK),
    "F123": Fault("no [DONE]", stream(HELLO, THERE, STOP), OK),
    "F124": Fault("no last blank line", stream(HELLO, THERE, STOP.rstrip()), OK),
    "F125": Fault("unhurried", stream(*HEALTHY, pause=0.03), OK),
    "F126": Fault("cut without a trace", stream(HELLO, THERE), DISCONNECTED),
    "F127": Fault(
        "an error event after text", stream(HELLO, b'event: error\ndata: {"message":"Compute error."}\n\n'), ERROR
    ),
    "F128": Fault("an error after text", stream(HELLO, b'data: {"error":{"message":"something new"}}\n\n'), ERROR),
    "F129": Fault("an event that is no JSON", stream(HELLO, b"data: {oops\n\n", THERE, STOP, DONE), EITHER),
    "F130": Fault(
        "no UTF-8 in an event", stream(HELLO, THERE.replace(b"there", b"th\xffre"), STOP, DONE), EITHER, text=None
    ),
    "F131": Fault("a stream called text", stream(*HEALTHY, kind="text/plain"), EITHER),
    "F132": Fault("a document instead of a stream", body(WHOLE), EITHER),
    "F133": Fault("an empty stream", stream(), EMPTY, 2),
    "F134": Fault("nothing but the end", stream(DONE), EMPTY, 2),
    "F135": Fault("a line of 32 MB", flood(b"data: ", b"x" * 65536, 512), LARGE),
    "F136": Fault(
        "64 MB in events", flood(HELLO, event({"content": "blah " * 2000}), 6400), EITHER, text=None, finish="length"
    ),
    "F137": Fault(
        "comments for ever",
        for_ever(HEAD.replace(b"application/json", b"text/event-stream") + b"\r\n", b": ping\n\n"),
        TIMEOUT,
        deadline=0.3,
    ),
    "F138": Fault(
        "text for ever", flood(HELLO, event({"content": "blah " * 20}), 10**9), EITHER, text=None, finish="length"
    ),
}


# ── The engine ──


class FaultyEngine:
    """Listens on loopback and plays ``fault`` to every chat request; None is a healthy engine."""

    def __init__(self, fault: Fault | None = None) -> None:
        self.fault = fault
        self.bodies: list[bytes] = []
        """The chat requests, in order."""
        self.heads: list[bytes] = []
        self.paths: list[str] = []
        self.open = 0
        """Connections that stand now."""
        self._numbers = count(1)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def base_url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.open += 1
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open -= 1
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served = 0
        while not writer.is_closing():
            head = await reader.readuntil(b"\r\n\r\n")
            method, path, _ = head.split(b" ", 2)
            self.paths.append(path.decode())
            request = await reader.readexactly(_length(head))
            if method == b"GET":
                await self._list(writer, path)
                continue
            self.heads.append(head)
            self.bodies.append(request)
            call = Call(reader, writer, next(self._numbers), reused=served > 0)
            served += 1
            await (self.fault.play(call) if self.fault is not None else call.well())

    @staticmethod
    async def _list(writer: asyncio.StreamWriter, path: bytes) -> None:
        known = path == b"/v1/models"
        listing = b'{"object":"list","data":[{"id":"m"}]}' if known else b'{"detail":"Not Found"}'
        status = b"200 OK" if known else b"404 Not Found"
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(listing), listing))
        await writer.drain()


def _length(head: bytes) -> int:
    fields: Sequence[bytes] = head.lower().split(b"\r\n")
    return next((int(line.split(b":")[1]) for line in fields if line.startswith(b"content-length:")), 0)
