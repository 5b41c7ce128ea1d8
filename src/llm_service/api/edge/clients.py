"""Who a request really comes from, where a proxy stands in between."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

from starlette.types import Scope

from llm_service.api.edge.asgi import headers


def forwarded_client(scope: Scope, trusted_proxies: Collection[str]) -> str | None:
    """Address of the client that a trusted proxy names, or None.

    None also where nobody stands in between: the peer is then the bot through which all viewers speak, and tells them
    not apart. ``X-Forwarded-For`` is read from its end, past further trusted proxies: what stands before the first
    address that we do not trust was written by that client.
    """
    peer = scope.get("client")
    if not trusted_proxies or peer is None or peer[0] not in trusted_proxies:
        return None
    hops = b",".join(headers(scope, b"x-forwarded-for")).decode("latin-1").split(",")
    for hop in reversed(hops):
        address = _address(hop.strip())
        if address is None or address not in trusted_proxies:
            return address
    return None


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
