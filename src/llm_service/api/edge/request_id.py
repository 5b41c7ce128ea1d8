"""An id for every request, and the headers of every response."""

from __future__ import annotations

import re
import secrets

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_service.api.edge.asgi import header, state_of

_SANE = re.compile(rb"[A-Za-z0-9_-]{1,64}")


class RequestIds:
    """Gives each request an id, the caller's own where it is sane, and each response that id.

    Stored in ``scope["state"]["request_id"]``. Responses also get ``X-Content-Type-Options: nosniff``: no browser may
    take what viewers wrote for anything but what we say it is.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Name the request and mark its response."""
        offered = header(scope, b"x-request-id")
        request_id = offered if offered and _SANE.fullmatch(offered) else secrets.token_hex(8).encode()
        state_of(scope)["request_id"] = request_id.decode()
        added = ((b"x-request-id", request_id), (b"x-content-type-options", b"nosniff"))

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        await self.app(scope, receive, send_marked)
