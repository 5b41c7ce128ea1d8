"""Windows in Redis: the same limits for several processes."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import ConfigurationError
from redis.exceptions import RedisError

from llm_service.errors import SettingsError

from .rate_limits import Limit, MemoryWindows

REDIS_TIMEOUT = 0.25
"""Seconds to wait for Redis before counting in memory."""
REDIS_REST = 2.0
"""Seconds for which a failing Redis is left alone."""
WARNING_INTERVAL = 60.0
"""Seconds between two warnings that Redis is away."""

log = structlog.get_logger("llm_service.api")


class RedisWindows:
    """Windows shared by several processes; while Redis is away, those of this process."""

    def __init__(self, url: str, memory: MemoryWindows, clock: Callable[[], float]) -> None:
        self._memory = memory
        self._clock = clock
        self._rest_until = self._warn_again = -1.0
        try:
            self._storage = RedisStorage(
                f"async+{url}",
                implementation="redispy",
                key_prefix="llm-service:limits",
                socket_timeout=REDIS_TIMEOUT,
                socket_connect_timeout=REDIS_TIMEOUT,
            )
        except (ValueError, ConfigurationError) as exc:
            raise SettingsError("redis_url cannot be understood: it begins with redis:// or rediss://.") from exc
        self._limiter = MovingWindowRateLimiter(self._storage)

    async def take(self, limit: Limit, kind: str, name: str) -> float:
        """As the windows in memory."""
        now = self._clock()
        if now >= self._rest_until:
            try:
                return await self._take_shared(limit, kind, name)
            except (RedisError, OSError, TimeoutError) as exc:
                self._rest_until = now + REDIS_REST
                self._warn(now, exc)
        return self._memory.take(limit, kind, name)

    async def _take_shared(self, limit: Limit, kind: str, name: str) -> float:
        item = RateLimitItemPerSecond(limit.amount, limit.seconds)
        if await self._limiter.hit(item, kind, name):
            return 0.0
        stats = await self._limiter.get_window_stats(item, kind, name)
        return max(0.001, stats.reset_time - time.time())

    def _warn(self, now: float, exc: Exception) -> None:
        if now >= self._warn_again:
            self._warn_again = now + WARNING_INTERVAL
            log.warning("redis_away", effect="limits are counted in each process", error=type(exc).__name__)

    async def aclose(self) -> None:
        """Close the connections."""
        bridge = self._storage.bridge
        assert isinstance(bridge, RedispyBridge)
        await bridge.storage.aclose()
