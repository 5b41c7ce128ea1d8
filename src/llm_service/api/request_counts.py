"""Every request counted: those that a route answers, and those that the edge refuses."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NO_ROUTE = "-"
"""Route of requests that none answers: refused by the edge, or nowhere to be found."""


class RequestCounts:
    """An ASGI layer outside of all others."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count it when it is over."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, status = time.perf_counter(), 0

        async def watching(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.app(scope, receive, watching)
        finally:
            route = getattr(scope.get("route"), "path", NO_ROUTE)
            requests = scope["app"].state.service.telemetry.requests
            requests.count(route, status or 500, time.perf_counter() - started)
        return None
