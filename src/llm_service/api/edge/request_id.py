"""An id for every request, and the headers of every response."""

from __future__ import annotations

import re
import secrets

from starlette.types import Message, Scope, Send
from structlog.contextvars import bind_contextvars

from llm_service.api.edge.asgi import header, state_of

_SANE = re.compile(rb"[A-Za-z0-9_-]{1,64}")


def name_request(scope: Scope) -> bytes:
    """Give the request an id, the caller's own where it is sane; it is kept in ``scope["state"]["request_id"]``, and
    stands on every line that is logged meanwhile."""
    offered = header(scope, b"x-request-id")
    request_id = offered if offered and _SANE.fullmatch(offered) else secrets.token_hex(8).encode()
    name = state_of(scope)["request_id"] = request_id.decode()
    bind_contextvars(request_id=name)
    return request_id


def marking(send: Send, request_id: bytes) -> Send:
    """``send`` that adds the id to the response, and ``X-Content-Type-Options: nosniff``: no browser may take what
    viewers wrote for anything but what we say it is."""
    added = ((b"x-request-id", request_id), (b"x-content-type-options", b"nosniff"))

    async def send_marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *added]
        await send(message)

    return send_marked
