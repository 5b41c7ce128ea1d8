"""One line a request in the log, and the request's id on every line that is written meanwhile.

The path is the route's, with its parameters' names instead of their values: a room's or a viewer's name is theirs.
"""

from __future__ import annotations

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger("llm_service.api")


class RequestLog:
    """An ASGI layer, inside of which ``scope["state"]["request_id"]`` is known."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._log = log.bind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and write its line when it is over."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, status = time.perf_counter(), 0

        async def watching(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        structlog.contextvars.bind_contextvars(request_id=scope.get("state", {}).get("request_id", "-"))
        try:
            await self.app(scope, receive, watching)
        finally:
            took = round((time.perf_counter() - started) * 1000, 1)
            self._log.info("request", method=scope["method"], route=_route(scope), status=status, ms=took)
        return None


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "-"))
