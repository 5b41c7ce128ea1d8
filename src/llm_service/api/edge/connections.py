"""Connections: what must be refused before there is a request, and who does not read its answer.

uvicorn hands a request to the application only when its head is complete, and waits for that as long as it takes and
with as much as comes. Here the head has a time and a size, and what is not HTTP is refused with a problem as well. It
also waits without end for a caller to read; here such a connection is cut, so that nothing is kept for it.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from llm_service.api.edge.asgi import LEAVING, WHOLE, Leaving
from llm_service.api.edge.limits import EdgeLimits
from llm_service.api.edge.problem import problem

HEAD_SECONDS = 5.0
"""For a whole request head, from the connection's or the head's first byte."""
UNREAD_SECONDS = 10.0
"""For a caller to read on, once as much waits for it as is kept."""


class GuardedHttp(HttpToolsProtocol):
    """uvicorn's HTTP protocol with bounds on a request's head and on a caller's patience with its answer: for
    ``uvicorn.Config(http=GuardedHttp)``."""

    limits = EdgeLimits()
    head_seconds = HEAD_SECONDS
    unread_seconds = UNREAD_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.url = b""
        self._head_bytes = 0
        """Since the clock was started. A head that begins in the middle of what came is counted from the next piece."""
        self._head_timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock: a connection is there to send a request."""
        super().connection_made(transport)
        self._leaving = Leaving(self.flow.resume_reading)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks, and tell who works for it."""
        self._head_complete()
        self._reads_on()
        super().connection_lost(exc)
        self._leaving.happen()

    def data_received(self, data: bytes) -> None:
        """Parse what came, and refuse a head that goes on for too long."""
        head = self._head_timer
        super().data_received(data)
        if head is None or self._head_timer is not head:
            return
        self._head_bytes += len(data)
        if self._head_bytes > self.limits.url + self.limits.header_size:
            self._refuse_large_head()

    def on_message_begin(self) -> None:
        """Start the clock for a head; a connection's first one is already timed."""
        super().on_message_begin()
        if self._head_timer is None:
            self._expect_head()

    def on_headers_complete(self) -> None:
        """Stop the clock and let the request run."""
        self._head_complete()
        self.scope[LEAVING] = self._leaving  # type: ignore[literal-required]
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Let it be known that no more of the request is to come."""
        self.scope[WHOLE] = True  # type: ignore[literal-required]
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Start the clock for a caller that does not read: closing would wait for it, so the connection is cut."""
        super().pause_writing()
        self._unread_timer = self.loop.call_later(self.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop the clock: the caller reads."""
        self._reads_on()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, or a URL so long that the parser gave up on it."""
        if len(self.url) > self.limits.url:
            return self._refuse_large_head()
        return self._refuse(400, "malformed_request", "The request is not well-formed HTTP.")

    def _expect_head(self) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(self.head_seconds, self._head_too_slow)

    def _head_complete(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _reads_on(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _head_too_slow(self) -> None:
        if self._head_bytes:
            self._refuse(408, "request_timeout", "The request's headers came too slowly.")
        else:
            self.transport.close()

    def _refuse_large_head(self) -> None:
        if len(self.url) > self.limits.url:
            self._refuse(414, "uri_too_long", "The URL is too long.")
        else:
            self._refuse(431, "headers_too_large", "The request has too many headers, or too large ones.")

    def _refuse(self, status: int, code: str, title: str) -> None:
        """Answer on the bare connection, unless an answer has begun there, and close it."""
        self._head_complete()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            answer = problem(status, code, title, secrets.token_hex(8), headers={"Connection": "close"})
            fields = (name + b": " + value + b"\r\n" for name, value in answer.raw_headers)
            self.transport.write(b"".join([STATUS_LINE[status], *fields, b"\r\n", answer.body]))
        self.transport.close()
