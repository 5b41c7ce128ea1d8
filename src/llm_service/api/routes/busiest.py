"""The way to the busiest routes: found by their path, without FastAPI's layers and its search for a route."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from llm_service.api import problems

from .body_route import BodyRoute

ROOMS = "/rooms/"
TRACED = "fastapi.telemetry"
"""Key of the scope under which FastAPI keeps the span of a request, where somebody wants one: then it must see all."""


class Busiest:
    """An ASGI layer that answers those of ``routes`` which have all they need in a body; ``app`` has the others."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self.app = app
        self._routes = {route.path: route for route in routes if isinstance(route, BodyRoute)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or pass it on."""
        route = self._found(scope) if scope["type"] == "http" and scope["method"] == "POST" else None
        if route is None or TRACED in scope:
            return await self.app(scope, receive, send)
        request = Request(scope, receive, send)
        try:
            response = await route.respond(request)
        except Exception as error:  # noqa: BLE001 - a bug is answered for as well
            response = await problems.answer(request, error)
        return await response(scope, receive, send)

    def _found(self, scope: Scope) -> BodyRoute | None:
        """The route of this path; the scope is then as Starlette's router would leave it."""
        path: str = scope["path"]
        params = {}
        if path.startswith(ROOMS):
            params["room"], _, rest = path.removeprefix(ROOMS).partition("/")
            path = f"{ROOMS}{{room}}/{rest}" if params["room"] else path
        route = self._routes.get(path)
        if route is not None:
            scope["route"], scope["path_params"] = route, params
        return route
