"""How values are spread: counts between bounds, in the form in which Prometheus reads them.

A part of the service measures with these and counts in plain integers; whoever wants to know reads both. Nothing is
locked and nobody is told: measuring costs a fraction of a microsecond.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from types import TracebackType

LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Bounds for seconds, from a write to a disk to a slow reply."""
SPEEDS = (1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)
"""Bounds for tokens a second, from a processor to a large graphics card."""


class Distribution:
    """How many values fell under each of the ``bounds``, and what they sum up to."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float] = LATENCIES) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0
        """The sum of all values."""

    def observe(self, value: float, times: int = 1) -> None:
        """Count a value, or as many as were measured together: then ``value`` is what one of them was on average."""
        self.counts[bisect_left(self.bounds, value)] += times
        self.total += value * times

    def timed(self, times: int = 1) -> Timed:
        """Observe how many seconds a ``with`` takes, or each of the ``times`` that it does something."""
        return Timed(self, times)

    def cumulative(self) -> list[int]:
        """For each bound how many values were not above it; the last number is that of all values."""
        return list(accumulate(self.counts))

    def copy(self) -> Distribution:
        """The same as it is now."""
        copied = Distribution(self.bounds)
        copied.counts, copied.total = list(self.counts), self.total
        return copied


class Timed:
    """Observes the seconds between entering and leaving, however it is left."""

    __slots__ = ("_distribution", "_since", "_times")

    def __init__(self, distribution: Distribution, times: int) -> None:
        self._distribution = distribution
        self._times = times
        self._since = 0.0

    def __enter__(self) -> None:
        self._since = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._distribution.observe((time.perf_counter() - self._since) / self._times, self._times)
