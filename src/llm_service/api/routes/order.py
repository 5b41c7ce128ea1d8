"""In which order routes are looked at: they are gone through, one by one, for every request."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.routing import BaseRoute

BUSIEST = (
    "/chat",
    "/chat/stream",
    "/v1/chat/completions",
    "/rooms/{room}/chat",
    "/rooms/{room}/chat/stream",
    "/messages",
    "/rooms/{room}/messages",
)
"""Paths whose routes stand before all others."""


def busiest_first(routes: Iterable[BaseRoute]) -> list[BaseRoute]:
    """The same routes in the order in which they are best looked at."""
    return sorted(routes, key=_place)


def _place(route: BaseRoute) -> int:
    path = getattr(route, "path", "")
    return BUSIEST.index(path) if path in BUSIEST else len(BUSIEST)
