"""The edge: what stands between the network and the application.

One pure ASGI layer, :class:`Edge`, which passes a request on or answers it with a problem. It asks in this order:

================  ====================================================  =======================
part              concern                                               refuses with
================  ====================================================  =======================
``request_id``    an id for the log, safe response headers
``BoundedHead``   size of URL and headers                               414, 431
``KnownHosts``    only for our own host names (DNS rebinding)           400, 421
``KnownOrigins``  nothing from a stranger's web page (CSRF)             403, 400 for preflights
``Access``        API keys and their scopes                             401, 403
``StrictBodies``  size, speed, type and form of the body                413, 408, 415, 400, 422
================  ====================================================  =======================

Limits on how often somebody may ask are not among them: they need to know the viewer, whom only a handler knows. It
calls `RateLimits`. What never becomes a request is refused by `GuardedHttp`, below the layer.
"""

from __future__ import annotations

from llm_service.api.edge.asgi import BODY, LEAVING, Body, Leaving, header
from llm_service.api.edge.clients import forwarded_client
from llm_service.api.edge.connections import GuardedHttp
from llm_service.api.edge.keys import ApiKey, KeyScope, check_bind, parse_keys, read_keys
from llm_service.api.edge.layer import Edge
from llm_service.api.edge.limits import EdgeLimits
from llm_service.api.edge.problem import MEDIA_TYPE, Refusal, problem, problem_body
from llm_service.api.edge.rate_limits import Limit, RateLimits, fingerprint, parse_limit

__all__ = [
    "BODY",
    "LEAVING",
    "MEDIA_TYPE",
    "ApiKey",
    "Body",
    "Edge",
    "EdgeLimits",
    "GuardedHttp",
    "KeyScope",
    "Leaving",
    "Limit",
    "RateLimits",
    "Refusal",
    "check_bind",
    "fingerprint",
    "forwarded_client",
    "header",
    "parse_keys",
    "parse_limit",
    "problem",
    "problem_body",
    "read_keys",
]
