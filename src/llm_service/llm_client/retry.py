"""Whether a failed attempt is repeated, and when: pure decisions, and a budget over all requests."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable

from llm_service.errors import (
    EngineDisconnected,
    EngineError,
    EngineFailed,
    EngineOverloaded,
    EngineUnavailable,
    LLMServiceError,
)

FIRST_DELAY = 0.1
LONGEST_DELAY = 2.0
"""Seconds between which the back-off grows, doubling, before jitter."""

REPEATS: dict[type[EngineError], int] = {
    EngineUnavailable: 2,
    EngineOverloaded: 2,
    EngineDisconnected: 1,
    EngineFailed: 1,
}
"""How often each kind of failure is worth another try. Everything else fails the same way again, or has already taken
all the time there was."""


def retry_delay(
    error: LLMServiceError, attempt: int, *, left: float, attempts: int = 3, jitter: Callable[[], float] = random.random
) -> float | None:
    """Seconds to wait before the next attempt, or None to give up.

    ``attempt`` counts those made, from 1; ``left`` is the time to the deadline. The delay is drawn evenly between
    nothing and a bound that doubles (full jitter), unless the engine said how long to wait.
    """
    repeats = REPEATS.get(type(error), 0) if isinstance(error, EngineError) else 0
    if attempt > min(repeats, attempts - 1):
        return None
    delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** (attempt - 1)) * jitter()
    if error.retry_after is not None:
        delay = max(error.retry_after, delay)
    return delay if delay < left else None


class RetryBudget:
    """Retries are at most a fifth of the requests of the last ten seconds: they must not become the load."""

    def __init__(
        self,
        *,
        ratio: float = 0.2,
        floor: int = 3,
        window: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ratio = ratio
        self._floor = floor
        self._window = window
        self._clock = clock
        self._requests: deque[float] = deque()
        self._retries: deque[float] = deque()

    def request(self) -> None:
        """A request is being made for the first time."""
        self._requests.append(self._now(self._requests))

    def allow(self) -> bool:
        """Whether one more retry is within the budget; it then counts as spent."""
        now = self._now(self._retries)
        self._now(self._requests)
        if len(self._retries) >= max(self._floor, self._ratio * len(self._requests)):
            return False
        self._retries.append(now)
        return True

    def _now(self, times: deque[float]) -> float:
        """The time, after what is older than the window has been dropped."""
        now = self._clock()
        while times and times[0] <= now - self._window:
            times.popleft()
        return now
