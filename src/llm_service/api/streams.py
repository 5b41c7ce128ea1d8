"""Two ways to answer while keeping an eye on the caller: as one value, and as server-sent events.

When a caller leaves, its work is cancelled at once, so that the engine's slot is free for the next viewer. Starlette
tells a handler of a disconnect only when it tries to send, and a blocking answer sends nothing until it is ready, so
both find out themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeVar

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .edge import LEAVING, Leaving

T = TypeVar("T")

HEARTBEAT = 15.0
"""Seconds of silence after which a comment is sent, so that proxies keep the connection."""


class CallerLeft(Exception):
    """Nobody is there to read the answer."""


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Wait for ``work``, but cancel it when the caller hangs up; then :class:`CallerLeft` is raised.

    The work is done in this task. Where the server is not ours, watching needs another, which begins when the work
    first waits for something: an answer that is at hand is not watched over.
    """
    watch = _Watch(request)
    try:
        return await work
    except asyncio.CancelledError:
        if watch.took_back():
            raise CallerLeft from None
        raise
    finally:
        watch.end()


class _Watch:
    """Cancels the task that makes it when the caller hangs up."""

    def __init__(self, request: Request) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._left = False
        self._leaving: Leaving = request.scope.get(LEAVING) or _Watcher(request.receive)
        self._leaving.tell(self._leave)

    def took_back(self) -> bool:
        """Whether the task was cancelled for this and nothing else; then it goes on."""
        return self._left and not self._task.uncancel()

    def end(self) -> None:
        """Stop watching."""
        self._leaving.forget(self._leave)

    def _leave(self) -> None:
        self._left = True
        self._task.cancel()


class _Watcher(Leaving):
    """Finds out by itself, with a task."""

    __slots__ = ("_receive", "_start", "_task")

    def __init__(self, receive: Receive) -> None:
        super().__init__(lambda: None)
        self._receive = receive
        self._task: asyncio.Task[None] | None = None
        self._start = asyncio.get_running_loop().call_soon(self._begin)

    def forget(self, callback: Callable[[], None]) -> None:
        """Stop watching."""
        super().forget(callback)
        self._start.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._until_gone())

    async def _until_gone(self) -> None:
        await _gone(self._receive)
        self.happen()


def event(name: str, data: Any, *, event_id: str | None = None) -> bytes:
    """One server-sent event, in bytes."""
    head = f"id: {event_id}\nevent: {name}\ndata: " if event_id else f"event: {name}\ndata: "
    return head.encode() + orjson.dumps(data) + b"\n\n"


EVENTS = "text/event-stream"
UNBUFFERED = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""Headers of server-sent events: nobody may keep them, or hold them back."""


class EventStream(Response):
    """A response of server-sent events. Its source is cancelled when the caller leaves."""

    media_type = EVENTS

    def __init__(self, source: AsyncGenerator[bytes, None], status_code: int = 200) -> None:
        super().__init__(status_code=status_code, headers=UNBUFFERED)
        del self.headers["content-length"]
        self.source = source
        self._silent = False
        self._timer: asyncio.TimerHandle | None = None
        self._comment: asyncio.Future[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the source ends or the caller leaves."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        watch = _Watch(Request(scope, receive))
        self._beat(send)
        try:
            async with aclosing(self.source):
                await self._send_all(send)
        except asyncio.CancelledError:
            if not watch.took_back():
                raise
        finally:
            watch.end()
            await self._be_still()

    async def _send_all(self, send: Send) -> None:
        async for piece in self.source:
            self._silent = False
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _beat(self, send: Send) -> None:
        """Break long silence with a comment, now and whenever it has lasted; events cost nothing for it."""
        if self._silent and (self._comment is None or self._comment.done()):
            comment = send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})
            self._comment = asyncio.ensure_future(comment)
        self._silent = True
        self._timer = asyncio.get_running_loop().call_later(HEARTBEAT, self._beat, send)

    async def _be_still(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._comment is not None:
            self._comment.cancel()
            await asyncio.gather(self._comment, return_exceptions=True)
