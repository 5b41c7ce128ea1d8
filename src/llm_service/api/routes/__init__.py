"""The routes. Every handler says what it does by the one call it makes.

Root paths act on the room ``default``; each also exists under ``/rooms/{room}``. Failures before the first word are
ordinary HTTP errors on all of them; after it, a stream says so itself.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends

from .conversation import conversation_routes
from .dependencies import named_room
from .health import health_routes
from .metrics import metrics_routes
from .moderation import moderation_routes
from .openai import openai_routes
from .turns import turn_routes

__all__ = ["routes"]


def routes() -> APIRouter:
    """All routes: the default room's at the root, every room's under its name."""
    router = APIRouter()
    router.include_router(health_routes)
    router.include_router(metrics_routes())
    router.include_router(openai_routes())
    for prefix, tag, dependencies in (("", "default room", []), ("/rooms/{room}", "rooms", [Depends(named_room)])):
        for room_routes in (conversation_routes, turn_routes, moderation_routes):
            router.include_router(room_routes, prefix=prefix, tags=[tag], dependencies=dependencies)
    return router
