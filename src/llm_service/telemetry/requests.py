"""HTTP requests, counted by route and status."""

from __future__ import annotations

from collections import Counter

from llm_service.measures import Distribution


class Requests:
    """Counts of what was asked over HTTP. A route is its pattern, so that there are as many as the API has."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, int]] = Counter()
        """By route and status."""
        self.seconds: dict[str, Distribution] = {}
        """How long they took, by route; a stream takes until its end."""

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count a request that is over."""
        self.counts[route, status] += 1
        taken = self.seconds.get(route)
        if taken is None:
            taken = self.seconds[route] = Distribution()
        taken.observe(seconds)
