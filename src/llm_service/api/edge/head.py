"""The head of a request: bounded, for a host that is ours, and not sent by a stranger's web page.

A page whose name is rebound to 127.0.0.1 can otherwise talk to a service on a viewer's desk (CVE-2024-28224). Decisions
rest on the path and headers of the ASGI scope only; a URL rebuilt from the Host header must never decide anything
(CVE-2026-48710).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from starlette.types import Scope

from llm_service.api.edge.asgi import header, headers
from llm_service.api.edge.limits import EdgeLimits
from llm_service.api.edge.problem import Refusal

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
"""Names under which the service is always reached."""
ANY_HOST = "*"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""They change nothing, and without CORS headers a stranger's page cannot read their answers."""

_HOST = re.compile(
    r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_](?:[a-z0-9_.-]{0,252}[a-z0-9_])?)\.?(?::[0-9]{1,5})?", re.IGNORECASE
)


class BoundedHead:
    """Refuses a URL (414) or headers (431) that are too large."""

    def __init__(self, limits: EdgeLimits) -> None:
        self.limits = limits

    def check(self, scope: Scope) -> None:
        """Raise :class:`Refusal` if they are."""
        limits = self.limits
        if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > limits.url:
            raise Refusal(414, "uri_too_long", "The URL is too long.")
        fields = scope["headers"]
        if len(fields) > limits.header_count or sum([len(n) + len(v) for n, v in fields]) > limits.header_size:
            raise Refusal(431, "headers_too_large", "The request has too many headers, or too large ones.")


class KnownHosts:
    """Refuses requests for a host that is not ours: 400 where the Host header is malformed, 421 where it is another.

    The port is ignored. ``*`` among ``hosts`` admits every well-formed one.
    """

    def __init__(self, hosts: Collection[str] = ()) -> None:
        self.hosts = frozenset(host.lower() for host in (*LOOPBACK_HOSTS, *hosts))

    def check(self, scope: Scope) -> None:
        """Raise :class:`Refusal` if it is."""
        given = headers(scope, b"host")
        if not given and scope["http_version"] == "1.0":
            return
        host = _host_name(given[0]) if len(given) == 1 else None
        if host is None:
            raise Refusal(400, "bad_host", "A request needs exactly one well-formed Host header.")
        if host not in self.hosts and ANY_HOST not in self.hosts:
            raise Refusal(421, "unknown_host", "This service does not answer for that host name: see allowed_hosts.")


@lru_cache(maxsize=256)
def _host_name(value: bytes) -> str | None:
    """The name in a Host header, in lower case and without its port; None where it is malformed."""
    host = _HOST.fullmatch(value.decode("latin-1"))
    return host[1].lower() if host else None


class KnownOrigins:
    """Refuses what a stranger's web page sends: 403 for requests that change something, 400 for its preflight.

    Allowed are requests without an Origin header (no browser sent them), from the host that they are addressed to, and
    from ``origins`` (``https://overlay.example``). No CORS header is ever sent.
    """

    def __init__(self, origins: Collection[str] = ()) -> None:
        self.origins = frozenset(origin.lower().rstrip("/") for origin in origins)

    def check(self, scope: Scope) -> None:
        """Raise :class:`Refusal` if a page sent it."""
        origin = header(scope, b"origin")
        if origin is None or self._known(origin, scope):
            return
        preflight = scope["method"] == "OPTIONS" and header(scope, b"access-control-request-method") is not None
        if preflight or scope["method"] not in SAFE_METHODS:
            raise Refusal(400 if preflight else 403, "unknown_origin", "This web origin is not allowed here.")

    def _known(self, origin: bytes, scope: Scope) -> bool:
        value = origin.decode("latin-1").lower()
        scheme, _, authority = value.partition("://")
        host = header(scope, b"host")
        same = scheme in {"http", "https"} and host is not None and authority == host.decode("latin-1").lower()
        return same or value in self.origins
