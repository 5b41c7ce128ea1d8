"""The circuit breaker: an engine that failed several times in a row is left alone for a moment.

::

    closed ── five failures in a row ──▶ open ── pause over ──▶ half open ── the one probe succeeds ──▶ closed
                                           ▲                        │
                                           └──── it fails: a pause twice as long, at most 30 s

Only what says that the engine is gone or stuck counts: failed connections and time-outs. An engine that refuses a
request is alive.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Literal

from llm_service.errors import EngineResting

BreakerState = Literal["closed", "open", "half-open"]


class Breaker:
    """Asks to be told of every call: ``enter`` before it, then one of ``succeeded``, ``failed`` and ``abandoned``."""

    def __init__(
        self,
        *,
        failures: int = 5,
        pause: float = 2.0,
        longest_pause: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._limit = failures
        self._first_pause = pause
        self._longest_pause = longest_pause
        self._clock = clock
        self._jitter = jitter
        self._failures = 0
        self._pause = pause
        self._open_until: float | None = None
        self._probing = False

    @property
    def state(self) -> BreakerState:
        """What the next call would meet."""
        if self._open_until is None:
            return "closed"
        return "open" if self._clock() < self._open_until else "half-open"

    def check(self) -> None:
        """Raise EngineResting, with the time that is left, if a call would not be let through now."""
        if self._open_until is None:
            return
        left = self._open_until - self._clock()
        if left > 0 or self._probing:
            raise EngineResting(retry_after=max(left, self._first_pause / 2))

    def enter(self) -> None:
        """Let one call through, or raise EngineResting. While half open, this call is the probe."""
        self.check()
        self._probing = self._open_until is not None

    def succeeded(self) -> None:
        """The engine answered, with whatever."""
        self._failures = 0
        self._pause = self._first_pause
        self._open_until = None
        self._probing = False

    def failed(self) -> None:
        """The engine could not be reached, hung up or kept silent."""
        self._failures += 1
        if self._probing:
            self._probing = False
            self._rest()
        elif self._open_until is None and self._failures >= self._limit:
            self._rest()

    def abandoned(self) -> None:
        """The call was cancelled before it said anything about the engine: another may probe."""
        self._probing = False

    def knock(self) -> None:
        """The engine was seen alive by other means: the next call may probe at once."""
        if self._open_until is not None:
            self._open_until = min(self._open_until, self._clock())

    def _rest(self) -> None:
        """Open, for a jittered time: clients of one engine should not all knock in the same instant."""
        self._open_until = self._clock() + self._pause * (0.75 + 0.5 * self._jitter())
        self._pause = min(2 * self._pause, self._longest_pause)
