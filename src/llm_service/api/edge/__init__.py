"""The edge: what stands between the network and the application.

Pure ASGI layers, one for each concern, each of which either passes a request on or answers it with a problem. A request
meets them in this order:

=================  ====================================================  =======================
layer              concern                                               refuses with
=================  ====================================================  =======================
``RequestIds``     an id for the log, safe response headers
``BoundedHead``    size of URL and headers                               414, 431
``KnownHosts``     only for our own host names (DNS rebinding)           400, 421
``KnownOrigins``   nothing from a stranger's web page (CSRF)             403, 400 for preflights
``Access``         API keys and their scopes                             401, 403
``StrictBodies``   size, speed, type and form of the body                413, 408, 415, 400, 422
=================  ====================================================  =======================

Limits on how often somebody may ask are not a layer: they need to know the viewer, whom only a handler knows. It calls
`RateLimits`. What never becomes a request is refused by `GuardedHttp`, below all layers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from llm_service.api.edge.body import StrictBodies
from llm_service.api.edge.clients import forwarded_client
from llm_service.api.edge.connections import GuardedHttp
from llm_service.api.edge.head import BoundedHead, KnownHosts, KnownOrigins
from llm_service.api.edge.keys import Access, ApiKey, KeyScope, check_bind, parse_keys, read_keys
from llm_service.api.edge.limits import EdgeLimits
from llm_service.api.edge.problem import MEDIA_TYPE, Refusal, problem, problem_body
from llm_service.api.edge.rate_limits import Limit, RateLimits, fingerprint, parse_limit
from llm_service.api.edge.request_id import RequestIds

__all__ = [
    "MEDIA_TYPE",
    "Access",
    "ApiKey",
    "BoundedHead",
    "EdgeLimits",
    "GuardedHttp",
    "KeyScope",
    "KnownHosts",
    "KnownOrigins",
    "Limit",
    "RateLimits",
    "Refusal",
    "RequestIds",
    "StrictBodies",
    "check_bind",
    "fingerprint",
    "forwarded_client",
    "harden",
    "parse_keys",
    "parse_limit",
    "problem",
    "problem_body",
    "read_keys",
]


def harden(
    app: ASGIApp,
    *,
    limits: EdgeLimits | None = None,
    hosts: Collection[str] = (),
    origins: Collection[str] = (),
    keys: Iterable[ApiKey] = (),
) -> ASGIApp:
    """``app`` behind all layers of the edge.

    ``hosts`` are further Host names besides loopback's; ``origins`` further web origins besides the service's own;
    without ``keys`` every caller may do everything.
    """
    limits = limits or EdgeLimits()
    layered: ASGIApp = StrictBodies(app, limits)
    layered = Access(layered, keys)
    layered = KnownOrigins(layered, origins)
    layered = KnownHosts(layered, hosts)
    layered = BoundedHead(layered, limits)
    return _HttpOnly(app, RequestIds(layered))


class _HttpOnly:
    """Sends HTTP through the layers, start and stop straight to the application, and nothing else anywhere."""

    def __init__(self, app: ASGIApp, layered: ASGIApp) -> None:
        self.app = app
        self.layered = layered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.layered(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})
