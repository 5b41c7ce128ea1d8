"""The cache of several processes, in Redis. When Redis is away things are slower, never wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import orjson
import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from llm_service.types import Completion, ToolCallDelta, Usage

from .key import CacheKey

T = TypeVar("T")

log = structlog.get_logger("llm_service.cache")

PATIENCE = 0.25
"""Seconds that one look into Redis may take; the engine needs longer than that for most answers."""
PAUSE = 1.0
"""Seconds that Redis is left alone after it failed."""
WARN_EVERY = 60.0
"""Seconds between two warnings that it is away."""


class RedisCache:
    """Answers under ``prefix`` and a digest, each with its key material and the epoch in which it was stored.

    Clearing begins a new epoch: what another process stores late, from before, is never served. A connection whose
    call was cancelled may still carry the answer to it; redis-py closes it, and the material tells if it did not.
    """

    def __init__(
        self,
        url: str,
        ttl: float = 3600.0,
        *,
        prefix: str = "llm-service:cache:",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0), protocol=2
        )
        self._ttl = ttl
        self._prefix = prefix
        self._clock = clock
        self._epoch = b"0"
        self._to_clear = False
        self._away_until = 0.0
        self._warn_at = 0.0

    async def get(self, key: CacheKey) -> Completion | None:
        """See ResponseCache."""
        return await self._try(self._get(key))

    async def put(self, key: CacheKey, answer: Completion) -> None:
        """See ResponseCache."""
        if self._ttl > 0:
            await self._try(self._put(key, answer))

    async def clear(self) -> None:
        """See ResponseCache. If Redis is away, nothing is served from it until it could be cleared."""
        self._to_clear = True
        self._away_until = 0.0
        await self._try(self._clear_if_due())

    async def close(self) -> None:
        """See ResponseCache."""
        await self._redis.aclose()

    async def _try(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Do it if Redis is there, within what we are ready to wait; else None."""
        if self._clock() < self._away_until:
            work.close()
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                return await work
        except (RedisError, OSError, TimeoutError, ValueError, KeyError, TypeError) as exc:
            self._note_absence(exc)
            return None

    def _note_absence(self, exc: Exception) -> None:
        now = self._clock()
        self._away_until = now + PAUSE
        if now >= self._warn_at:
            self._warn_at = now + WARN_EVERY
            log.warning("response cache away", error=type(exc).__name__)

    async def _get(self, key: CacheKey) -> Completion | None:
        await self._clear_if_due()
        epoch, stored = await self._redis.mget(self._name("epoch"), self._name(key.digest))
        self._epoch = epoch if isinstance(epoch, bytes) else b"0"
        return _unpacked(stored, self._epoch + b"\n" + key.material) if isinstance(stored, bytes) else None

    async def _put(self, key: CacheKey, answer: Completion) -> None:
        value = _packed(answer, self._epoch + b"\n" + key.material)
        await self._redis.set(self._name(key.digest), value, px=max(1, int(self._ttl * 1000)))

    async def _clear_if_due(self) -> None:
        if not self._to_clear:
            return
        self._epoch = str(await self._redis.incr(self._name("epoch"))).encode()
        self._to_clear = False
        names = [name async for name in self._redis.scan_iter(match=self._name("*"), count=1000)]
        doomed = [name for name in names if name != self._name("epoch").encode()]
        if doomed:
            await self._redis.unlink(*doomed)

    def _name(self, name: str) -> str:
        return self._prefix + name


def _packed(answer: Completion, proof: bytes) -> bytes:
    """The proof with its length, then the answer."""
    return b"%d:" % len(proof) + proof + orjson.dumps(answer)


def _unpacked(stored: bytes, proof: bytes) -> Completion | None:
    """The answer, if it carries exactly this proof."""
    head = b"%d:" % len(proof) + proof
    if not stored.startswith(head):
        return None
    fields = orjson.loads(stored[len(head) :])
    fields["usage"] = Usage(**fields["usage"])
    fields["tool_calls"] = tuple(ToolCallDelta(**call) for call in fields["tool_calls"])
    return Completion(**fields)
