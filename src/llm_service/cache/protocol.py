"""What the client needs of a cache."""

from __future__ import annotations

from typing import Protocol

from llm_service.types import Completion

from .key import CacheKey


class ResponseCache(Protocol):
    """Remembers whole answers. It never raises: an entry that cannot be had is an entry that is not there."""

    async def get(self, key: CacheKey) -> Completion | None:
        """The answer stored under exactly this key, if it is not too old."""

    async def put(self, key: CacheKey, answer: Completion) -> None:
        """Remember this answer for the cache's time to live."""

    async def clear(self) -> None:
        """Forget everything, now: from here on no earlier answer is served."""

    async def close(self) -> None:
        """Let go of connections."""
