"""The routes. Every handler says what it does by the one call it makes.

Root paths act on the room ``default``; each also exists under ``/rooms/{room}``. Failures before the first word are
ordinary HTTP errors on all of them; after it, a stream says so itself.
"""

from __future__ import annotations

from itertools import chain

from fastapi import APIRouter, Depends
from starlette.routing import BaseRoute

from .busiest import Busiest
from .conversation import add_conversation
from .dependencies import named_room
from .health import health_routes
from .metrics import metrics_routes
from .moderation import add_behaviour, add_moderation
from .openai import openai_routes
from .turns import add_turns, add_watching

__all__ = ["Busiest", "routes"]


def routes() -> list[BaseRoute]:
    """All routes, in the order of the documentation: the default room's at the root, every room's under its name."""
    default = APIRouter(tags=["default room"])
    named = APIRouter(prefix="/rooms/{room}", tags=["rooms"], dependencies=[Depends(named_room)])
    for router in (default, named):
        for add_routes in (add_conversation, add_turns, add_watching, add_moderation, add_behaviour):
            add_routes(router)
    routers = (default, named, openai_routes(), metrics_routes(), health_routes)
    return list(chain.from_iterable(router.routes for router in routers))
