"""The few words of ASGI that the edge is written in."""

from __future__ import annotations

from typing import Any

from starlette.types import Scope

BODY = "llm_service.body"
"""Key of the scope under which a request's body is found as it came, where the edge found nothing wrong with it."""

State = dict[str, Any]
JSON = "llm_service.json"
"""Key of the scope under which a request's body is found as it was decoded: once, by the edge."""


def state_of(scope: Scope) -> State:
    """What the layers of one request tell each other and the handlers: ``request_id``, ``key``."""
    state: State = scope.setdefault("state", {})
    return state


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first value of header ``name`` (lower case), or None."""
    for found, value in scope["headers"]:
        if found == name:
            return bytes(value)
    return None


def headers(scope: Scope, name: bytes) -> list[bytes]:
    """All values of header ``name`` (lower case)."""
    return [value for found, value in scope["headers"] if found == name]
