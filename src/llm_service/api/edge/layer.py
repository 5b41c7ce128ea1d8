"""The one ASGI layer in which every check of the edge is made, in order."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from llm_service.api.edge.body import StrictBodies
from llm_service.api.edge.head import BoundedHead, KnownHosts, KnownOrigins
from llm_service.api.edge.keys import Access, ApiKey
from llm_service.api.edge.limits import EdgeLimits
from llm_service.api.edge.problem import Refusal
from llm_service.api.edge.request_id import marking, name_request


class Edge:
    """Passes a request on to ``app``, or answers it with the first refusal.

    One layer for all of them: each coroutine that a request is wrapped in is gone through again for every piece of its
    answer.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: EdgeLimits | None = None,
        hosts: Collection[str] = (),
        origins: Collection[str] = (),
        keys: Iterable[ApiKey] = (),
    ) -> None:
        limits = limits or EdgeLimits()
        self.app = app
        self.heads = tuple(
            one.check for one in (BoundedHead(limits), KnownHosts(hosts), KnownOrigins(origins), Access(keys))
        )
        self.bodies = StrictBodies(limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check HTTP, let start and stop through to the application, and nothing else anywhere."""
        if scope["type"] == "http":
            await self._checked(scope, receive, marking(send, name_request(scope)))
        elif scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _checked(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            for check in self.heads:
                check(scope)
            admitted = await self.bodies.admit(scope, receive)
        except Refusal as refusal:
            return await refusal.answer(scope, receive, send)
        return None if admitted is None else await self.app(scope, admitted, send)
