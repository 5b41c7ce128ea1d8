"""Every request that is over: one line in the log, and one more in the metrics, whoever answered it.

The path is the route's, with its parameters' names instead of their values: a room's or a viewer's name is theirs.
"""

from __future__ import annotations

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import CALLER_LEFT

NO_ROUTE = "-"
"""Route of requests that none answers: refused by the edge, or nowhere to be found."""

log = structlog.get_logger("llm_service.api")


class RequestRecords:
    """An ASGI layer outside of all others."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._log = log.bind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and record it when it is over."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception:
            status = status or 500
            raise
        finally:
            self._record(scope, status or CALLER_LEFT, time.perf_counter() - started)
        return None

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", NO_ROUTE)
        scope["app"].state.service.telemetry.requests.count(route, status, seconds)
        self._log.info("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))
