"""What was worked out about people's words, remembered for a while, and dropped when something must be forgotten.

A pure function that is asked about the same text or name again and again is cheaper with a memory; but a memory of what
somebody said must not outlive the message. So all of them are emptied together: filling them anew takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

_MEMORIES: list[Callable[[], None]] = []


def remembered(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let a pure function of hashable arguments remember its newest ``most`` results."""

    def remembering(function: Callable[P, T]) -> Callable[P, T]:
        known = lru_cache(maxsize=most)(function)
        _MEMORIES.append(known.cache_clear)
        return cast(Callable[P, T], known)

    return remembering


def forget() -> None:
    """Empty every memory."""
    for clear in _MEMORIES:
        clear()
